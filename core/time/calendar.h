// These are the civil periods: days, weeks, fortnights, months, quarters. Hours and minutes are
// numbered by ClockPeriods (clock_periods.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rollcall/dates.h"
#include "rollcall/types.h"

namespace rollcall {

// These convert proleptic Gregorian dates (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
struct CivilDate {
  std::int32_t year = 1970;
  std::uint32_t month = 1;  // 1..12
  std::uint32_t day = 1;    // 1..31
};
CivilDate civil_from_day(Day day);
Day day_from_civil(CivilDate date);
// Parses "YYYY-MM-DD" for an existing date between the years 1 and 9999, and returns nullopt for
// anything else.
std::optional<Day> parse_date(std::string_view text);

// Returns whether the periods are parts of a day.
constexpr bool is_by_clock(Period period) {
  return period == Period::kHour || period == Period::kMinute;
}

// Numbers the periods of one kind. Consecutive periods have consecutive numbers. Where the days of
// a question stand for hours or minutes (TimeAxis), each of them is a period.
class Calendar {
 public:
  Calendar(Period period, WeekStart week_start) : period_(period), week_start_(week_start) {}

  Period period() const { return period_; }
  std::int32_t index_of(Day day) const;     // number of the period that holds `day`
  Day first_day(std::int32_t index) const;  // the day that names it
  Day last_day(std::int32_t index) const { return first_day(index + 1) - 1; }
  DayRange days(std::int32_t index) const { return {first_day(index), last_day(index)}; }

 private:
  Period period_;
  WeekStart week_start_;
};

}  // namespace rollcall
