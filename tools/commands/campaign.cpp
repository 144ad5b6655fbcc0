// rollcall campaign keeps campaigns that win users back, freezes whom they contact and whom they
// hold out, and reports what came of it.
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "rollcall/campaign.h"
#include "rollcall/message_text.h"
#include "tools/commands/command.h"
#include "tools/commands/option_kinds.h"
#include "tools/commands/output_flags.h"
#include "tools/commands/question_limits.h"
#include "tools/commands/store_access.h"
#include "tools/input_file.h"
#include "tools/table_printer.h"
#include "tools/terminal.h"
#include "tools/text.h"

namespace rollcall::tools {
namespace {

struct CampaignFlags {
  StoreFlags store;
  OutputFlags output;
  Timeout timeout;
  std::string name;
  std::string file;
  bool standard = false;
  bool watch = false;
  std::optional<std::chrono::milliseconds> interval;
  Segment::AudiencePart part;
  std::optional<std::uint64_t> limit;
  std::string after;
};

std::optional<std::string> named_campaign(const CampaignFlags& flags) {
  return flags.name.empty() ? std::nullopt : std::optional(flags.name);
}

// Draws the runs: who is in which class and arm.
Status draw_runs(const std::vector<AudienceInfo>& runs) {
  const Style style = standard_output_style(When::kAuto, When::kAuto);
  Table table{.columns = {{.title = "campaign"},
                          {.title = "run"},
                          {.title = "as_of"},
                          {.title = "class"},
                          {.title = "contacted", .right = true},
                          {.title = "holdout", .right = true}},
              .rows = {}};
  for (const AudienceInfo& run : runs) {
    for (const AudienceInfo::Class& part : run.classes) {
      table.rows.push_back({{.text = text_for(style, run.name.campaign)},
                            {.text = text_for(style, run.name.run)},
                            {.text = run.as_of},
                            {.text = text_for(style, part.name)},
                            {.text = with_commas(part.contacted)},
                            {.text = with_commas(part.holdout)}});
    }
  }
  return draw_on_standard_output(print_table(table, style));
}

Result<std::unique_ptr<Engine>> open_guarded(const CampaignFlags& flags,
                                             const QuestionGuard& guard) {
  return guard.wait_for<std::unique_ptr<Engine>>(
      [store = flags.store] { return open_for_reading(store); });
}

// --- create, list, show ---

// Says so if a campaign's report has no answer as the store stands: it names an event that is yet
// to come, as that of a contact often is, or one that is misspelled.
void note_unanswered_report(const Engine& engine, const std::string& campaign) {
  const Result<Query> question = report_question(engine, campaign);
  if (!question.ok()) return;  // it has no run yet
  const Status asked = engine.explain(*question).status();
  if (asked.ok()) return;
  print_note(
      fmt::format("{} is kept, and its report has no answer yet: {}", campaign, asked.message()));
}

Status create(const CampaignFlags& flags) {
  const QuestionGuard guard(flags.timeout);
  std::string json;
  if (!flags.file.empty()) {
    ROLLCALL_ASSIGN_OR_RETURN(json, read_input_file(flags.file, SavedObject::kDefinitionBytesMax));
  }
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine,
                            open_existing_for_writing(flags.store));
  const std::string& time_zone = engine->settings().time_zone;
  std::vector<Campaign> campaigns;
  if (flags.standard) {
    ROLLCALL_ASSIGN_OR_RETURN(campaigns, standard_campaigns(json, time_zone));
  } else {
    ROLLCALL_ASSIGN_OR_RETURN(campaigns.emplace_back(),
                              parse_campaign(flags.name, json, time_zone));
  }
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<AudienceInfo> runs,
                            create_campaigns(*engine, campaigns, guard.limits()));
  for (const Campaign& campaign : campaigns) note_unanswered_report(*engine, campaign.name);
  ROLLCALL_RETURN_IF_ERROR(engine->close());
  return draw_runs(runs);
}

Status list(const CampaignFlags& flags) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, open_for_reading(flags.store));
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<Campaign> campaigns, campaigns_of(*engine));
  const Style style = standard_output_style(When::kAuto, When::kAuto);
  Table table{.columns = {{.title = "campaign"},
                          {.title = "every"},
                          {.title = "runs", .right = true},
                          {.title = "last"},
                          {.title = "ended"}},
              .rows = {}};
  for (const Campaign& campaign : campaigns) {
    const std::vector<AudienceInfo> runs = runs_of(*engine, campaign.name);
    table.rows.push_back({{.text = text_for(style, campaign.name)},
                          {.text = campaign.every ? to_string(*campaign.every) : "-"},
                          {.text = with_commas(runs.size())},
                          {.text = runs.empty() ? "-" : runs.back().as_of},
                          {.text = campaign.has_ended ? "yes" : "no"}});
  }
  return draw_on_standard_output(print_table(table, style));
}

