// The commands of alerts share this: their flags, and how states are shown.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "rollcall/alert.h"
#include "rollcall/alert_check.h"
#include "tools/commands/command.h"
#include "tools/commands/output_flags.h"
#include "tools/commands/store_access.h"
#include "tools/table_printer.h"

namespace rollcall::tools {

struct AlertFlags {
  StoreFlags store;
  OutputFlags output;
  std::string name;
};

using SharedAlertFlags = std::shared_ptr<AlertFlags>;

// Adds `rollcall alert WORD` with --db, and NAME if it takes one.
CLI::App* add_alert_word(CLI::App& parent, const std::string& word, const std::string& help,
                         bool takes_name, const SharedAlertFlags& flags);

// Adds `alert check` and `alert test`. Sets `alarmed` if an alert fires or is stale.
void add_alert_check(CLI::App& parent, Action& chosen, bool& alarmed);
void add_alert_test(CLI::App& parent, Action& chosen);

// Returns the value as a table has it, or "-".
std::string value_text(const std::optional<double>& value);
// Returns an instant, or "-" for 0.
std::string instant_text(TimeUs time_us);

// Prints a table of texts, or the JSON, as -o has it.
Status print_report(const AlertFlags& flags, const Table& table, const std::string& json);

}  // namespace rollcall::tools
