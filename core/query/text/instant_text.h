// Reads and writes instants as in queries.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rollcall/dates.h"
#include "rollcall/types.h"

namespace rollcall {

// Holds a date and a time of day: "2026-01-31T23:59:59Z" (RFC 3339, with `Z` or an offset), or
// "2026-01-31 23:59:59" on the local clocks of some zone. `T` or a blank stands between, and
// seconds may have a fraction, of which six digits count.
struct InstantText {
  Day day;
  std::int64_t us_of_day = 0;
  std::optional<std::int64_t> offset_us;  // ahead of UTC; unset: local clocks
};

// Returns nullopt if `text` is not an instant.
std::optional<InstantText> parse_instant(std::string_view text);

// Reads a date and a time of day on local clocks: "2026-01-31T06:00" or "2026-01-31 06:00:30.5".
// Returns nullopt for any other text.
std::optional<LocalTime> parse_local_time(std::string_view text);

// Returns the RFC 3339 text in UTC, with a fraction only if there is one.
std::string format_instant(TimeUs time);

}  // namespace rollcall
