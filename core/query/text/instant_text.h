// Instants as queries write them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rollcall/types.h"

namespace rollcall {

// A date and a time of day: "2026-01-31T23:59:59Z" (RFC 3339: with `Z` or an offset), or, on the
// wall clocks of some zone, "2026-01-31 23:59:59". `T` or a blank stands between, and seconds may
// have a fraction, of which six digits count.
struct InstantText {
  Day day;
  std::int64_t us_of_day = 0;
  std::optional<std::int64_t> offset_us;  // ahead of UTC; unset: wall clocks
};

// Nothing when `text` is no such thing.
std::optional<InstantText> parse_instant(std::string_view text);

// The RFC 3339 text in UTC, with a fraction only when there is one.
std::string format_instant(TimeUs time);

}  // namespace rollcall
