#include "core/time/calendar.h"

#include <date/date.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rollcall::testing {
namespace {

Day day_of(date::year_month_day date) {
  return {static_cast<std::int32_t>(date::sys_days(date).time_since_epoch().count())};
}

date::year_month_day date_of(Day day) { return date::sys_days(date::days(day.value)); }

// The first day of the period of `day`, by another library and other means.
Day expected_first_day(Day day, Period period, WeekStart week_start) {
  using date::Monday, date::Sunday;
  const date::year_month_day date = date_of(day);
  const date::weekday weekday(date::sys_days{date});
  const auto days_into_week =
      (weekday - (week_start == WeekStart::kMonday ? Monday : Sunday)).count();
  const Day week = day - static_cast<std::int32_t>(days_into_week);
  switch (period) {
    case Period::kDay:
    case Period::kHour:
    case Period::kMinute:
      return day;
    case Period::kWeek:
      return week;
    case Period::kFortnight: {
      const Day origin = day_of(date::year(1970) / 1 / (week_start == WeekStart::kMonday ? 5 : 4));
      return (week - origin) % 14 == 0 ? week : week - 7;
    }
    case Period::kMonth:
      return day_of(date.year() / date.month() / 1);
    case Period::kQuarter:
      break;
  }
  const unsigned month = (static_cast<unsigned>(date.month()) - 1) / 3 * 3 + 1;
  return day_of(date.year() / date::month(month) / 1);
}

TEST(Calendar, CivilDatesAgreeWithTheDateLibrary) {
  for (Day day = kDayMin; day <= kDayMax; day = day + 1) {
    const date::year_month_day expected = date_of(day);
    const CivilDate date = civil_from_day(day);
    ASSERT_EQ(date.year, static_cast<int>(expected.year())) << day.value;
    ASSERT_EQ(date.month, static_cast<unsigned>(expected.month())) << day.value;
    ASSERT_EQ(date.day, static_cast<unsigned>(expected.day())) << day.value;
    ASSERT_EQ(day_from_civil(date), day);
  }
}

TEST(Calendar, TextAndBack) {
  for (Day day = kDayMin; day <= kDayMax; day = day + 97) {
    ASSERT_EQ(parse_date(to_string(day)), day) << to_string(day);
  }
  EXPECT_EQ(to_string(Day{0}), "1970-01-01");
  EXPECT_EQ(to_string(kDayMin), "0001-01-01");
  EXPECT_EQ(to_string(kDayMax), "9999-12-31");
}

TEST(Calendar, TextThatIsNoDate) {
  for (const std::string text : {"", "2026", "2026-1-01", "2026-01-32", "2026-02-29", "1900-02-29",
                                 "2026-00-01", "2026-13-01", "2026-01-00", "0000-01-01",
                                 "2026/01/01", "2026-01-01 ", "+026-01-01", "2026-01-0a"}) {
    EXPECT_EQ(parse_date(text), std::nullopt) << text;
  }
  EXPECT_TRUE(parse_date("2024-02-29"));
  EXPECT_TRUE(parse_date("2000-02-29"));
}

TEST(Calendar, PeriodsFollowEachOtherWithoutGaps) {
  for (const Period period :
       {Period::kDay, Period::kWeek, Period::kFortnight, Period::kMonth, Period::kQuarter}) {
    for (const WeekStart week_start : {WeekStart::kMonday, WeekStart::kSunday}) {
      const Calendar calendar(period, week_start);
      const Day begin{-150'000}, end{150'000};  // from 1559 to 2380
      std::int32_t index = calendar.index_of(begin);
      for (Day day = begin; day <= end; day = day + 1) {
        const Day first = expected_first_day(day, period, week_start);
        if (first == day && day > begin) ++index;
        ASSERT_EQ(calendar.index_of(day), index) << to_string(period) << " " << to_string(day);
        ASSERT_EQ(calendar.first_day(index), first) << to_string(period) << " " << to_string(day);
        if (first != day) continue;
        ASSERT_EQ(calendar.last_day(index - 1), day - 1) << to_string(period);
        ASSERT_TRUE(calendar.days(index).contains(day));
      }
    }
  }
}

}  // namespace
}  // namespace rollcall::testing