Status show(const CampaignFlags& flags) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, open_for_reading(flags.store));
  ROLLCALL_ASSIGN_OR_RETURN(const Campaign campaign, find_campaign(*engine, flags.name));
  ROLLCALL_RETURN_IF_ERROR(write_standard_output(to_json(campaign) + "\n"));
  const std::vector<AudienceInfo> runs = runs_of(*engine, flags.name);
  return runs.empty() ? Status() : draw_runs(runs);
}

// --- users, report ---

// Takes the length of a page out of what an answer says was asked: nobody asked for pages.
void forget_limit(QueryResult& page, std::uint64_t page_users) {
  const std::string limit = fmt::format(", \"limit\": {}", page_users);
  for (auto& [field, json] : page.definition) {
    if (field != "members") continue;
    const std::size_t at = json.find(limit);
    if (at != std::string::npos) json.erase(at, limit.size());
  }
}

// Writes the list page by page, as it may be longer than the memory of questions has room for.
Status print_all_users(const Engine& engine, const CampaignFlags& flags,
                       const QueryLimits& limits) {
  constexpr std::uint64_t kPageUsersMin = 1'000;
  std::uint64_t page_users = 100'000;
  std::string after = flags.after;
  PagedOutput output(flags.output, engine.settings().user_kind);
  for (;;) {
    const Query question = users_question(flags.name, flags.part, page_users, after);
    Result<QueryResult> page = engine.query(question, limits);
    if (page.status().code() == StatusCode::kResourceExhausted && page_users > kPageUsersMin) {
      page_users /= 4;
      continue;
    }
    if (!page.ok()) return page.status();
    forget_limit(*page, page_users);
    const std::optional<std::string> next = page->next;
    ROLLCALL_RETURN_IF_ERROR(output.add(*std::move(page)));
    if (!next) return output.end();
    after = *next;
  }
}

Status users(const CampaignFlags& flags) {
  std::optional<QuestionGuard> guard(flags.timeout);
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, open_guarded(flags, *guard));
  ROLLCALL_RETURN_IF_ERROR(find_campaign(*engine, flags.name).status());
  // A set is written as a whole, and takes little memory.
  const bool is_set = flags.output.format == OutputFormat::kRoaring;
  if (!flags.limit && !is_set) return print_all_users(*engine, flags, guard->limits());
  const Query question = users_question(flags.name, flags.part, flags.limit, flags.after);
  ROLLCALL_ASSIGN_OR_RETURN(const QueryResult result, engine->query(question, guard->limits()));
  guard.reset();
  return print(result, flags.output, engine->settings().user_kind);
}

Status report(const CampaignFlags& flags) {
  std::optional<QuestionGuard> guard(flags.timeout);
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, open_guarded(flags, *guard));
  ROLLCALL_ASSIGN_OR_RETURN(const Query question, report_question(*engine, flags.name));
  ROLLCALL_ASSIGN_OR_RETURN(const QueryResult result, engine->query(question, guard->limits()));
  guard.reset();
  return print(result, flags.output, engine->settings().user_kind);
}

// --- run, end, drop ---

Status run_once(const CampaignFlags& flags, const QueryLimits& limits) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine,
                            open_existing_for_writing(flags.store));
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<AudienceInfo> runs,
                            run_campaigns(*engine, named_campaign(flags), limits));
  ROLLCALL_RETURN_IF_ERROR(engine->close());
  return runs.empty() ? Status() : draw_runs(runs);
}

Result<bool> has_due_runs(const CampaignFlags& flags) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, open_for_reading(flags.store));
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<DueRun> due,
                            due_runs(*engine, named_campaign(flags)));
  return !due.empty();
}

// Another process may write to the store meanwhile. Its turn comes first, and what is due waits.
Status run_until_stopped(const CampaignFlags& flags) {
  const QuestionGuard guard({});
  const std::stop_token stop = guard.limits().stop;
  const auto interval = flags.interval.value_or(std::chrono::minutes(1));
  std::mutex mutex;
  std::condition_variable_any changed;
  while (!stop.stop_requested()) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool is_due, has_due_runs(flags));
    if (is_due) {
      const Status status = run_once(flags, guard.limits());
      if (!status.ok() && status.code() != StatusCode::kBusy) return status;
    }
    std::unique_lock lock(mutex);
    changed.wait_for(lock, stop, interval, [] { return false; });
  }
  return {};
}

Status run(const CampaignFlags& flags) {
  if (flags.watch) return run_until_stopped(flags);
  const QuestionGuard guard(flags.timeout);
  return run_once(flags, guard.limits());
}

Status end(const CampaignFlags& flags) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine,
                            open_existing_for_writing(flags.store));
  ROLLCALL_RETURN_IF_ERROR(end_campaign(*engine, flags.name));
  return engine->close();
}

