#include "operations/campaign_periods.h"

#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace rollcall {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

// These days begin a week, and a fortnight, whose weeks begin on a Monday.
constexpr std::int32_t kSomeMonday = 4;  // 1970-01-05

std::int32_t days_since(std::int32_t day, std::int32_t begin, std::int32_t length) {
  const std::int32_t rest = (day - begin) % length;
  return rest < 0 ? rest + length : rest;
}

Day first_of_months(Day day, unsigned months) {
  const year_month_day date{sys_days(days(day.value))};
  const unsigned month = static_cast<unsigned>(date.month()) - 1;
  const sys_days first(date.year() / std::chrono::month(month - month % months + 1) / 1);
  return {static_cast<std::int32_t>(first.time_since_epoch().count())};
}

}  // namespace

Day first_day_of(Day day, Period period, WeekStart week_start) {
  const std::int32_t week_begin = kSomeMonday - (week_start == WeekStart::kSunday ? 1 : 0);
  switch (period) {
    case Period::kWeek:
      return day - days_since(day.value, week_begin, 7);
    case Period::kFortnight:
      return day - days_since(day.value, week_begin, 14);
    case Period::kMonth:
      return first_of_months(day, 1);
    case Period::kQuarter:
      return first_of_months(day, 3);
    default:
      return day;
  }
}

Day first_day_after(Day day, Period period, WeekStart week_start) {
  // No period is longer, and two of any are longer than this.
  constexpr std::int32_t kQuarterDaysMax = 92;
  const Day first = first_day_of(day, period, week_start);
  Day next = first;
  for (std::int32_t ahead = 1; next == first && ahead <= kQuarterDaysMax; ++ahead) {
    next = first_day_of(first + ahead, period, week_start);
  }
  return next;
}

std::optional<Day> date_of(std::string_view text) {
  constexpr std::size_t kDateSize = 10;
  if (text.size() < kDateSize || text[4] != '-' || text[7] != '-') return std::nullopt;
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  const auto read = [&text](std::size_t begin, std::size_t size, auto& number) {
    const char* const end = text.data() + begin + size;
    const auto [rest, error] = std::from_chars(text.data() + begin, end, number);
    return error == std::errc() && rest == end;
  };
  if (!read(0, 4, year) || !read(5, 2, month) || !read(8, 2, day)) return std::nullopt;
  const year_month_day date{std::chrono::year(year), std::chrono::month(month),
                            std::chrono::day(day)};
  if (!date.ok()) return std::nullopt;
  return Day{static_cast<std::int32_t>(sys_days(date).time_since_epoch().count())};
}

}  // namespace rollcall
