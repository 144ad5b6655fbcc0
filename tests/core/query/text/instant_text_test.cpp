#include "core/query/text/instant_text.h"

#include <gtest/gtest.h>

#include <string>

#include "core/time/calendar.h"
#include "core/time/time_zone.h"

namespace rollcall::testing {
namespace {

TEST(InstantText, Forms) {
  const Day day = *parse_date("2026-01-31");
  const std::int64_t evening_us = ((23 * 60 + 59) * 60 + 58) * kUsPerSecond;

  for (const std::string text :
       {"2026-01-31 23:59:58", "2026-01-31T23:59:58", "2026-01-31t23:59:58.000"}) {
    const auto instant = parse_instant(text);
    ASSERT_TRUE(instant) << text;
    EXPECT_EQ(instant->day, day);
    EXPECT_EQ(instant->us_of_day, evening_us);
    EXPECT_EQ(instant->offset_us, std::nullopt);
  }
  EXPECT_EQ(parse_instant("2026-01-31T23:59:58Z")->offset_us, 0);
  EXPECT_EQ(parse_instant("2026-01-31 23:59:58+05:30")->offset_us,
            (5 * 60 + 30) * 60 * kUsPerSecond);
  EXPECT_EQ(parse_instant("2026-01-31T23:59:58-00:30")->offset_us, -30 * 60 * kUsPerSecond);
  EXPECT_EQ(parse_instant("2026-01-31T23:59:58.5Z")->us_of_day, evening_us + 500'000);
  EXPECT_EQ(parse_instant("2026-01-31T23:59:58.123456789Z")->us_of_day, evening_us + 123'456);
}

TEST(InstantText, WhatIsNone) {
  for (const std::string text :
       {"", "2026-01-31", "2026-01-31T", "2026-01-31T23:59", "2026-01-31T24:00:00Z",
        "2026-01-31T23:60:00Z", "2026-01-31T23:59:60Z", "2026-02-30T00:00:00Z",
        "2026-01-31T23:59:58.Z", "2026-01-31T23:59:58+5:30", "2026-01-31T23:59:58+05:60",
        "2026-01-31T23:59:58Zulu", "2026-01-31T23:59:58 Z", "2026-01-31x23:59:58",
        "2026-01-31T23:59:5"}) {
    EXPECT_FALSE(parse_instant(text)) << text;
  }
}

TEST(InstantText, Format) {
  EXPECT_EQ(format_instant(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_instant(-1), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(format_instant(1'500'000), "1970-01-01T00:00:01.500000Z");
  EXPECT_EQ(format_instant(kDayMin.value * kUsPerDay), "0001-01-01T00:00:00Z");
}

}  // namespace
}  // namespace rollcall::testing
