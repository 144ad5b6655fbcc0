#include "core/source/values/time_parser.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>

#include "core/time/calendar.h"

namespace rollcall {
namespace {

constexpr TimeUs kSecond = kUsPerSecond;

TimeParser parser(std::optional<std::string> format = {}, TimeUnit unit = TimeUnit::kGuess,
                  std::string_view zone = "UTC") {
  return TimeParser(*TimeZone::find(zone), unit, std::move(format));
}

std::optional<TimeUs> parsed(TimeParser here, std::string_view text) {
  ParsedTime time;
  if (here.parse(text, time) != TimeFault::kNone) return {};
  return time.time;
}

TimeFault fault(TimeParser here, std::string_view text) {
  ParsedTime time;
  return here.parse(text, time);
}

TimeUs at(std::int32_t year, std::uint32_t month, std::uint32_t day, std::int64_t us_of_day = 0) {
  return day_from_civil({year, month, day}).value * kUsPerDay + us_of_day;
}

TEST(TimeParser, ReadsRfc3339) {
  const TimeUs noon = at(2026, 1, 31, 12 * kUsPerHour);
  for (const char* text :
       {"2026-01-31T12:00:00Z", "2026-01-31t12:00:00z", "2026-01-31 12:00:00Z",
        "2026-01-31T14:00:00+02:00", "2026-01-31T14:00:00+0200", "2026-01-31T14:00:00+02",
        "2026-01-31T06:30:00-05:30", "2026-01-31 12:00:00 UTC", "2026-01-31 12:00:00 +0000",
        "2026-01-31T12:00:00.000Z", "2026-01-31T12:00:00"}) {
    EXPECT_EQ(parsed(parser(), text), noon) << text;
  }
  EXPECT_EQ(parsed(parser(), "2026-02-01T00:30:00+01:00"), at(2026, 1, 31, 47 * kUsPerHour / 2));
}

TEST(TimeParser, CutsFractionsToMicroseconds) {
  const TimeUs base = at(2026, 1, 31, 0);
  EXPECT_EQ(parsed(parser(), "2026-01-31 00:00:00.5"), base + 500'000);
  EXPECT_EQ(parsed(parser(), "2026-01-31 00:00:00.123"), base + 123'000);
  EXPECT_EQ(parsed(parser(), "2026-01-31 00:00:00.000001"), base + 1);
  EXPECT_EQ(parsed(parser(), "2026-01-31T00:00:00.123456999Z"), base + 123'456);
  EXPECT_EQ(fault(parser(), "2026-01-31 00:00:00."), TimeFault::kNotATime);
}

TEST(TimeParser, ReadsWholeDays) {
  TimeParser here = parser({}, TimeUnit::kGuess, "America/New_York");
  ParsedTime time;
  ASSERT_EQ(here.parse("2026-07-04", time), TimeFault::kNone);
  EXPECT_TRUE(time.whole_day);
  EXPECT_EQ(time.date, day_from_civil({2026, 7, 4}));
  EXPECT_EQ(time.time, at(2026, 7, 4, 4 * kUsPerHour));
  ASSERT_EQ(here.parse("2026-07-04 00:00:00", time), TimeFault::kNone);
  EXPECT_FALSE(time.whole_day);
  ASSERT_EQ(here.parse("1700000000", time), TimeFault::kNone);
  EXPECT_FALSE(time.whole_day);
}

TEST(TimeParser, ReadsClocksOfTheZone) {
  const auto in_london = [](std::string_view text) {
    return parsed(parser({}, TimeUnit::kGuess, "Europe/London"), text);
  };
  EXPECT_EQ(in_london("2011-07-01 08:26:00"), at(2011, 7, 1, 446 * 60 * kSecond));
  EXPECT_EQ(in_london("2010-12-01 08:26:00"), at(2010, 12, 1, 506 * 60 * kSecond));
  EXPECT_EQ(in_london("2011-07-01 08:26:00Z"), at(2011, 7, 1, 506 * 60 * kSecond));
  EXPECT_EQ(in_london("2011-03-27 01:30:00"), at(2011, 3, 27, 90 * 60 * kSecond));   // skipped
  EXPECT_EQ(in_london("2011-10-30 01:30:00"), at(2011, 10, 30, 30 * 60 * kSecond));  // the earlier
}

TEST(TimeParser, ReadsUnixTime) {
  EXPECT_EQ(parsed(parser(), "1082040961"), 1'082'040'961 * kSecond);
  EXPECT_EQ(parsed(parser(), "1082040961123"), 1'082'040'961'123'000);
  EXPECT_EQ(parsed(parser(), "1082040961123456"), 1'082'040'961'123'456);
  EXPECT_EQ(parsed(parser(), "1082040961.25"), 1'082'040'961'250'000);
  EXPECT_EQ(parsed(parser(), "1082040961123.4567"), 1'082'040'961'123'456);
  EXPECT_EQ(parsed(parser(), "1082040961123456789"), 1'082'040'961'123'456);
  const auto seconds = [](std::string_view text) {
    return parsed(parser({}, TimeUnit::kSeconds), text);
  };
  EXPECT_EQ(seconds("-86400"), -86'400 * kSecond);
  EXPECT_EQ(seconds("-0.5"), -500'000);
  EXPECT_EQ(seconds("0"), 0);
  EXPECT_EQ(seconds("20260131"), 20'260'131 * kSecond);
  EXPECT_EQ(seconds("100000000000"), 100'000'000'000 * kSecond);
  EXPECT_EQ(parsed(parser({}, TimeUnit::kNanoseconds), "5999.9"), 5);
  EXPECT_EQ(parsed(parser({}, TimeUnit::kMilliseconds), "5"), 5'000);
  EXPECT_EQ(parsed(parser({}, TimeUnit::kMicroseconds), "5.9"), 5);
}

TEST(TimeParser, DoesNotTakeADateForUnixTime) {
  for (const char* text : {"20260131", "202601311200", "20260131120000", "190001010000",
                           "21991231235959", "20261331", "202601312400"}) {
    EXPECT_EQ(fault(parser(), text), TimeFault::kAmbiguous) << text;
  }
  EXPECT_EQ(parsed(parser("%Y%m%d"), "20260131"), at(2026, 1, 31));
  EXPECT_EQ(parsed(parser(), "2026013112000000"), 2'026'013'112'000'000);
  EXPECT_EQ(parsed(parser("%Y%m%d%H%M%S"), "20260131120000"), at(2026, 1, 31, 12 * kUsPerHour));
}

TEST(TimeParser, RefusesWhatDoesNotExist) {
  EXPECT_EQ(fault(parser(), "2023-02-29"), TimeFault::kNoSuchDate);
  EXPECT_EQ(fault(parser(), "1900-02-29"), TimeFault::kNoSuchDate);
  EXPECT_EQ(parsed(parser(), "2000-02-29"), at(2000, 2, 29));
  EXPECT_EQ(fault(parser(), "2026-04-31 10:00:00"), TimeFault::kNoSuchDate);
  EXPECT_EQ(fault(parser(), "2026-13-01"), TimeFault::kNoSuchDate);
  EXPECT_EQ(fault(parser(), "2026-00-10"), TimeFault::kNoSuchDate);
  EXPECT_EQ(fault(parser(), "2026-01-31 24:00:00"), TimeFault::kNoSuchClock);
  EXPECT_EQ(fault(parser(), "2026-01-31 23:60:00"), TimeFault::kNoSuchClock);
  EXPECT_EQ(fault(parser(), "2026-01-31 23:59:60"), TimeFault::kNoSuchClock);
  EXPECT_EQ(fault(parser(), "0000-01-01"), TimeFault::kOutOfRange);
  EXPECT_EQ(fault(parser(), "0001-01-01T00:00:00+10:00"), TimeFault::kOutOfRange);
  EXPECT_EQ(fault(parser({}, TimeUnit::kSeconds), "99999999999999999999"), TimeFault::kOutOfRange);
  EXPECT_EQ(fault(parser({}, TimeUnit::kSeconds), "9223372036854775807"), TimeFault::kOutOfRange);
  EXPECT_EQ(fault(parser({}, TimeUnit::kSeconds), "-9223372036854775808"), TimeFault::kOutOfRange);
  EXPECT_EQ(fault(parser({}, TimeUnit::kMicroseconds), "-9223372036854775808"),
            TimeFault::kOutOfRange);
}

TEST(TimeParser, RefusesDaysThatEndPastTheLastInstant) {
  for (const char* zone : {"UTC", "Europe/Berlin", "Pacific/Kiritimati", "America/New_York"}) {
    EXPECT_EQ(fault(parser({}, TimeUnit::kGuess, zone), "9999-12-31"), TimeFault::kOutOfRange);
    EXPECT_EQ(fault(parser({}, TimeUnit::kGuess, zone), "9999-12-29"), TimeFault::kNone);
  }
}

TEST(TimeParser, RefusesWhatIsNoTime) {
  for (const char* text : {"",
                           "yesterday",
                           "2026-01-3",
                           "2026/01/31",
                           "2026-01-31T",
                           "2026-01-31 12:00",
                           "2026-01-31 12:00:0",
                           "2026-01-31X12:00:00",
                           "2026-01-31 12:00:00+",
                           "2026-01-31 12:00:00+1",
                           "2026-01-31 12:00:00+24:00",
                           "2026-01-31 12:00:00+01:",
                           "2026-01-31 12:00:00ZZ",
                           "2026-01-31 12:00:00 CET",
                           "-",
                           ".5",
                           "1e",
                           "1082040961.",
                           "1082040961.2x",
                           "--1",
                           "+1",
                           "2026-0a-31",
                           "2026-01-31 1a:00:00",
                           "12:00:00"}) {
    EXPECT_EQ(fault(parser(), text), TimeFault::kNotATime) << text;
  }
  EXPECT_EQ(parser().explain(TimeFault::kNotATime, "yesterday").text,
            "time: not a time: \"yesterday\" (allowed: RFC 3339, YYYY-MM-DD HH:MM:SS[.fff], "
            "YYYY-MM-DD, Unix time; anything else when its form is given)");
}

TEST(TimeParser, ReadsByFormat) {
  const TimeUs time = at(2010, 12, 1, 506 * 60 * kSecond);
  EXPECT_EQ(parsed(parser("%m/%d/%Y %H:%M"), "12/1/2010 8:26"), time);
  EXPECT_EQ(parsed(parser("%d.%m.%y %H:%M:%S"), "01.12.10 08:26:00"), time);
  EXPECT_EQ(parsed(parser("%d %b %Y %I:%M %p"), "1 Dec 2010  8:26 am"), time);
  EXPECT_EQ(parsed(parser("%d %b %Y %I:%M %p"), "1 DECEMBER 2010 8:26 PM"), time + 12 * kUsPerHour);
  EXPECT_EQ(parsed(parser("%d %b %Y %I %p"), "1 Dec 2010 12 AM"), at(2010, 12, 1));
  EXPECT_EQ(parsed(parser("%Y%m%d%H%M%S%f%z"), "20101201082600123456+0100"),
            time - kUsPerHour + 123'456);
  EXPECT_EQ(parsed(parser("100%% %Y-%m-%d"), "100% 2010-12-01"), at(2010, 12, 1));
  EXPECT_EQ(parsed(parser("%y-%m-%d"), "69-01-01"), at(1969, 1, 1));
  EXPECT_EQ(fault(parser("%Y-%m-%d"), "2010-12-01 "), TimeFault::kNotATime);
  EXPECT_EQ(fault(parser("%Y-%m-%d"), "1291191960"), TimeFault::kNotATime);
  EXPECT_EQ(fault(parser("%d %b %Y %I %p"), "1 Dec 2010 13 AM"), TimeFault::kNotATime);
  EXPECT_EQ(fault(parser("%d/%m/%Y"), "30/02/2010"), TimeFault::kNoSuchDate);
  ParsedTime day;
  EXPECT_EQ(parser("%Y%m%d").parse("20101201", day), TimeFault::kNone);
  EXPECT_TRUE(day.whole_day);
}

TEST(TimeParser, ChecksFormats) {
  EXPECT_TRUE(TimeParser::check_format("%Y%m%d").ok());
  EXPECT_FALSE(TimeParser::check_format("%Y-%m").ok());
  EXPECT_FALSE(TimeParser::check_format("%Y-%m-%d %q").ok());
  EXPECT_FALSE(TimeParser::check_format("%Y-%m-%d %").ok());
  EXPECT_FALSE(TimeParser::check_format("%Y-%m-%d %I").ok());
  EXPECT_FALSE(TimeParser::check_format("").ok());
}

// Random instants, written as the zone's clocks show them, are read back.
TEST(TimeParser, AgreesWithTheTimeZone) {
  for (const char* name : {"UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe"}) {
    const TimeZone zone = *TimeZone::find(name);
    TimeParser here = parser({}, TimeUnit::kGuess, name);
    std::mt19937_64 random(11);
    std::uniform_int_distribution<TimeUs> instants(at(1950, 1, 1) / kSecond,
                                                   at(2037, 1, 1) / kSecond);
    for (int round = 0; round < 5000; ++round) {
      const TimeUs time = instants(random) * kSecond;
      const std::string text = zone.format(time);
      SCOPED_TRACE(text);
      ParsedTime out;
      ASSERT_EQ(here.parse(text, out), TimeFault::kNone);
      ASSERT_EQ(out.time, time);
      // Without its offset, it may mean the other pass through an hour shown twice.
      const std::string clock = text.substr(0, 19);
      ASSERT_EQ(here.parse(clock, out), TimeFault::kNone);
      const Day day = *parse_date(clock.substr(0, 10));
      const std::int64_t second = std::stoll(clock.substr(11, 2)) * 3600 +
                                  std::stoll(clock.substr(14, 2)) * 60 +
                                  std::stoll(clock.substr(17, 2));
      ASSERT_EQ(out.time, zone.from_local(day, second * kSecond));
    }
  }
}

// What an error says is allowed is allowed, and what is beside it is not.
TEST(TimeParser, TheBoundsThatErrorsName) {
  ParsedTime time;
  EXPECT_EQ(parser().parse("0001-01-02T00:00:00Z", time), TimeFault::kNone);
  EXPECT_EQ(parser().parse("0001-01-01T23:59:59Z", time), TimeFault::kOutOfRange);
  EXPECT_EQ(parser().parse("9999-12-30T23:59:59Z", time), TimeFault::kNone);
  EXPECT_EQ(parser().parse("9999-12-31T00:00:00Z", time), TimeFault::kOutOfRange);
  EXPECT_EQ(parser().explain(TimeFault::kOutOfRange, "x").text,
            "time: out of range: \"x\" (allowed: 0001-01-02 to 9999-12-30 in UTC)");
}

// A parser that has seen a date takes it from memory.
TEST(TimeParser, ReadsDatesItKnowsAsOnesItDoesNot) {
  for (const char* zone : {"UTC", "Europe/Berlin"}) {
    TimeParser knows = parser({}, TimeUnit::kGuess, zone);
    const TimeParser fresh = knows;
    for (std::uint64_t seed = 1; seed <= 50'000; ++seed) {
      std::mt19937_64 random(seed);
      std::string text = fmt::format("2026-{:02}-{:02}", random() % 14, random() % 33);
      if (random() % 8 != 0) {
        text += fmt::format("{}{:02}:{:02}:{:02}", " T"[random() % 2], random() % 25, random() % 61,
                            random() % 61);
        constexpr const char* kEnds[] = {"", "Z", "Z", ".5", ".25Z", " +02:00"};
        text += kEnds[random() % 6];
      }
      if (random() % 4 == 0) text[random() % text.size()] = static_cast<char>(random());
      SCOPED_TRACE(::testing::Message() << "seed=" << seed << " text=" << text);
      ParsedTime expected, found;
      TimeParser once = fresh;
      const TimeFault fault = once.parse(text, expected);
      ASSERT_EQ(knows.parse(text, found), fault);
      if (fault != TimeFault::kNone) continue;
      ASSERT_EQ(found.time, expected.time);
      ASSERT_EQ(found.whole_day, expected.whole_day);
      if (found.whole_day) {
        ASSERT_EQ(found.date, expected.date);
      }
    }
  }
}

// This is compared with characters taken one by one.
TEST(TimeParser, ReadsClocksAsTheyStand) {
  TimeParser here = parser();
  for (std::uint64_t seed = 1; seed <= 100'000; ++seed) {
    std::mt19937_64 random(seed);
    std::string clock =
        fmt::format("{:02}:{:02}:{:02}", random() % 26, random() % 62, random() % 62);
    if (random() % 2 == 0) {
      clock[random() % 8] = random() % 2 == 0 ? static_cast<char>(random()) : "09/:;"[random() % 5];
    }
    SCOPED_TRACE(::testing::Message() << "seed=" << seed << " clock=" << clock);
    bool is_clock = clock[2] == ':' && clock[5] == ':';
    for (const std::size_t i : {0u, 1u, 3u, 4u, 6u, 7u}) {
      is_clock = is_clock && '0' <= clock[i] && clock[i] <= '9';
    }
    ParsedTime time;
    const TimeFault fault = here.parse("2026-01-31 " + clock, time);
    if (!is_clock) {
      ASSERT_EQ(fault, TimeFault::kNotATime);
      continue;
    }
    const int hour = std::stoi(clock), minute = std::stoi(clock.substr(3)),
              second = std::stoi(clock.substr(6));
    if (hour > 23 || minute > 59 || second > 59) {
      ASSERT_EQ(fault, TimeFault::kNoSuchClock);
      continue;
    }
    ASSERT_EQ(fault, TimeFault::kNone);
    ASSERT_EQ(time.time, at(2026, 1, 31, (hour * 3600 + minute * 60 + second) * kSecond));
  }
}

}  // namespace
}  // namespace rollcall
