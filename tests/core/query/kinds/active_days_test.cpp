#include "core/query/kinds/active_days.h"

#include <gtest/gtest.h>

#include <vector>

namespace rollcall {
namespace {

TEST(ActiveDays, TheStreakOfYesterdayIsTheCurrentOne) {
  const std::vector<Day> days = {Day{1}, Day{2}, Day{3}, Day{7}, Day{8}};
  EXPECT_EQ(streaks_of(days, Day{8}).longest, 3);
  EXPECT_EQ(streaks_of(days, Day{8}).current, 2);
  EXPECT_EQ(streaks_of(days, Day{9}).current, 2);
  EXPECT_EQ(streaks_of(days, Day{10}).current, 0);
  EXPECT_EQ(streaks_of({}, Day{10}).longest, 0);
}

TEST(ActiveDays, TheStateComesFromThisPeriodAndTheOneBefore) {
  const Calendar weeks(Period::kWeek, WeekStart::kMonday);
  const Day monday = weeks.first_day(2000);
  const std::vector<Day> this_week = {monday};
  const std::vector<Day> both = {monday - 1, monday};
  const std::vector<Day> before = {monday - 7};
  const std::vector<Day> long_ago = {monday - 8};
  const std::vector<Day> back = {monday - 8, monday + 6};
  EXPECT_EQ(lifecycle_state(this_week, weeks, monday + 6), "new");
  EXPECT_EQ(lifecycle_state(both, weeks, monday + 6), "returning");
  EXPECT_EQ(lifecycle_state(before, weeks, monday), "dormant");
  EXPECT_EQ(lifecycle_state(long_ago, weeks, monday), "inactive");
  EXPECT_EQ(lifecycle_state(back, weeks, monday), "resurrecting");
}

}  // namespace
}  // namespace rollcall
