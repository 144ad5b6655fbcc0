#include "core/query/text/date_text.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/time/calendar.h"

namespace rollcall {
namespace {

// This day is a Wednesday.
constexpr std::string_view kToday = "2026-01-14";

std::string days(std::string_view text, WeekStart week_start = WeekStart::kMonday) {
  const auto date = parse_date_text(text);
  if (!date) return "none";
  const DayRange range = days_of(*date, *parse_date(kToday), week_start);
  return range.first == range.last ? to_string(range.first)
                                   : to_string(range.first) + ".." + to_string(range.last);
}

TEST(DateText, CountsFromToday) {
  EXPECT_EQ(days("2025-12-31"), "2025-12-31");
  EXPECT_EQ(days("today"), "2026-01-14");
  EXPECT_EQ(days("yesterday"), "2026-01-13");
  EXPECT_EQ(days("0 days ago"), "2026-01-14");
  EXPECT_EQ(days("30 days ago"), "2025-12-15");
  EXPECT_EQ(days("this week"), "2026-01-12..2026-01-18");
  EXPECT_EQ(days("this week", WeekStart::kSunday), "2026-01-11..2026-01-17");
  EXPECT_EQ(days("last week"), "2026-01-05..2026-01-11");
  EXPECT_EQ(days("1 week ago"), "2026-01-05..2026-01-11");
  EXPECT_EQ(days("this fortnight"), "2026-01-05..2026-01-18");
  EXPECT_EQ(days("last month"), "2025-12-01..2025-12-31");
  EXPECT_EQ(days("2 quarters ago"), "2025-07-01..2025-09-30");
  EXPECT_EQ(days("this year"), "2026-01-01..2026-12-31");
  EXPECT_EQ(days("last year"), "2025-01-01..2025-12-31");
}

TEST(DateText, LastWeekdayLiesBeforeToday) {
  EXPECT_EQ(days("last tuesday"), "2026-01-13");
  EXPECT_EQ(days("last wednesday"), "2026-01-07");
  EXPECT_EQ(days("last thursday"), "2026-01-08");
  EXPECT_EQ(days("last monday"), "2026-01-12");
  EXPECT_EQ(days("last sunday", WeekStart::kSunday), "2026-01-11");
}

TEST(DateText, StaysWithinTheCalendar) {
  EXPECT_EQ(days("1000000 days ago"), "0001-01-01");
  EXPECT_EQ(days("9999 years ago"), "0001-01-01..0001-12-31");
}

TEST(DateText, OtherTextsAreNone) {
  for (const std::string_view text :
       {"", "tomorrow", "Today", "last", "last dai", "this monday", "3 days", "days ago",
        "-1 days ago", "3  days ago", "3 daysago", "2026-02-30", "last  week", "1e3 days ago"}) {
    EXPECT_EQ(days(text), "none") << text;
  }
}

TEST(DateText, IsWrittenAsItIsRead) {
  for (const std::string text : {"2026-01-14", "today", "yesterday", "2 days ago", "this week",
                                 "last quarter", "5 fortnights ago", "last friday"}) {
    EXPECT_EQ(to_string(*parse_date_text(text)), text);
  }
}

TEST(RangeEnd, IsADateOrATimeOnLocalClocks) {
  const Day day = *parse_date("2026-01-14");
  const auto time = [&](std::string_view text) {
    const std::optional<RangeEnd> end = parse_range_end(text);
    return end ? std::get<LocalTime>(*end) : LocalTime{};
  };
  constexpr std::int64_t kSecond = 1'000'000;
  EXPECT_EQ(parse_range_end("2026-01-14"), RangeEnd(day));
  EXPECT_EQ(parse_range_end("yesterday"), RangeEnd(RelativeDate{.ago = 1}));
  EXPECT_EQ(time("2026-01-14T06:05"), (LocalTime{day, (6 * 60 + 5) * 60 * kSecond}));
  EXPECT_EQ(time("2026-01-14 00:00:30"), (LocalTime{day, 30 * kSecond}));
  EXPECT_EQ(time("2026-01-14t23:59:59.9999999"), (LocalTime{day, 86'400 * kSecond - 1}));
  for (const std::string_view text :
       {"2026-01-14T", "2026-01-14T6:00", "2026-01-14T06", "2026-01-14T24:00", "2026-01-14T06:60",
        "2026-01-14T06:00:", "2026-01-14T06:00:60", "2026-01-14T06:00:00.", "2026-01-14T06:00Z",
        "2026-01-14T06:00+01:00", "2026-02-30T06:00", "06:00", "yesterday 06:00", ""}) {
    EXPECT_FALSE(parse_range_end(text)) << text;
  }
}

TEST(RangeEnd, IsWrittenAsItIsRead) {
  for (const std::string text :
       {"2026-01-14", "last friday", "2026-01-14T06:00", "2026-01-14T06:00:01",
        "2026-01-14T23:59:00.000001", "2026-01-14T00:00:59.500000"}) {
    EXPECT_EQ(to_string(*parse_range_end(text)), text);
  }
}

TEST(LastSpan, EndsToday) {
  const auto first_day = [](std::string_view text) {
    return to_string(
        days_of(*parse_last_span(text), *parse_date(kToday), WeekStart::kMonday).first);
  };
  EXPECT_EQ(first_day("1d"), "2026-01-14");
  EXPECT_EQ(first_day("30d"), "2025-12-16");
  EXPECT_EQ(first_day("2w"), "2026-01-05");
  EXPECT_EQ(first_day("1m"), "2026-01-01");
  EXPECT_EQ(first_day("3q"), "2025-07-01");
  EXPECT_EQ(first_day("2y"), "2025-01-01");
  for (const std::string_view text : {"", "d", "30", "30x", "30dd", "3 d"}) {
    EXPECT_FALSE(parse_last_span(text)) << text;
  }
}

}  // namespace
}  // namespace rollcall
