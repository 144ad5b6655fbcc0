// Numbers that cannot be a time as they stand are no time until somebody says what they are.
#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/source/values/time_parser.h"
#include "core/time/calendar.h"
#include "rollcall/file_source.h"
#include "tests/core/source/ingesting.h"
#include "tests/core/source/source_files.h"

namespace rollcall {
namespace {

TimeParser parser(TimeUnit unit = TimeUnit::kGuess, std::string_view zone = "UTC") {
  return TimeParser(*TimeZone::find(zone), unit, {});
}

// Returns the time as text, or "" for a fault.
std::string read(TimeParser here, std::string_view text) {
  ParsedTime time;
  if (here.parse(text, time) != TimeFault::kNone) return "";
  return here.zone().format(time.time) + (time.whole_day ? " day" : "");
}

const std::string kUnixUnits =
    "time_unit = s or time_unit = ms or time_unit = us or time_unit = ns";

HintedText story(std::string_view text) { return parser().explain(TimeFault::kAmbiguous, text); }

// A number with an exponent is the number that it says, to the last digit.
TEST(NumbersWithExponents, AreReadAsWithoutThem) {
  for (const auto& [text, plain] : std::vector<std::pair<std::string, std::string>>{
           {"1.7672256E9", "1767225600"},
           {"1.7672256e+09", "1767225600"},
           {"1.767225600123456e9", "1767225600.123456"},
           {"1767225600123456e-6", "1767225600.123456"},
           {"1.767225600123E+12", "1767225600123"},
           {"1.767225600123456789e18", "1767225600123456789"},
           {"0.000017672256e014", "1767225600"},
           {"17672256000e-1", "1767225600.0"}}) {
    EXPECT_EQ(read(parser(), text), read(parser(), plain)) << text;
    EXPECT_NE(read(parser(), text), "") << text;
  }
  EXPECT_EQ(read(parser(TimeUnit::kSeconds), "-8.64e4"), "1969-12-31T00:00:00Z");
  EXPECT_EQ(read(parser(TimeUnit::kSeconds), "1e-300"), "1970-01-01T00:00:00Z");
  EXPECT_EQ(read(parser(TimeUnit::kExcelDays), "4.4197E4"), "2021-01-01T00:00:00Z day");
  EXPECT_EQ(read(parser(TimeUnit::kExcelDays), "4.41975E+4"), "2021-01-01T12:00:00Z");
  ParsedTime time;
  for (const char* text : {"1e", "e9", "1.e9", ".1e9", "1e9.5", "1e+", "1e9 ", "1e1234", "1e9e9",
                           "--1e9", "1.2.3e9", "1e٩", "0x1e9", "1767225600E"}) {
    EXPECT_EQ(parser().parse(text, time), TimeFault::kNotATime) << text;
  }
  EXPECT_EQ(parser().parse("1e308", time), TimeFault::kOutOfRange);
  // A time that a spreadsheet has rounded may be any time within hours, unless its unit is given.
  for (const char* text : {"1e3", "1e9", "1.77E+09", "1.76723E+12", "1.767226e9"}) {
    EXPECT_EQ(parser().parse(text, time), TimeFault::kAmbiguous) << text;
  }
  EXPECT_EQ(read(parser(TimeUnit::kMilliseconds), "1.76723E+12"), "2026-01-01T01:13:20Z");
  EXPECT_EQ(read(parser(TimeUnit::kSeconds), "1e9"), read(parser(), "1000000000"));
  EXPECT_EQ(story("1e3").text,
            "time: ambiguous: \"1e3\" in seconds would be 1970-01-01T00:16:40Z (a number without a "
            "unit is taken from 1990 to 2099; with 1 digits it may have been rounded)");
}

TEST(NumbersWithExponents, AreTheSameInEveryFormat) {
  const TestDirectory directory;
  for (const std::string& path :
       {directory.write("a.csv", std::string(kHeader) + "a,1.7672256E9,e\n"),
        directory.write("b.jsonl", R"({"user":"a","time":1.7672256E9,"event":"e"})"
                                   "\n"),
        directory.write("c.jsonl", R"({"user":"a","time":"1.7672256e+9","event":"e"})"
                                   "\n")}) {
    const auto engine = open_engine();
    EXPECT_EQ(ingest(*engine, {path}).rows_ingested, 1u) << path;
    EXPECT_EQ(engine->info().known_until, 1'767'225'600'000'000) << path;
  }
}

TEST(AmbiguousTimes, NeverBecome1970) {
  for (const char* text : {"44197",
                           "44197.5",
                           "2021",
                           "1",
                           "0",
                           "-1",
                           "20210131",
                           "202101312359",
                           "20210131235959",
                           "631151999",
                           "4102444800",
                           "631151999999",
                           "4102444800000",
                           "631151999999999",
                           "4102444800000000",
                           "253402300799",
                           "253402300799999",
                           "99999999999",
                           "0.5",
                           "1e9x"}) {
    ParsedTime time;
    const TimeFault fault = parser().parse(text, time);
    EXPECT_EQ(fault,
              text[0] == '1' && text[1] == 'e' ? TimeFault::kNotATime : TimeFault::kAmbiguous)
        << text;
  }
  EXPECT_EQ(read(parser(), "631152000"), "1990-01-01T00:00:00Z");
  EXPECT_EQ(read(parser(), "4102444799"), "2099-12-31T23:59:59Z");
  EXPECT_EQ(read(parser(), "631152000000"), "1990-01-01T00:00:00Z");
  EXPECT_EQ(read(parser(), "4102444799999999"), "2099-12-31T23:59:59Z");
  EXPECT_EQ(read(parser(), "649757376000000000"), "1990-08-04T08:09:36Z");
  EXPECT_EQ(read(parser(), "4102444799999999999"), "2099-12-31T23:59:59Z");
  // Whoever declares a unit means it.
  EXPECT_EQ(read(parser(TimeUnit::kSeconds), "0"), "1970-01-01T00:00:00Z");
  EXPECT_EQ(read(parser(TimeUnit::kSeconds), "253402214399"), "9999-12-30T23:59:59Z");
}

// .NET counts 100 ns from the year 1: today's numbers would be nanoseconds of 1990.
TEST(AmbiguousTimes, TicksNeverBecome1990) {
  for (const char* text :
       {"631152000000000000", "639000000000000000", "639000000000000000.5", "649757375999999999"}) {
    EXPECT_EQ(read(parser(), text), "") << text;
    EXPECT_NE(read(parser(TimeUnit::kNanoseconds), text), "") << text;
  }
  EXPECT_EQ(
      story("639000000000000000").text,
      "time: ambiguous: \"639000000000000000\" in nanoseconds would be 1990-04-01T20:00:00Z (a "
      "number without a unit is taken from 1990 to 2099; as .NET ticks, of 100 ns from the "
      "year 1, it is 2025-11-29T08:00:00Z: 621355968000000000 less, and divided by 10, it is a "
      "time in microseconds)");
}

// A date without separators loses its leading zero as a number, and becomes a time of 1998.
TEST(AmbiguousTimes, LeadingZerosAreNoNumbersWithoutAUnit) {
  for (const char* text : {"0901311230", "01767225600", "0901311230.5", "-0901311230", "00"}) {
    ParsedTime time;
    EXPECT_EQ(parser().parse(text, time), TimeFault::kAmbiguous) << text;
    EXPECT_NE(read(parser(TimeUnit::kSeconds), text), "") << text;
  }
  EXPECT_EQ(to_string(story("0901311230").hint), kUnixUnits + " or time_format");
}

TEST(AmbiguousTimes, TheErrorSaysWhichOptionToGive) {
  for (const auto& [text, more] : std::vector<std::pair<std::string, std::string>>{
           {"44197", " or time_unit = excel_days"},
           {"44197.5", " or time_unit = excel_days"},
           {"2021", ""},
           {"20210131", " or time_format = %Y%m%d"},
           {"202101312359", " or time_format = %Y%m%d%H%M"},
           {"253402300799", ""},
           {"0", ""},
           {"-3", ""}}) {
    EXPECT_EQ(to_string(story(text).hint), kUnixUnits + more) << text;
  }
  EXPECT_EQ(to_string(story("44197,5").hint), "time_unit = excel_days");
  EXPECT_EQ(
      story("44197.5").text,
      "time: ambiguous: \"44197.5\" in seconds would be 1970-01-01T12:16:37Z (a number without "
      "a unit is taken from 1990 to 2099; as days of a spreadsheet it is 2021-01-01T12:00:00Z)");
  EXPECT_EQ(
      story("2021").text,
      "time: ambiguous: \"2021\" in seconds would be 1970-01-01T00:33:41Z (a number without a "
      "unit is taken from 1990 to 2099; a year alone is no time)");
  EXPECT_EQ(story("253402300799").text,
            "time: ambiguous: \"253402300799\" in milliseconds would be 1978-01-11T21:31:40Z (a "
            "number without a unit is taken from 1990 to 2099)");
}

// A limit may refuse a number because it is no count at all: its row says what it was read as.
TEST(AmbiguousTimes, WhatALimitRefusedSaysHowItWasRead) {
  const auto described = [](const char* text) {
    TimeParser times = parser();
    ParsedTime time;
    EXPECT_EQ(times.parse(text, time), TimeFault::kNone) << text;
    return times.describe(text, time.time);
  };
  const HintedText hour = described("2024010112");
  EXPECT_EQ(hour.text,
            "\"2024010112\", which was read as 2034-02-20T01:01:52Z, though it reads as a date "
            "without separators");
  EXPECT_EQ(to_string(hour.hint), "time_format = %Y%m%d%H");
  EXPECT_EQ(described("2024010132").text, "\"2024010132\", which was read as 2034-02-20T01:02:12Z");
  EXPECT_EQ(described("2093-01-01").text, "\"2093-01-01\"");
  EXPECT_EQ(described("2093-01-01 10:00:00").text, "\"2093-01-01 10:00:00\"");
}

// Known pairs, by which spreadsheets count.
TEST(AmbiguousTimes, SpreadsheetDays) {
  const TimeParser days = parser(TimeUnit::kExcelDays);
  EXPECT_EQ(read(days, "44197"), "2021-01-01T00:00:00Z day");
  EXPECT_EQ(read(days, "44197.0"), "2021-01-01T00:00:00Z day");
  EXPECT_EQ(read(days, "44197.5"), "2021-01-01T12:00:00Z");
  EXPECT_EQ(read(days, "44197.520833333336"), "2021-01-01T12:30:00Z");
  EXPECT_EQ(read(days, "44197.5208333333"), "2021-01-01T12:30:00Z");
  EXPECT_EQ(read(days, "44197.99999999999"), "2021-01-02T00:00:00Z");
  EXPECT_EQ(read(days, "1"), "1900-01-01T00:00:00Z day");
  EXPECT_EQ(read(days, "59"), "1900-02-28T00:00:00Z day");
  EXPECT_EQ(read(days, "60"), "");  // 1900-02-29 never was
  EXPECT_EQ(read(days, "61"), "1900-03-01T00:00:00Z day");
  EXPECT_EQ(read(days, "25569"), "1970-01-01T00:00:00Z day");
  for (const char* text : {"0", "-1", "44197.", ".5", "44197.5x", "4.4e", "2958466", "99999999"}) {
    EXPECT_EQ(read(days, text), "") << text;
  }
  EXPECT_EQ(read(parser(TimeUnit::kExcelDays1904), "42735"), "2021-01-01T00:00:00Z day");
  EXPECT_EQ(read(parser(TimeUnit::kExcelDays1904), "0"), "1904-01-01T00:00:00Z day");
  // The clocks are those of the zone.
  EXPECT_EQ(read(parser(TimeUnit::kExcelDays, "Europe/Berlin"), "44378.5"),
            "2021-07-01T12:00:00+02:00");
  // A comma is the decimal sign, unless it may group digits.
  EXPECT_EQ(read(days, "44197,5"), "2021-01-01T12:00:00Z");
  EXPECT_EQ(read(days, "1000,5"), "1902-09-26T12:00:00Z");
  for (const char* text : {"44,197", "197,5", "44,197.5", "44197,", "44197,5,5"}) {
    EXPECT_EQ(read(days, text), "") << text;
  }
  ParsedTime time;
  EXPECT_EQ(parser().parse("44197,5", time), TimeFault::kAmbiguous);
  EXPECT_EQ(parser().parse("44,197", time), TimeFault::kNotATime);
  // Texts that are no numbers are read as ever.
  EXPECT_EQ(read(days, "2021-01-01"), "2021-01-01T00:00:00Z day");
}

// Against fractions as a double holds them, written with all their digits.
TEST(AmbiguousTimes, FractionsOfDaysKeepMilliseconds) {
  TimeParser days = parser(TimeUnit::kExcelDays);
  const std::uint64_t seed = std::random_device()();
  std::mt19937_64 random(seed);
  for (int round = 0; round < 20'000; ++round) {
    const std::int64_t ms = static_cast<std::int64_t>(random() % 86'400'000);
    const std::int64_t day = static_cast<std::int64_t>(33'000 + random() % 40'000);
    const double serial = static_cast<double>(day) + static_cast<double>(ms) / 86'400'000;
    const std::string text = fmt::format("{:.{}f}", serial, 10 + random() % 6);
    ParsedTime time;
    ASSERT_EQ(days.parse(text, time), TimeFault::kNone) << "seed=" << seed << ' ' << text;
    ASSERT_EQ(time.time, (day - 25'569) * kUsPerDay + ms * 1000) << "seed=" << seed << ' ' << text;
  }
}

TEST(AmbiguousTimes, AreRejectedOneByOne) {
  const TestDirectory directory;
  const std::string path = directory.write(
      "e.csv", std::string(kHeader) + "a,0,e\nb,1767225600,e\nc,46023,e\nd,253402300799,e\n");
  const auto engine = open_engine();
  const IngestReport report = ingest(*engine, {path});
  EXPECT_EQ(report.rows_ingested, 1u);
  ASSERT_EQ(report.rejected_by_kind.size(), 1u);
  EXPECT_EQ(report.rejected_by_kind[0].kind, RejectKind::kTimeAmbiguous);
  EXPECT_EQ(report.rejected_by_kind[0].rows, 3u);
}

TEST(AmbiguousTimes, OfNdjsonAlike) {
  const TestDirectory directory;
  const std::string path =
      directory.write("e.jsonl",
                      "{\"user\":\"a\",\"event\":\"e\",\"time\":639000000000000000}\n"
                      "{\"user\":\"b\",\"event\":\"e\",\"time\":\"0901311230\"}\n"
                      "{\"user\":\"c\",\"event\":\"e\",\"time\":1767225600}\n");
  const IngestReport report = ingest(*open_engine(), {path});
  EXPECT_EQ(report.rows_ingested, 1u);
  ASSERT_EQ(report.rejected_by_kind.size(), 1u);
  EXPECT_EQ(report.rejected_by_kind[0].kind, RejectKind::kTimeAmbiguous);
}

// A file whose rows were all refused can be read as it should have been.
TEST(AmbiguousTimes, AUnitTakesWhatWasRefused) {
  const TestDirectory directory;
  const std::string path =
      directory.write("e.csv", std::string(kHeader) + "a,46023,e\nb,46024.25,e\n");
  const auto disk = make_memory_disk();
  EXPECT_EQ(ingest(*open_engine(disk), {path}).rows_ingested, 0u);
  SourceOptions options;
  options.time_unit = TimeUnit::kExcelDays;
  EXPECT_EQ(ingest(*open_engine(disk), {path}, options).rows_ingested, 2u);
  // It is known by what it was read as.
  EXPECT_EQ(outcomes(ingest(*open_engine(disk), {path})), std::vector{Outcome::kKnown});
}

}  // namespace
}  // namespace rollcall
