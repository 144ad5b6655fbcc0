#include "core/time/clock_periods.h"

#include <date/tz.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>

#include "core/time/calendar.h"

namespace rollcall {
namespace {

using std::chrono::microseconds;

// What local clocks show, in whole hours or minutes, and how far they are from UTC.
struct ClockFace {
  std::int64_t shown = 0;
  std::int64_t offset_s = 0;
  friend bool operator==(const ClockFace&, const ClockFace&) = default;
};

ClockFace face_at(const date::time_zone& zone, TimeUs time, std::int64_t period_us) {
  const auto info = zone.get_info(date::sys_time<microseconds>{microseconds{time}});
  const std::int64_t wall = time + microseconds{info.offset}.count();
  const std::int64_t into = (wall % period_us + period_us) % period_us;
  return {(wall - into) / period_us, info.offset.count()};
}

struct ClockCase {
  const char* zone;
  const char* day;  // on or near which clocks are changed
};
constexpr ClockCase kClockCases[] = {
    {"UTC", "1970-01-01"},
    {"Europe/London", "2026-03-29"},
    {"Europe/London", "2025-10-26"},
    {"Australia/Adelaide", "2026-04-05"},
    {"Australia/Lord_Howe", "2026-04-05"},
    {"Australia/Lord_Howe", "2025-10-05"},
    {"America/St_Johns", "2006-10-29"},   // back at one minute past midnight
    {"America/Havana", "2025-11-02"},     // the first hour of the day comes twice
    {"America/Sao_Paulo", "2018-11-04"},  // the day begins at 01:00
    {"Pacific/Apia", "2011-12-30"},       // a date that never was
    {"Pacific/Kwajalein", "1969-09-30"},  // back by most of a day
    {"Asia/Kathmandu", "1986-01-01"},     // forward by a quarter of an hour
    {"America/New_York", "1883-11-18"},   // back from local mean time, which has seconds
};

// A period is a stretch in which the clocks show the same and are the same way off; they are
// numbered one after the other.
TEST(ClockPeriods, FollowTheClocksSecondBySecond) {
  for (const ClockCase& at : kClockCases) {
    SCOPED_TRACE(std::string(at.zone) + " " + at.day);
    const TimeZone zone = *TimeZone::find(at.zone);
    const date::time_zone& expected = *date::locate_zone(at.zone);
    const TimeUs begin = zone.start_of(*parse_date(at.day)) - 3 * kUsPerHour;
    const TimeUs end = begin + 30 * kUsPerHour;
    for (const Period period : {Period::kHour, Period::kMinute}) {
      const std::int64_t length = period == Period::kHour ? kUsPerHour : kUsPerMinute;
      const TimeUs origin = begin + kUsPerMinute / 2;
      const ClockPeriods periods(zone, period, origin, end);
      std::int64_t index = 0;
      ClockFace face = face_at(expected, origin, length);
      EXPECT_LE(periods.start_of(0), origin);
      EXPECT_EQ(face_at(expected, periods.start_of(0), length), face);
      for (TimeUs time = origin; time < end; time += kUsPerSecond) {
        const ClockFace now = face_at(expected, time, length);
        if (!(now == face)) {
          face = now;
          ++index;
          // It begins within the second that is over.
          ASSERT_GT(periods.start_of(index), time - kUsPerSecond);
          ASSERT_EQ(face_at(expected, periods.start_of(index), length), face);
          ASSERT_NE(face_at(expected, periods.start_of(index) - 1, length), face);
        }
        ASSERT_EQ(periods.index_of(time), index) << zone.format(time);
      }
    }
  }
}

TEST(ClockPeriods, NumbersGoBeforeTheOriginAndAfterTheEnd) {
  const TimeZone zone = *TimeZone::find("Europe/London");
  const TimeUs noon = zone.start_of(*parse_date("2026-01-10")) + 12 * kUsPerHour;
  const ClockPeriods periods(zone, Period::kHour, noon + 1, noon + 2);
  EXPECT_EQ(periods.index_of(noon), 0);
  EXPECT_EQ(periods.index_of(noon - 1), -1);
  EXPECT_EQ(periods.start_of(-30), noon - 30 * kUsPerHour);
  EXPECT_EQ(periods.index_of(noon + 100 * kUsPerHour), 100);
  EXPECT_EQ(periods.start_of(100), noon + 100 * kUsPerHour);
}

}  // namespace
}  // namespace rollcall
