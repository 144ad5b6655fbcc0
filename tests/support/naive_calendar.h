// These are civil periods and dates in words for the oracle, by Hinnant's library alone.
#pragma once

#include <cstdint>
#include <string>

#include "rollcall/options.h"
#include "rollcall/query.h"
#include "rollcall/types.h"

namespace rollcall::testing {

// Where days stand for hours or minutes (naive_hours.h), each of these periods is one day.
class NaiveCalendar {
 public:
  explicit NaiveCalendar(WeekStart week_start) : week_start_(week_start) {}

  // Returns the first day of the period that holds `day`.
  Day first_day(Day day, Period period) const;
  Day last_day(Day day, Period period) const;
  // The first day of the period `count` periods after the one named `first_day`.
  static Day shift(Day first_day, Period period, std::int32_t count);

  // Returns the days that a date means, counted from `today`.
  DayRange days_of(const DateText& date, Day today) const;
  Day first_day_of(LastSpan span, Day today) const;

 private:
  WeekStart week_start_;
};

std::string date_text(Day day);  // "2026-01-31"

}  // namespace rollcall::testing
