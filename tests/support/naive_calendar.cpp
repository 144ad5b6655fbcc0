#include "tests/support/naive_calendar.h"

#include <date/date.h>

#include <algorithm>
#include <variant>

namespace rollcall::testing {

namespace {

using Unit = RelativeDate::Unit;

date::sys_days civil(Day day) { return date::sys_days{date::days{day.value}}; }

Day day_from(date::sys_days day) {
  return Day{static_cast<std::int32_t>(day.time_since_epoch().count())};
}

date::year year_of(Day day) { return date::year_month_day{civil(day)}.year(); }

// More years back than there are, which any date can be moved by.
constexpr std::int32_t kYearsMax = 10'000;

Period period_of(Unit unit) {
  switch (unit) {
    case Unit::kWeek:
      return Period::kWeek;
    case Unit::kFortnight:
      return Period::kFortnight;
    case Unit::kMonth:
      return Period::kMonth;
    case Unit::kQuarter:
      return Period::kQuarter;
    default:
      return Period::kDay;
  }
}

DayRange clamped(DayRange days) {
  return {std::clamp(days.first, kDayMin, kDayMax), std::clamp(days.last, kDayMin, kDayMax)};
}

}  // namespace

Day NaiveCalendar::first_day(Day day, Period period) const {
  const date::weekday first_weekday =
      week_start_ == WeekStart::kMonday ? date::Monday : date::Sunday;
  const Day week = day - (date::weekday{civil(day)} - first_weekday).count();
  const Day first_week_of_all = week_start_ == WeekStart::kMonday ? Day{4} : Day{3};
  const date::year_month_day date{civil(day)};
  const unsigned month = static_cast<unsigned>(date.month());
  switch (period) {
    case Period::kDay:
    case Period::kHour:
    case Period::kMinute:
      return day;
    case Period::kWeek:
      return week;
    case Period::kFortnight:
      return (week - first_week_of_all) / 7 % 2 == 0 ? week : week - 7;
    case Period::kMonth:
      return day_from(date.year() / date.month() / 1);
    case Period::kQuarter:
      return day_from(date.year() / date::month{(month - 1) / 3 * 3 + 1} / 1);
  }
  return day;
}

Day NaiveCalendar::last_day(Day day, Period period) const {
  return shift(first_day(day, period), period, 1) - 1;
}

Day NaiveCalendar::shift(Day first_day, Period period, std::int32_t count) {
  switch (period) {
    case Period::kDay:
    case Period::kHour:
    case Period::kMinute:
      return first_day + count;
    case Period::kWeek:
      return first_day + 7 * count;
    case Period::kFortnight:
      return first_day + 14 * count;
    case Period::kMonth:
      return day_from(date::year_month_day{civil(first_day)} + date::months{count});
    case Period::kQuarter:
      return day_from(date::year_month_day{civil(first_day)} + date::months{3 * count});
  }
  return first_day;
}

DayRange NaiveCalendar::days_of(const DateText& date, Day today) const {
  if (const Day* day = std::get_if<Day>(&date)) return {*day, *day};
  const RelativeDate& words = std::get<RelativeDate>(date);
  if (words.unit == Unit::kWeekday) {
    Day day = today - 1;
    // Monday is 1 to the library, and Sunday 7.
    while (date::weekday{civil(day)}.iso_encoding() != static_cast<unsigned>(words.weekday) + 1) {
      day = day - 1;
    }
    return clamped({day, day});
  }
  if (words.unit == Unit::kYear) {
    const date::year year = year_of(today) - date::years{std::min(words.ago, kYearsMax)};
    return clamped({day_from(year / 1 / 1), day_from(year / 12 / 31)});
  }
  const Period period = period_of(words.unit);
  const bool by_months = period == Period::kMonth || period == Period::kQuarter;
  const std::int32_t ago = by_months ? std::min(words.ago, 4 * kYearsMax) : words.ago;
  const Day first = shift(first_day(today, period), period, -ago);
  return clamped({first, last_day(first, period)});
}

Day NaiveCalendar::first_day_of(LastSpan span, Day today) const {
  const auto first = [&](Unit unit) {
    return days_of(RelativeDate{.unit = unit, .ago = span.count - 1}, today).first;
  };
  switch (span.unit) {
    case LastSpan::Unit::kDay:
      return first(Unit::kDay);
    case LastSpan::Unit::kWeek:
      return first(Unit::kWeek);
    case LastSpan::Unit::kMonth:
      return first(Unit::kMonth);
    case LastSpan::Unit::kQuarter:
      return first(Unit::kQuarter);
    case LastSpan::Unit::kYear:
      break;
  }
  return first(Unit::kYear);
}

std::string date_text(Day day) { return date::format("%F", civil(day)); }

}  // namespace rollcall::testing
