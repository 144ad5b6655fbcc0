// This header has the periods and dates that questions are given in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "rollcall/types.h"

namespace rollcall {

// These are civil periods, named by their first day. A fortnight is two weeks, counted from the
// week that holds 1970-01-05 (weeks from Monday) or 1970-01-04 (from Sunday). Hours and minutes are
// those that local clocks go through, one after the other, named by their first instant.
enum class Period : std::uint8_t { kDay, kWeek, kFortnight, kMonth, kQuarter, kHour, kMinute };

// "30d", "4w", "6m", "2q" and "1y" are that many days, weeks, months, quarters or years, the last
// of which holds `as_of`.
struct LastSpan {
  enum class Unit : std::uint8_t { kDay, kWeek, kMonth, kQuarter, kYear };

  std::int32_t count = 1;
  Unit unit = Unit::kDay;

  friend bool operator==(const LastSpan&, const LastSpan&) = default;
};

// A date can be given in words, counted from the day of `as_of`: "today", "yesterday", "3 days
// ago", "last monday" (the latest one before that day), "this month", "last quarter". A period of
// several days stands for its first day at the start of a range and for its last day at the end.
struct RelativeDate {
  enum class Unit : std::uint8_t { kDay, kWeek, kFortnight, kMonth, kQuarter, kYear, kWeekday };
  Unit unit = Unit::kDay;
  std::int32_t ago = 0;      // units back; ignored for kWeekday
  std::int32_t weekday = 0;  // 0 (Monday) to 6 (Sunday)

  friend auto operator<=>(const RelativeDate&, const RelativeDate&) = default;
};

using DateText = std::variant<Day, RelativeDate>;

// Is a reading of local clocks, in the store's time zone. Clocks that are set back show it twice,
// and the first time is meant; where they skip it, the instant at which they are changed is meant.
struct LocalTime {
  Day day;
  std::int64_t us_of_day = 0;  // from 0, below a day

  friend auto operator<=>(const LocalTime&, const LocalTime&) = default;
};

// Is an end of the range of a question: a whole day, or an instant of it. An instant goes with
// funnels, and with periods of hours and minutes.
using RangeEnd = std::variant<Day, RelativeDate, LocalTime>;

// Holds an instant, or a date, which stands for its last second in the store's time zone. A date in
// words counts from the latest event of the store.
using AsOf = std::variant<TimeUs, Day, RelativeDate>;

// Holds a range of days, both ends included. An end that is not set reaches as far as the data
// known at `as_of`.
struct DateRangeText {
  std::optional<DateText> from;
  std::optional<DateText> to;
  std::optional<LastSpan> last;  // instead of `from` and `to`

  friend bool operator==(const DateRangeText&, const DateRangeText&) = default;
};

std::string to_string(Period period);
std::string to_string(Day day);  // "2026-01-31"
// Returns "2026-01-31T06:00", with seconds, and a fraction of them, where there are any.
std::string to_string(const LocalTime& time);

// Holds a length of elapsed time, whatever the clocks on the wall do. It is not negative.
struct Length {
  std::int64_t us = 0;

  friend constexpr auto operator<=>(Length, Length) = default;
};

}  // namespace rollcall
