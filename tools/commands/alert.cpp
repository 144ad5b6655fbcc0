// rollcall alert keeps alerts in the store, switches them on and off, and says what became of them.
#include "tools/commands/alert.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "rollcall/message_text.h"
#include "rollcall/regular_file.h"
#include "rollcall/saved_object.h"
#include "tools/chart.h"
#include "tools/terminal.h"
#include "tools/text.h"

namespace rollcall::tools {
namespace {

using AlertJson = nlohmann::ordered_json;

struct CreateFlags : AlertFlags {
  std::string file;
  bool replace = false;
};

Result<std::string> read_definition(const std::string& path) {
  constexpr std::size_t kBytesMax = SavedObject::kDefinitionBytesMax;
  if (path == "-") return read_to_end(STDIN_FILENO, "<stdin>", kBytesMax);
  return read_regular_file(path, kBytesMax);
}

// Asks the question once. One that cannot be answered now, or has no row to look at, is most likely
// a slip.
Status try_definition(const Engine& engine, const AlertDefinition& definition) {
  ROLLCALL_ASSIGN_OR_RETURN(const QueryResult answer, engine.query(definition.query));
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<AlertCell> cells, alert_cells(definition, answer));
  if (definition.where.empty() || !cells.empty()) return {};
  AlertDefinition all_rows = definition;
  all_rows.where.clear();
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<AlertCell> others, alert_cells(all_rows, answer));
  std::vector<std::string> allowed;
  for (const AlertCell& cell : others) allowed.push_back(series_text(cell.series));
  std::sort(allowed.begin(), allowed.end());
  allowed.erase(std::unique(allowed.begin(), allowed.end()), allowed.end());
  // Without any row, nobody can tell.
  if (allowed.empty()) return {};
  return Status::invalid_argument("alert: where: " +
                                  unknown_name("series", series_text(definition.where), allowed));
}

Status create(const CreateFlags& flags) {
  ROLLCALL_ASSIGN_OR_RETURN(std::string text, read_definition(flags.file));
  const std::string place = flags.file == "-" ? "<stdin>" : flags.file;
  const Result<AlertDefinition> definition = parse_alert(text);
  if (!definition.ok()) return definition.status().within(place);
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine,
                            open_existing_for_writing(flags.store));
  const Status tried = try_definition(*engine, *definition);
  if (!tried.ok()) return tried.within(place);
  const SavedObject object{ObjectKind::kAlert, flags.name, std::move(text)};
  ROLLCALL_RETURN_IF_ERROR(engine->save_objects(
      {&object, 1}, flags.replace ? OnSameName::kReplace : OnSameName::kRefuse));
  // It is on only once it is there for good.
  ROLLCALL_RETURN_IF_ERROR(engine->checkpoint());
  ROLLCALL_RETURN_IF_ERROR(enable_alert(*engine, flags.store.directory, flags.name));
  return engine->close();
}

Status drop(const AlertFlags& flags) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine,
                            open_existing_for_writing(flags.store));
  ROLLCALL_RETURN_IF_ERROR(engine->drop_object(ObjectKind::kAlert, flags.name));
  ROLLCALL_RETURN_IF_ERROR(engine->checkpoint());
  ROLLCALL_RETURN_IF_ERROR(forget_alert(flags.store.directory, flags.name));
  return engine->close();
}

// Returns the gravest state of an alert's series, in a word.
std::string_view state_word(const AlertRecord& record) {
  if (record.checked_us == 0 && record.series.empty()) return "unknown";
  constexpr std::array kGravestFirst = {AlertState::kFiring, AlertState::kStale,
                                        AlertState::kPending};
  for (const AlertState state : kGravestFirst) {
    for (const AlertSeriesState& series : record.series) {
      if (series.state() == state) return to_string(state);
    }
  }
  return to_string(AlertState::kOk);
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
  AlertJson json = AlertJson::array();
  for (const KeptAlert& alert : alerts) {
    const Result<AlertDefinition> read = parse_alert(alert.definition);
    const AlertDefinition definition = read.ok() ? *read : AlertDefinition();
    const std::string condition = read.ok() ? to_string(definition.condition) : "not readable";
    const std::string state(alert.record ? state_word(*alert.record) : "off");
    const TimeUs checked_us = alert.record ? alert.record->checked_us : 0;
    table.rows.push_back({{.text = text_for(style, alert.name)},
                          {.text = state},
                          {.text = text_for(style, definition.severity)},
                          {.text = text_for(style, definition.column)},
                          {.text = condition},
                          {.text = instant_text(checked_us)}});
    json.push_back({{"alert", alert.name},
                    {"state", state},
                    {"severity", definition.severity},
                    {"column", definition.column},
                    {"condition", condition},
                    {"checked", checked_us == 0 ? AlertJson() : AlertJson(utc_text(checked_us))}});
  }
  return print_report(flags, table, json.dump(-1, ' ', false, AlertJson::error_handler_t::replace));
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
  AlertJson json = AlertJson::array();
  const std::vector<AlertChange> none;
  for (const AlertChange& change : alert.record ? alert.record->changes : none) {
    table.rows.push_back({{.text = utc_text(change.at_us)},
                          {.text = text_for(style, series_text(change.series))},
                          {.text = std::string(to_string(change.from))},
                          {.text = std::string(to_string(change.to))},
                          {.text = change.date.empty() ? "-" : change.date},
                          {.text = value_text(change.value)}});
    AlertJson series = AlertJson::object();
    for (const auto& [key, value] : change.series) {
      series[key] = value ? AlertJson(*value) : AlertJson();
    }
    json.push_back({{"at", utc_text(change.at_us)},
                    {"series", series},
                    {"from", std::string(to_string(change.from))},
                    {"to", std::string(to_string(change.to))},
                    {"date", change.date},
                    {"value", value_json(change.value)}});
  }
  if (style.pretty && alert.record) {
    add_timeline(alert.record->changes, alert_clock_us(), table);
  }
  return print_report(flags, table, json.dump(-1, ' ', false, AlertJson::error_handler_t::replace));
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

nlohmann::ordered_json value_json(const std::optional<double>& value) {
  constexpr double kWholeMax = 9007199254740992;  // doubles up to this have every whole number
  if (!value) return nullptr;
  if (std::trunc(*value) != *value || std::abs(*value) > kWholeMax) return *value;
  return static_cast<std::int64_t>(*value);
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
