// These flags choose what a store is made with.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "rollcall/options.h"
#include "rollcall/status.h"

namespace rollcall::tools {

// They are not set if they are not on the command line.
struct SettingsFlags {
  std::optional<std::string> time_zone;
  std::optional<std::string> user_kind;   // "integer" or "string"
  std::optional<std::string> week_start;  // "monday" or "sunday"
  std::optional<std::uint32_t> partitions;
  std::optional<std::uint32_t> value_decimals;
  std::vector<std::string> dimensions;
  std::vector<std::string> keep;  // a store that exists may be given more
  std::optional<std::uint32_t> event_names_max;
  std::optional<std::uint32_t> dimension_values_max;
  bool no_history = false;
};

void add_settings_flags(CLI::App& command, SettingsFlags& flags);

// Returns the settings of a new store: the defaults, and what the flags say.
StoreSettings new_settings(const SettingsFlags& flags);

// Throws CLI::ValidationError if no store can be made with them.
void check_new_settings(const SettingsFlags& flags);

// Checks that the flags agree with the settings an existing store was made with.
//   kInvalidArgument  one does not; the text names it
Status check_settings(const SettingsFlags& flags, const StoreSettings& settings);

// Returns the settings on one line: "timezone=UTC, week start=monday, users=string, ...".
std::string describe(const StoreSettings& settings);

std::string_view name_of(UserKind kind);
std::string_view name_of(WeekStart start);

}  // namespace rollcall::tools
