// Reads and writes dates and spans as people write them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rollcall/dates.h"

namespace rollcall {

// Reads "2026-01-31", "today", "yesterday", "3 days ago", "2 weeks ago" (also fortnights, months,
// quarters, years), "this week", "last month" (the same units) and "last monday". Returns nullopt
// for any other text.
std::optional<DateText> parse_date_text(std::string_view text);
std::string to_string(const DateText& date);
// Reads the same, or a time of day (instant_text.h).
std::optional<RangeEnd> parse_range_end(std::string_view text);
std::string to_string(const RangeEnd& end);

// Reads "30d"; see LastSpan. Returns nullopt for any other text.
std::optional<LastSpan> parse_last_span(std::string_view text);
std::string to_string(LastSpan span);

// Describes the texts above, for errors.
inline constexpr std::string_view kDateTextsAllowed =
    "an existing date such as \"2026-01-31\", or \"today\", \"yesterday\", \"3 days ago\", "
    "\"last monday\", \"this month\", \"last week\"";
inline constexpr std::string_view kRangeEndsAllowed =
    "an existing date such as \"2026-01-31\", or \"today\", \"yesterday\", \"3 days ago\", "
    "\"last monday\", \"this month\", \"last week\"; or, by hours or minutes, a time such as "
    "\"2026-01-31T06:00\"";
inline constexpr std::string_view kLastSpansAllowed =
    "a number of days, weeks, months, quarters or years such as \"30d\", \"4w\", \"6m\", \"2q\", "
    "\"1y\"";

// Returns the days that a date means, counted from `today`: one day, unless the unit is longer.
// They lie within the calendar.
DayRange days_of(const DateText& date, Day today, WeekStart week_start);
// Returns the days from the first day of `span`, which includes that of `today`, to `today`.
DayRange days_of(LastSpan span, Day today, WeekStart week_start);

}  // namespace rollcall
