// rollcall info says what a store holds.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "rollcall/engine.h"
#include "tools/commands/command.h"
#include "tools/commands/output_flags.h"
#include "tools/commands/settings_flags.h"
#include "tools/commands/store_access.h"
#include "tools/table_printer.h"
#include "tools/terminal.h"
#include "tools/text.h"

namespace rollcall::tools {
namespace {

struct InfoFlags {
  StoreFlags store;
  OutputFlags output;
};

using Json = nlohmann::ordered_json;

Json info_json(const EngineInfo& info) {
  Json json = {{"timezone", info.settings.time_zone},
               {"week_start", name_of(info.settings.week_start)},
               {"user_type", name_of(info.settings.user_kind)},
               {"partitions", info.settings.partition_count},
               {"value_decimals", info.settings.value_decimals},
               {"history", info.settings.history},
               {"history_events", info.history_events},
               {"history_days", info.history_days},
               {"history_from", nullptr},
               {"isa", info.isa},
               {"users", info.user_count},
               {"forgotten_users", info.forgotten_count},
               {"events", info.event_count},
               {"days", info.day_count},
               {"first_day", nullptr},
               {"last_day", nullptr},
               {"series", info.series_count},
               {"sources", info.source_count},
               {"epoch", info.epoch},
               {"pages", info.store.page_count},
               {"disk_bytes", info.store.disk_bytes},
               {"journal_bytes", info.store.journal_bytes},
               {"event_names_overflowed", info.event_names_overflowed},
               {"event_names", Json::array()},
               {"dimensions", Json::array()},
               {"kept_properties", info.settings.kept_properties}};
  if (!info.days.empty()) {
    json["first_day"] = to_string(info.days.first);
    json["last_day"] = to_string(info.days.last);
  }
  if (info.history_from) json["history_from"] = to_string(*info.history_from);
  for (const EventInfo& event : info.events) {
    json["event_names"].push_back({{"name", event.name}, {"events", event.events}});
  }
  for (const DimensionInfo& dimension : info.dimensions) {
    json["dimensions"].push_back({{"name", dimension.name},
                                  {"values", dimension.value_count},
                                  {"overflowed", dimension.overflowed}});
  }
  return json;
}

using Lines = std::vector<std::vector<TableCell>>;

Lines fact_lines(const EngineInfo& info, const Style& style) {
  const std::string days = info.days.empty()
                               ? "none"
                               : fmt::format("{} ({} to {})", with_commas(info.day_count),
                                             to_string(info.days.first), to_string(info.days.last));
  Lines lines;
  const auto add = [&lines](const char* name, std::string value) {
    lines.push_back({{.text = name}, {.text = std::move(value)}});
  };
  add("users", with_commas(info.user_count));
  if (info.forgotten_count != 0) add("forgotten users", with_commas(info.forgotten_count));
  add("events", with_commas(info.event_count));
  add("days", days);
  add("series", with_commas(info.series_count));
  add("sources", with_commas(info.source_count));
  add("on disk", bytes_text(info.store.disk_bytes));
  if (info.store.journal_bytes != 0) add("journal", bytes_text(info.store.journal_bytes));
  add("pages", "about " + with_commas(info.store.page_count));
  add("commits", with_commas(info.epoch));
  add("timezone", info.settings.time_zone);
  add("week start", std::string(name_of(info.settings.week_start)));
  add("user type", std::string(name_of(info.settings.user_kind)));
  add("partitions", with_commas(info.settings.partition_count));
  add("value decimals", with_commas(info.settings.value_decimals));
  add("history", info.settings.history
                     ? with_commas(info.history_events) + " events"
                     : "none (the order of events needs a new store, and its sources read again)");
  if (info.history_days != 0) {
    add("history days", with_commas(info.history_days) + " before the latest day");
  }
  if (info.history_from) add("history from", to_string(*info.history_from));
  if (!info.settings.kept_properties.empty()) {
    std::vector<std::string> names;
    for (const std::string& name : info.settings.kept_properties) {
      names.push_back(text_for(style, name));
    }
    add("kept properties", fmt::format("{}", fmt::join(names, ", ")));
  }
  add("kernels", info.isa);
  return lines;
}

std::string info_tables(const EngineInfo& info, const Style& style) {
  std::string text = print_table(
      {.columns = {{.title = "store"}, {.title = ""}}, .rows = fact_lines(info, style)}, style);
  if (!info.events.empty()) {
    Table table{.columns = {{.title = "event"}, {.title = "events", .right = true}}, .rows = {}};
    for (const EventInfo& event : info.events) {
      table.rows.push_back(
          {{.text = text_for(style, event.name)}, {.text = with_commas(event.events)}});
    }
    if (info.event_names_overflowed) table.rows.push_back({{.text = "(names past the limit)"}, {}});
    text += "\n" + print_table(table, style);
  }
  if (!info.dimensions.empty()) {
    Table table{.columns = {{.title = "dimension"}, {.title = "values", .right = true}, {}},
                .rows = {}};
    for (const DimensionInfo& dimension : info.dimensions) {
      table.rows.push_back({{.text = text_for(style, dimension.name)},
                            {.text = with_commas(dimension.value_count)},
                            {.text = dimension.overflowed ? "more than the limit: $other" : ""}});
    }
    text += "\n" + print_table(table, style);
  }
  return text;
}

Status info(const InfoFlags& flags) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, open_for_reading(flags.store));
  const EngineInfo facts = engine->info();
  return flags.output.format == OutputFormat::kJson
             ? write_standard_output(
                   info_json(facts).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n")
             : draw_on_standard_output(info_tables(facts, style_of(flags.output)));
}

}  // namespace

void add_info_command(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("info", "What a store holds: users, events, days, sizes");
  const auto flags = std::make_shared<InfoFlags>();
  add_store_flags(*command, flags->store);
  add_report_output_flag(*command, flags->output);
  command->callback([flags, &chosen] { chosen = [flags] { return info(*flags); }; });
}

}  // namespace rollcall::tools
