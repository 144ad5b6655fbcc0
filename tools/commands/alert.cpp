// rollcall alert keeps alerts in the store, switches them on and off, and says what became of them.
#include "tools/commands/alert.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "rollcall/alert_json.h"
#include "rollcall/message_text.h"
#include "rollcall/saved_object.h"
#include "tools/chart.h"
#include "tools/input_file.h"
#include "tools/terminal.h"
#include "tools/text.h"

namespace rollcall::tools {
namespace {

struct CreateFlags : AlertFlags {
  std::string file;
  bool replace = false;
};

Status create(const CreateFlags& flags) {
  ROLLCALL_ASSIGN_OR_RETURN(std::string text,
                            read_input_file(flags.file, SavedObject::kDefinitionBytesMax));
  const std::string place = flags.file == "-" ? "<stdin>" : flags.file;
  const Result<AlertDefinition> definition = parse_alert(text);
  if (!definition.ok()) return definition.status().within(place);
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine,
                            open_existing_for_writing(flags.store));
  const OnSameName on_same_name = flags.replace ? OnSameName::kReplace : OnSameName::kRefuse;
  const Status created =
      create_alert(*engine, flags.store.directory, flags.name, text, on_same_name);
  const bool is_the_file = created.code() == StatusCode::kInvalidArgument;
  if (!created.ok()) return is_the_file ? created.within(place) : created;
  return engine->close();
}

Status drop(const AlertFlags& flags) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine,
                            open_existing_for_writing(flags.store));
  ROLLCALL_RETURN_IF_ERROR(drop_alert(*engine, flags.store.directory, flags.name));
  return engine->close();
}

Status list(const AlertFlags& flags) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, open_for_reading(flags.store));
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<KeptAlert> alerts,
                            kept_alerts(*engine, flags.store.directory));
  const Style style = style_of(flags.output);
  Table table{.columns = {{.title = "alert"},
                          {.title = "state"},
                          {.title = "severity"},
                          {.title = "column"},
                          {.title = "condition"},
                          {.title = "checked"}},
              .rows = {}};
  for (const KeptAlert& alert : alerts) {
    const Result<AlertDefinition> read = parse_alert(alert.definition);
    const AlertDefinition definition = read.ok() ? *read : AlertDefinition();
    const std::string condition = read.ok() ? to_string(definition.condition) : "not readable";
    const TimeUs checked_us = alert.record ? alert.record->checked_us : 0;
    table.rows.push_back({{.text = text_for(style, alert.name)},
                          {.text = std::string(state_word(alert))},
                          {.text = text_for(style, definition.severity)},
                          {.text = text_for(style, definition.column)},
                          {.text = condition},
                          {.text = instant_text(checked_us)}});
  }
  return print_report(flags, table, alerts_json(alerts));
}

Status show(const AlertFlags& flags) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, open_for_reading(flags.store));
  ROLLCALL_ASSIGN_OR_RETURN(const KeptAlert alert,
                            kept_alert(*engine, flags.store.directory, flags.name));
  return write_standard_output(alert.definition + "\n");
}

// Adds a line of time to the history on a terminal: what each change led to, until the next change
// of the same series, or until now.
void add_timeline(const std::vector<AlertChange>& changes, TimeUs now_us, Table& table) {
  constexpr std::size_t kColumns = 30;
  if (changes.empty()) return;
  TimeUs first_us = changes.front().at_us;
  TimeUs last_us = now_us;
  for (const AlertChange& change : changes) {
    first_us = std::min(first_us, change.at_us);
    last_us = std::max(last_us, change.at_us);  // the clock may have been set back since
  }
  const auto glyph_of = [](AlertState state) -> std::string_view {
    switch (state) {
      case AlertState::kFiring:
        return "█";
      case AlertState::kStale:
        return "░";
      case AlertState::kPending:
        return "▒";
      default:
        return "─";
    }
  };
  table.columns.push_back({.title = "", .bar = true});
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const auto next =
        std::find_if(changes.begin() + static_cast<std::ptrdiff_t>(i) + 1, changes.end(),
                     [&](const AlertChange& later) { return later.series == changes[i].series; });
    const TimeUs end_us = next == changes.end() ? last_us : next->at_us;
    table.rows[i].push_back({.text = time_span(static_cast<double>(changes[i].at_us - first_us),
                                               static_cast<double>(end_us - first_us),
                                               static_cast<double>(last_us - first_us),
                                               glyph_of(changes[i].to), kColumns)});
  }
}

