#include "tools/commands/settings_flags.h"

#include <cstdint>
#include <limits>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rollcall/message_text.h"
#include "rollcall/option_check.h"
#include "tools/commands/option_flags.h"
#include "tools/commands/option_kinds.h"

namespace rollcall::tools {

void add_settings_flags(CLI::App& command, SettingsFlags& flags) {
  const std::string group = "What a new store is made with";
  command.add_option("--timezone", flags.time_zone, "Zone of its days, an IANA name (default UTC)")
      ->type_name("ZONE")
      ->group(group);
  add_choice(command, "--week-start", flags.week_start, {"monday", "sunday"},
             "First day of a week (default monday)")
      ->group(group);
  add_choice(command, "--user-type", flags.user_kind, {"integer", "string"},
             "What user ids are (default string; ingest of files takes integer if every id of "
             "theirs is one)")
      ->group(group);
  command
      .add_option("--dimension", flags.dimensions,
                  "Property to count by; repeat for more; a+b joins two")
      ->type_size(1)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name("NAME")
      ->group(group);
  command
      .add_option("--keep", flags.keep,
                  "Property to keep with every event, for questions about history; repeat for "
                  "more; a store that exists keeps it from now on")
      ->type_size(1)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name("NAME")
      ->group(group);
  command.add_option("--partitions", flags.partitions, "A power of two, 1 to 4096 (default 64)")
      ->type_name("N")
      ->group(group);
  command.add_option("--value-decimals", flags.value_decimals, "Digits kept of values (default 6)")
      ->check(whole_number(0, 12))
      ->type_name("N")
      ->group(group);
  command
      .add_flag("--no-history", flags.no_history,
                "Keep totals alone, without the events and their order")
      ->group(group);
  constexpr std::int64_t kNamesMax = std::numeric_limits<std::uint32_t>::max();
  command
      .add_option("--event-names-max", flags.event_names_max,
                  "Event names kept apart; later ones count as $other (default 10000)")
      ->check(whole_number(1, kNamesMax))
      ->type_name("N")
      ->group(group);
  command
      .add_option("--dimension-values-max", flags.dimension_values_max,
                  "The same for the values of each dimension (default 10000)")
      ->check(whole_number(1, kNamesMax))
      ->type_name("N")
      ->group(group);
}

StoreSettings new_settings(const SettingsFlags& flags) {
  StoreSettings settings;
  if (flags.time_zone) settings.time_zone = *flags.time_zone;
  if (flags.user_kind == "integer") settings.user_kind = UserKind::kInteger;
  if (flags.week_start == "sunday") settings.week_start = WeekStart::kSunday;
  if (flags.partitions) settings.partition_count = *flags.partitions;
  if (flags.value_decimals) settings.value_decimals = *flags.value_decimals;
  settings.history = !flags.no_history;
  settings.dimensions = flags.dimensions;
  settings.kept_properties = flags.keep;
  if (flags.event_names_max) settings.event_names_max = *flags.event_names_max;
  if (flags.dimension_values_max) settings.dimension_values_max = *flags.dimension_values_max;
  return settings;
}

void check_new_settings(const SettingsFlags& flags) {
  const Status status = check_store_settings(new_settings(flags));
  // A machine without zones is no fault of the command line.
  if (status.code() != StatusCode::kInvalidArgument) return;
  throw CLI::ValidationError(with_flags_at_fault(status));
}

Status check_settings(const SettingsFlags& flags, const StoreSettings& settings) {
  const auto differs = [](std::string_view flag, const auto& asked, const auto& has) {
    return Status::invalid_argument(fmt::format(
        "{} {}: the store was made with {}, which never changes (leave the flag out, or make "
        "another store)",
        flag, asked, has));
  };
  if (flags.time_zone && *flags.time_zone != settings.time_zone) {
    return differs("--timezone", excerpt(*flags.time_zone), settings.time_zone);
  }
  if (flags.user_kind && *flags.user_kind != name_of(settings.user_kind)) {
    return differs("--user-type", *flags.user_kind, name_of(settings.user_kind));
  }
  if (flags.week_start && *flags.week_start != name_of(settings.week_start)) {
    return differs("--week-start", *flags.week_start, name_of(settings.week_start));
  }
  if (flags.partitions && *flags.partitions != settings.partition_count) {
    return differs("--partitions", *flags.partitions, settings.partition_count);
  }
  if (flags.value_decimals && *flags.value_decimals != settings.value_decimals) {
    return differs("--value-decimals", *flags.value_decimals, settings.value_decimals);
  }
  if (flags.no_history && settings.history) {
    return differs("--no-history", "", "history");
  }
  if (flags.event_names_max && *flags.event_names_max != settings.event_names_max) {
    return differs("--event-names-max", *flags.event_names_max, settings.event_names_max);
  }
  if (flags.dimension_values_max && *flags.dimension_values_max != settings.dimension_values_max) {
    return differs("--dimension-values-max", *flags.dimension_values_max,
                   settings.dimension_values_max);
  }
  if (!flags.dimensions.empty() && flags.dimensions != settings.dimensions) {
    return differs("--dimension", excerpts(flags.dimensions), excerpts(settings.dimensions));
  }
  return {};
}

std::string describe(const StoreSettings& settings) {
  return fmt::format(
      "timezone={}, week-start={}, user-type={}, partitions={}, value-decimals={}, "
      "dimensions={}{}{}",
      settings.time_zone, name_of(settings.week_start), name_of(settings.user_kind),
      settings.partition_count, settings.value_decimals,
      settings.dimensions.empty() ? "none" : fmt::format("{}", fmt::join(settings.dimensions, ",")),
      settings.kept_properties.empty()
          ? ""
          : fmt::format(", keep={}", fmt::join(settings.kept_properties, ",")),
      settings.history ? "" : ", no history");
}

std::string_view name_of(UserKind kind) {
  return kind == UserKind::kInteger ? "integer" : "string";
}

std::string_view name_of(WeekStart start) {
  return start == WeekStart::kSunday ? "sunday" : "monday";
}

}  // namespace rollcall::tools
