// rollcall retention: who came back, period by period.
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tools/commands/command.h"
#include "tools/commands/option_kinds.h"
#include "tools/commands/question.h"

namespace rollcall::tools {
namespace {

constexpr std::int64_t kPeriodsMax = std::numeric_limits<std::int32_t>::max();

struct RetentionFlags {
  QuestionFlags question;
  RangeFlags range;
  std::vector<std::string> event;
  std::vector<std::string> cohort_event;
  std::vector<std::string> return_event;
  std::optional<std::string> cohort;
  std::optional<std::string> mode;
  std::optional<std::string> period;
  std::optional<std::int32_t> periods;
  std::vector<std::int32_t> brackets;
  std::optional<std::string> summary;
  std::optional<std::string> measure;
  std::optional<std::string> breakdown_match;
};

nlohmann::ordered_json to_spec(const RetentionFlags& flags) {
  nlohmann::ordered_json spec = {{"kind", "retention"}};
  const auto add_event = [&](const char* field, const char* flag, const auto& words) {
    if (!flags.event.empty()) {
      spec[field] = selector_json("--event", flags.event);
    } else if (!words.empty()) {
      spec[field] = selector_json(flag, words);
    }
  };
  add_event("cohort_event", "--cohort-event", flags.cohort_event);
  add_event("return_event", "--return-event", flags.return_event);
  if (flags.cohort) spec["cohort"] = *flags.cohort;
  if (flags.mode) spec["mode"] = *flags.mode;
  if (flags.period) spec["period"] = *flags.period;
  if (flags.periods) spec["periods"] = *flags.periods;
  if (!flags.brackets.empty()) spec["brackets"] = flags.brackets;
  if (flags.summary) spec["summary"] = *flags.summary;
  if (flags.measure) spec["measure"] = *flags.measure;
  if (flags.breakdown_match) spec["breakdown_match"] = *flags.breakdown_match;
  add_common_fields(spec, flags.question, flags.range);
  return spec;
}

void add_events(CLI::App& command, RetentionFlags& flags) {
  add_selector(command, "--event", flags.event, "Event of both kinds (default: any); repeatable");
  add_selector(command, "--cohort-event", flags.cohort_event, "Event that makes a user join");
  add_selector(command, "--return-event", flags.return_event, "Event that counts as coming back");
  for (const char* name : {"--cohort-event", "--return-event"}) {
    command.get_option("--event")->excludes(command.get_option(name));
  }
}

}  // namespace

void add_retention_command(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("retention", "Who came back: cohorts by period");
  const auto flags = std::make_shared<RetentionFlags>();
  add_question_flags(*command, flags->question);
  add_range_flags(*command, flags->range);
  add_events(*command, *flags);
  add_choice(*command, "--cohort", flags->cohort, {"first_ever", "first_in_range", "recurring"},
             "When a user joins (default first_ever)");
  add_choice(*command, "--mode", flags->mode, {"on", "on_or_after", "on_or_before", "streak"},
             "When a user counts as back (default on)");
  add_choice(*command, "--period", flags->period, period_names(), "Period (default day)");
  CLI::Option* periods =
      command->add_option("--periods", flags->periods, "Columns after the first (default 14 or 12)")
          ->check(whole_number(0, kPeriodsMax))
          ->type_name("N");
  command->add_option("--brackets", flags->brackets, "Sizes of column groups, such as 1,2,4")
      ->delimiter(',')
      ->check(whole_number(1, kPeriodsMax))
      ->excludes(periods)
      ->type_name("N,N,...");
  add_choice(*command, "--summary", flags->summary, {"pooled", "mean", "none"},
             "How the last row sums up (default pooled)");
  add_choice(*command, "--measure", flags->measure, {"users", "value"},
             "What a cell holds: users (default), or the amounts of their return events");
  add_choice(*command, "--breakdown-match", flags->breakdown_match, {"cohort", "both"},
             "Whose value of --breakdown counts: the cohort event's (default), or both events'")
      ->needs("--breakdown");
  on_question(*command, flags->question, chosen, [flags] { return to_spec(*flags); });
}

}  // namespace rollcall::tools