Status drop(const CampaignFlags& flags) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine,
                            open_existing_for_writing(flags.store));
  ROLLCALL_RETURN_IF_ERROR(drop_campaign(*engine, flags.name));
  return engine->close();
}

// --- The command line. ---

using Shared = std::shared_ptr<CampaignFlags>;

void add_part_flags(CLI::App& command, const Shared& flags) {
  using Arm = Segment::AudiencePart::Arm;
  command
      .add_option_function<std::string>(
          "--class", [flags](const std::string& name) { flags->part.class_name = name; },
          "Only users of a class (default: of all)")
      ->type_name("NAME");
  command
      .add_option_function<std::string>(
          "--run", [flags](const std::string& run_name) { flags->part.run = run_name; },
          "Only users of a run (default: of all)")
      ->type_name("RUN");
  add_choice<std::optional<Arm>>(command, "--arm", flags->part.arm,
                                 {{"contacted", Arm::kContacted}, {"holdout", Arm::kHoldout}},
                                 "Which of them: those to be contacted, or those held out")
      ->required();
  command.add_option("--limit", flags->limit, "So many users (default: all)")
      ->check(whole_number(1, std::numeric_limits<std::int64_t>::max()))
      ->type_name("N");
  command.add_option("--after", flags->after, "Only users after this one: the `next` of a page")
      ->type_name("USER");
}

}  // namespace

void add_campaign_command(CLI::App& app, Action& chosen) {
  CLI::App* parent = app.add_subcommand(
      "campaign", "Win users back: whom to contact, whom to hold out, and what came of it");
  parent->require_subcommand(1);
  const auto word = [&](const std::string& name, const std::string& help,
                        Status (*action)(const CampaignFlags&), bool needs_name) {
    const auto flags = std::make_shared<CampaignFlags>();
    CLI::App* command = parent->add_subcommand(name, help);
    add_store_flags(*command, flags->store);
    if (needs_name) {
      command->add_option("NAME", flags->name, "The campaign")->required()->type_name("");
    }
    command->callback(
        [flags, action, &chosen] { chosen = [flags, action] { return action(*flags); }; });
    return std::pair(command, flags);
  };

  const auto [create_command, created] =
      word("create", "Keep a campaign, and freeze whom it is for", create, /*needs_name=*/false);
  add_lists_flag(*create_command, created->store);
  add_timeout_flag(*create_command, created->timeout);
  create_command
      ->add_option("FILE", created->file,
                   "The definition, a JSON object; - is standard input. With --standard, what the "
                   "campaigns have in common")
      ->type_name("");
  CLI::Option* const own_name =
      create_command->add_option("--name", created->name, "Its name, unless the definition has it")
          ->type_name("NAME");
  create_command
      ->add_flag("--standard", created->standard,
                 "Campaigns for those who left by the next day, in 7 days, a week, a month and a "
                 "quarter")
      ->excludes(own_name);
  create_command->callback([flags = created, &chosen] {
    if (!flags->standard && flags->file.empty()) throw CLI::RequiredError("FILE, or --standard");
    chosen = [flags] { return create(*flags); };
  });

  word("list", "The campaigns that the store keeps", list, /*needs_name=*/false);
  word("show", "Print one of them, and its runs", show, /*needs_name=*/true);

  const auto [users_command, listed] =
      word("users", "List the users of an arm", users, /*needs_name=*/true);
  add_part_flags(*users_command, listed);
  add_timeout_flag(*users_command, listed->timeout);
  add_output_flags(*users_command, listed->output);

  const auto [report_command, reported] =
      word("report", "What the users of a campaign did, against those held out", report,
           /*needs_name=*/true);
  add_timeout_flag(*report_command, reported->timeout);
  add_output_flags(*report_command, reported->output);

  const auto [run_command, ran] =
      word("run", "Freeze what is due of the campaigns that are repeated", run,
           /*needs_name=*/false);
  add_lists_flag(*run_command, ran->store);
  add_timeout_flag(*run_command, ran->timeout);
  run_command->add_option("NAME", ran->name, "Only this campaign")->type_name("");
  CLI::Option* const watch =
      run_command->add_flag("--watch", ran->watch, "Go on, until a signal ends it");
  add_duration(*run_command, "--interval", ran->interval, "How often to look (default: 1m)",
               kLookLeast)
      ->needs(watch);

  const auto [end_command, ended] =
      word("end", "End a campaign: it has no further runs", end, /*needs_name=*/true);
  const auto [drop_command, dropped] =
      word("drop", "Forget a campaign and its runs; no user is touched", drop, /*needs_name=*/true);

  for (const auto& [command, flags] :
       {std::pair(create_command, created), std::pair(run_command, ran),
        std::pair(end_command, ended), std::pair(drop_command, dropped)}) {
    add_wait_flag(*command, flags->store);
  }
}

}  // namespace rollcall::tools