Status history(const AlertFlags& flags) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, open_for_reading(flags.store));
  ROLLCALL_ASSIGN_OR_RETURN(const KeptAlert alert,
                            kept_alert(*engine, flags.store.directory, flags.name));
  const Style style = style_of(flags.output);
  Table table{.columns = {{.title = "at"},
                          {.title = "series"},
                          {.title = "from"},
                          {.title = "to"},
                          {.title = "date"},
                          {.title = "value", .right = true}},
              .rows = {}};
  const AlertRecord record = alert.record.value_or(AlertRecord());
  for (const AlertChange& change : record.changes) {
    table.rows.push_back({{.text = utc_text(change.at_us)},
                          {.text = text_for(style, series_text(change.series))},
                          {.text = std::string(to_string(change.from))},
                          {.text = std::string(to_string(change.to))},
                          {.text = change.date.empty() ? "-" : change.date},
                          {.text = value_text(change.value)}});
  }
  if (style.pretty) add_timeline(record.changes, alert_clock_us(), table);
  return print_report(flags, table, alert_changes_json(record.changes));
}

Status enable(const AlertFlags& flags) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, open_for_reading(flags.store));
  return enable_alert(*engine, flags.store.directory, flags.name);
}

Status disable(const AlertFlags& flags) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, open_for_reading(flags.store));
  return disable_alert(*engine, flags.store.directory, flags.name);
}

// Returns "90 s", "15 min", "5 h" or "3 days".
std::string age_text(TimeUs age_us) {
  const std::int64_t seconds = std::max<std::int64_t>(age_us / 1'000'000, 0);
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 120 * 60) return fmt::format("{} min", seconds / 60);
  if (seconds < 48 * 3600) return fmt::format("{} h", seconds / 3600);
  return fmt::format("{} days", seconds / 86'400);
}

Status breaker(const AlertFlags& flags) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, open_for_reading(flags.store));
  const TimeUs now_us = alert_clock_us();
  ROLLCALL_ASSIGN_OR_RETURN(const AlertBreaker found,
                            alert_breaker(*engine, flags.store.directory, flags.name, now_us));
  if (found.failure) {
    write_standard_error(
        printable(fmt::format(
            "rollcall: alert {}: the state is {} old, since its question cannot be answered: {}",
            quoted_excerpt(flags.name), age_text(now_us - found.checked_us),
            shortened(found.failure->text))) +
        "\n");
  }
  return write_standard_output(found.is_open ? "open\n" : "closed\n");
}

}  // namespace

CLI::App* add_alert_word(CLI::App& parent, const std::string& word, const std::string& help,
                         bool takes_name, const SharedAlertFlags& flags) {
  CLI::App* command = parent.add_subcommand(word, help);
  add_store_flags(*command, flags->store);
  if (takes_name) {
    command->add_option("NAME", flags->name, "Its name")->required()->type_name("");
  }
  return command;
}

std::string value_text(const std::optional<double>& value) {
  return value ? fmt::format("{:.6g}", *value) : "-";
}

std::string instant_text(TimeUs time_us) { return time_us == 0 ? "-" : utc_text(time_us); }

Status print_report(const AlertFlags& flags, const Table& table, const std::string& json) {
  if (flags.output.format == OutputFormat::kJson) return write_standard_output(json + "\n");
  return draw_on_standard_output(print_table(table, style_of(flags.output)));
}

void add_alert_command(CLI::App& app, Action& chosen, bool& alarmed) {
  CLI::App* parent = app.add_subcommand(
      "alert", "Watch the answers to questions, and notify when one is out of bounds");
  parent->require_subcommand(1);
  const auto add = [&](const std::string& word, const std::string& help, bool takes_name,
                       bool is_report, Status (*run)(const AlertFlags&)) {
    const auto flags = std::make_shared<AlertFlags>();
    CLI::App* command = add_alert_word(*parent, word, help, takes_name, flags);
    if (is_report) add_report_output_flag(*command, flags->output);
    if (word == "drop") add_wait_flag(*command, flags->store);
    command->callback([flags, run, &chosen] { chosen = [flags, run] { return run(*flags); }; });
  };

  const auto created = std::make_shared<CreateFlags>();
  CLI::App* create_command =
      add_alert_word(*parent, "create", "Keep an alert, which is on from then on", true, created);
  create_command
      ->add_option("FILE", created->file, "The definition, a JSON object; - is standard input")
      ->required()
      ->type_name("");
  create_command->add_flag("--replace", created->replace,
                           "Take the place of one that has the same name, and of its states");
  add_wait_flag(*create_command, created->store);
  create_command->callback([created, &chosen] { chosen = [created] { return create(*created); }; });

  add("list", "What alerts the store keeps, and their states", false, true, list);
  add("show", "Print the definition of one, as JSON", true, false, show);
  add_alert_check(*parent, chosen, alarmed);
  add("history", "The changes of state of one", true, true, history);
  add_alert_test(*parent, chosen);
  add("enable", "Switch one on, as is needed after an import, without a state", true, false,
      enable);
  add("disable", "Switch one off, and forget its states", true, false, disable);
  add("breaker", "Print open if one fires or is stale, and otherwise closed", true, false, breaker);
  add("drop", "Forget one", true, false, drop);
}

}  // namespace rollcall::tools
