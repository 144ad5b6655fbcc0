#include "core/time/time_zone.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "core/time/calendar.h"
#include "rollcall/answer.h"
#include "tests/support/error_text.h"

namespace rollcall {
namespace {

constexpr std::int64_t kHour = kUsPerHour;
constexpr std::int64_t kMinute = kUsPerHour / 60;

TimeZone zone(std::string_view name) {
  Result<TimeZone> found = TimeZone::find(name);
  EXPECT_TRUE(found.ok()) << found.status().to_string();
  return found.ok() ? *found : TimeZone();
}

Day day(std::int32_t year, std::uint32_t month, std::uint32_t day_of_month) {
  return day_from_civil({year, month, day_of_month});
}

TimeUs utc(Day date, std::int64_t us_of_day) { return date.value * kUsPerDay + us_of_day; }

TEST(TimeZone, UtcNeedsNoDatabase) {
  const TimeZone utc_zone;
  EXPECT_EQ(utc_zone.name(), "UTC");
  EXPECT_EQ(utc_zone.day_of(0), Day{0});
  EXPECT_EQ(utc_zone.day_of(-1), Day{-1});
  EXPECT_EQ(utc_zone.day_of(utc(kDayMin, 0)), kDayMin);
  EXPECT_EQ(utc_zone.day_of(utc(kDayMax, kUsPerDay - 1)), kDayMax);
  EXPECT_EQ(utc_zone.start_of(Day{20'000}), utc(Day{20'000}, 0));
  EXPECT_EQ(utc_zone.format(utc(day(2026, 1, 31), kUsPerDay - 1)), "2026-01-31T23:59:59Z");
  EXPECT_EQ(utc_zone.format(-1), "1969-12-31T23:59:59Z");
  EXPECT_TRUE(TimeZone::find("UTC").ok());
}

TEST(TimeZone, UnknownNameSuggestsTheNearest) {
  const Result<TimeZone> found = TimeZone::find("Europe/Lodnon");
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(found.status().message(),
            "time zone: unknown name: found \"Europe/Lodnon\" (did you mean \"Europe/London\"?), "
            "allowed: an IANA name such as \"UTC\" or \"Europe/London\"");
  EXPECT_FALSE(TimeZone::find("").ok());
  EXPECT_FALSE(TimeZone::find("../../etc/passwd").ok());
}

TEST(TimeZone, DaysOf23And25HoursAreOneDay) {
  const TimeZone london = zone("Europe/London");
  const Day spring = day(2011, 3, 27), autumn = day(2011, 10, 30);
  EXPECT_EQ(london.start_of(spring + 1) - london.start_of(spring), 23 * kHour);
  EXPECT_EQ(london.start_of(autumn + 1) - london.start_of(autumn), 25 * kHour);
  EXPECT_EQ(london.last_second_of(autumn), london.start_of(autumn + 1) - kUsPerSecond);
  EXPECT_EQ(london.format(london.start_of(day(2011, 7, 1))), "2011-07-01T00:00:00+01:00");
  EXPECT_EQ(london.format(london.start_of(day(2011, 1, 1))), "2011-01-01T00:00:00+00:00");

  const std::vector<TimeUs> times = {london.start_of(autumn), london.start_of(autumn + 1) - 1,
                                     london.start_of(spring + 1) - 1};
  EXPECT_EQ(london.hour_at(times[0]).day, autumn);
  EXPECT_EQ(london.hour_at(times[0]).hour, 0u);
  EXPECT_EQ(london.hour_at(times[1]).day, autumn);
  EXPECT_EQ(london.hour_at(times[1]).hour, 24u);
  EXPECT_EQ(london.hour_at(times[2]).day, spring);
  EXPECT_EQ(london.hour_at(times[2]).hour, 22u);
  // The clocks went back at 01:00 UTC: the hour ends there, and a new one begins.
  const TimeUs change = utc(autumn, kHour);
  EXPECT_EQ(london.hour_at(change - 1).end, change);
  EXPECT_EQ(london.hour_at(change).begin, change);
  EXPECT_EQ(london.hour_at(change).end, change + kHour);
}

TEST(TimeZone, LocalTimesThatAreSkippedOrShownTwice) {
  const TimeZone london = zone("Europe/London");
  const Day spring = day(2011, 3, 27), autumn = day(2011, 10, 30);
  // 01:30 was skipped; 00:30 UTC plus one hour past the jump.
  EXPECT_EQ(london.from_local(spring, 90 * kMinute), utc(spring, 90 * kMinute));
  EXPECT_EQ(london.format(london.from_local(spring, 90 * kMinute)), "2011-03-27T02:30:00+01:00");
  // 01:30 was shown twice; the earlier is still summer time.
  EXPECT_EQ(london.from_local(autumn, 90 * kMinute), utc(autumn, 30 * kMinute));
}

TEST(TimeZone, FirstInstantsOfLocalTimes) {
  const TimeZone london = zone("Europe/London");
  const Day spring = day(2011, 3, 27), autumn = day(2011, 10, 30);
  // What is skipped is the instant of the change, and what comes twice the first time.
  EXPECT_EQ(london.first_at({spring, 90 * kMinute}), utc(spring, 60 * kMinute));
  EXPECT_EQ(london.first_at({spring, 60 * kMinute}), utc(spring, 60 * kMinute));
  EXPECT_EQ(london.first_at({spring, 120 * kMinute + 1}), utc(spring, 60 * kMinute + 1));
  EXPECT_EQ(london.first_at({autumn, 90 * kMinute}), utc(autumn, 30 * kMinute));
  EXPECT_EQ(london.first_at({autumn, 120 * kMinute}), utc(autumn, 120 * kMinute));
}

TEST(TimeZone, ZonedTimesAreWrittenAsShortAsTheyCanBe) {
  const TimeZone london = zone("Europe/London");
  const TimeUs noon = utc(day(2011, 7, 1), 12 * kHour);
  EXPECT_EQ(to_string(TimeZone().zoned(noon)), "2011-07-01T12:00Z");
  EXPECT_EQ(to_string(london.zoned(noon)), "2011-07-01T13:00+01:00");
  EXPECT_EQ(to_string(london.zoned(noon + kUsPerSecond)), "2011-07-01T13:00:01+01:00");
  EXPECT_EQ(to_string(london.zoned(noon - 1)), "2011-07-01T12:59:59.999999+01:00");
  EXPECT_EQ(to_string(zone("America/St_Johns").zoned(-1)), "1969-12-31T20:29:59.999999-03:30");
  // Local mean time was 4:56:02 behind: the same instant is shown.
  const TimeZone new_york = zone("America/New_York");
  EXPECT_EQ(to_string(new_york.zoned(new_york.start_of(day(1880, 1, 1)))),
            "1880-01-01T00:00:02-04:56");
}

TEST(TimeZone, ClocksThatJumpOverMidnight) {
  // Midnight of 2018-11-04 did not exist in Sao Paulo.
  const TimeZone sao_paulo = zone("America/Sao_Paulo");
  const Day jump = day(2018, 11, 4);
  EXPECT_EQ(sao_paulo.format(sao_paulo.start_of(jump)), "2018-11-04T01:00:00-02:00");
  EXPECT_EQ(sao_paulo.day_of(sao_paulo.start_of(jump)), jump);
  EXPECT_EQ(sao_paulo.day_of(sao_paulo.start_of(jump) - 1), jump - 1);

  // Samoa skipped 2011-12-30.
  const TimeZone apia = zone("Pacific/Apia");
  const Day skipped = day(2011, 12, 30);
  EXPECT_EQ(apia.start_of(skipped), apia.start_of(skipped + 1));
  EXPECT_EQ(apia.day_of(apia.start_of(skipped)), skipped + 1);
  EXPECT_EQ(apia.day_of(apia.start_of(skipped) - 1), skipped - 1);

  // St. John's clocks went back at 00:01: the new date showed for a minute, and again an hour
  // later.
  const TimeZone st_johns = zone("America/St_Johns");
  const Day autumn = day(2005, 10, 30);
  const TimeUs start = st_johns.start_of(autumn);
  EXPECT_EQ(st_johns.day_of(start), autumn);
  EXPECT_EQ(st_johns.day_of(start + kMinute), autumn - 1);
  EXPECT_EQ(st_johns.day_of(start + 61 * kMinute), autumn);
}

TEST(TimeZone, OffsetsWithSecondsAreFormattedAsTheSameInstant) {
  const TimeZone london = zone("Europe/London");  // UTC-00:01:15 before 1847
  EXPECT_EQ(london.format(utc(day(1800, 1, 2), 0)), "1800-01-01T23:59:00-00:01");
}

// Every zone is tested at random instants, one against another: date, hour, start of the day, and
// back.
TEST(TimeZone, HoursAgreeWithDays) {
  for (const char* name : {"UTC", "Europe/London", "America/New_York", "Pacific/Apia",
                           "Australia/Lord_Howe", "America/St_Johns", "Asia/Kathmandu"}) {
    const TimeZone here = zone(name);
    for (const std::uint64_t seed : {1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u}) {
      SCOPED_TRACE(::testing::Message() << name << " seed=" << seed);
      std::mt19937_64 random(seed);
      // Narrow ranges lie between two changes of the clocks, wide ones do not.
      const std::int64_t range_us = (std::int64_t{1} << (4 * seed)) * kUsPerSecond;
      const TimeUs center = std::uniform_int_distribution<TimeUs>(utc(day(1900, 1, 1), 0),
                                                                  utc(day(2037, 1, 1), 0))(random);
      std::uniform_int_distribution<TimeUs> near(std::max(center - range_us, utc(kDayMin + 2, 0)),
                                                 std::min(center + range_us, utc(kDayMax - 2, 0)));
      std::vector<TimeUs> times(257);
      for (TimeUs& time : times) time = near(random);
      for (const TimeUs time : times) {
        const HourSpan span = here.hour_at(time);
        ASSERT_LE(span.begin, time);
        ASSERT_GT(span.end, time);
        const TimeUs start = here.start_of(span.day);
        ASSERT_LE(start, span.begin);
        ASSERT_LE(here.from_local(span.day, 0), time);
        for (const TimeUs within : {span.begin, time, span.end - 1}) {
          ASSERT_EQ(span.day, here.day_of(within));
          ASSERT_EQ(span.hour, TimeZone::hour_of_day(within - start));
        }
      }
    }
  }
}

TEST(TimeZone, OffsetsLastUntilClocksAreSet) {
  const TimeZone london = zone("Europe/London");
  const TimeUs spring = utc(day(2026, 3, 29), kHour), autumn = utc(day(2026, 10, 25), kHour);
  for (const TimeUs time : {spring, autumn - 1}) {
    const OffsetSpan summer = london.offset_at(time);
    EXPECT_EQ(summer.begin, spring);
    EXPECT_EQ(summer.end, autumn);
    EXPECT_EQ(summer.offset_us, kHour);
  }
  EXPECT_EQ(london.offset_at(spring - 1).offset_us, 0);
  EXPECT_EQ(london.offset_at(spring - 1).end, spring);
  EXPECT_EQ(london.offset_at(autumn).begin, autumn);
  const OffsetSpan ever = TimeZone().offset_at(0);
  EXPECT_EQ(ever.offset_us, 0);
  EXPECT_LT(ever.begin, utc(kDayMin, 0));
  EXPECT_GT(ever.end, utc(kDayMax, kUsPerDay - 1));
}

TEST(TimeZone, FromLocalUndoesTheOffset) {
  const TimeZone zones[] = {zone("Europe/Berlin"), zone("Asia/Tokyo"), zone("America/Denver")};
  std::mt19937_64 random(7);
  std::uniform_int_distribution<TimeUs> instants(0, utc(day(2037, 1, 1), 0));
  for (const TimeZone& here : zones) {
    for (int round = 0; round < 2000; ++round) {
      const TimeUs time = instants(random);
      const Day date = here.day_of(time);
      // The same reading an hour earlier or later is the other pass through a repeated hour.
      const std::string text = here.format(time);
      const std::int64_t sign = text[19] == '-' ? -1 : 1;
      const std::int64_t offset = sign * (std::stoll(text.substr(20, 2)) * kHour +
                                          std::stoll(text.substr(23, 2)) * kMinute);
      const TimeUs back = here.from_local(date, time + offset - utc(date, 0));
      ASSERT_TRUE(back == time || back == time - kHour) << text;
    }
  }
}

}  // namespace
}  // namespace rollcall
