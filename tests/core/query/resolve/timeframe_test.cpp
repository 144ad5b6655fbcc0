#include "core/query/resolve/timeframe.h"

#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "core/catalog/series_catalog.h"
#include "core/query/text/date_text.h"
#include "core/time/time_zone.h"

namespace rollcall::testing {
namespace {

// Has a store with events from 2026-01-05 10:00 to 2026-01-14 10:00:00.5, in its own zone.
class TimeframeTest : public ::testing::Test {
 protected:
  explicit TimeframeTest(std::string zone_name = "UTC")
      : zone_(*TimeZone::find(zone_name)), catalog_(settings_) {
    settings_.time_zone = zone_name;
    known_until_ = at("2026-01-14", 10) + kUsPerSecond / 2;
  }

  static Day day(std::string_view text) { return *parse_date(text); }
  TimeUs at(std::string_view date, std::int64_t hour) const {
    return zone_.from_local(day(date), hour * kUsPerHour);
  }
  PlanContext context() const {
    return {settings_,    zone_,    catalog_, {day("2026-01-05"), day("2026-01-14")},
            known_until_, segments_};
  }
  PlanContext empty_context() const {
    return {settings_, zone_, catalog_, {}, std::nullopt, segments_};
  }

  Timeframe resolve(std::optional<AsOf> as_of) const {
    QueryCommon common;
    common.as_of = as_of;
    const auto timeframe = resolve_timeframe("active", common, context());
    EXPECT_TRUE(timeframe.ok()) << timeframe.status().to_string();
    return timeframe.ok() ? *timeframe : Timeframe{};
  }

  // Returns "from..to: first row..last row", by first days of periods.
  std::string range(QueryCommon common, Period period = Period::kDay) const {
    const Calendar calendar(period, settings_.week_start);
    const Timeframe timeframe = *resolve_timeframe("active", common, context());
    const auto resolved = resolve_range("active", common, context(), timeframe, calendar);
    if (!resolved.ok()) return resolved.status().message();
    const PeriodRange range = *resolved;
    std::string text = range.from + ".." + range.to + ": ";
    if (range.size() == 0) return text + "none";
    return text + to_string(calendar.first_day(range.first)) + ".." +
           to_string(calendar.first_day(range.last));
  }

  StoreSettings settings_;
  TimeZone zone_;
  SeriesCatalog catalog_;
  SegmentCatalog segments_;
  TimeUs known_until_ = 0;
};

class BerlinTimeframe : public TimeframeTest {
 protected:
  BerlinTimeframe() : TimeframeTest("Europe/Berlin") {}
};

TEST_F(TimeframeTest, AsOfIsTheLatestEventByDefault) {
  const Timeframe timeframe = resolve(std::nullopt);
  EXPECT_EQ(timeframe.as_of, "2026-01-14T10:00:00Z");
  EXPECT_EQ(timeframe.last_day, day("2026-01-14"));
  EXPECT_EQ(timeframe.last_ended_day, day("2026-01-13"));
  EXPECT_EQ(timeframe.data, (DayRange{day("2026-01-05"), day("2026-01-14")}));
  EXPECT_TRUE(timeframe.knows_all);
}

TEST_F(TimeframeTest, ADateIsItsLastSecond) {
  const Timeframe timeframe = resolve(day("2026-01-10"));
  EXPECT_EQ(timeframe.as_of, "2026-01-10T23:59:59Z");
  EXPECT_EQ(timeframe.last_ended_day, day("2026-01-10"));
  EXPECT_EQ(timeframe.data.last, day("2026-01-10"));
  EXPECT_FALSE(timeframe.knows_all);
  // These say the same instant otherwise, down to the resolution of a second.
  for (const TimeUs fraction : {TimeUs{0}, TimeUs{999'999}}) {
    EXPECT_EQ(resolve(at("2026-01-11", 0) - kUsPerSecond + fraction).last_ended_day,
              day("2026-01-10"));
  }
}

TEST_F(TimeframeTest, LaterThanTheData) {
  const Timeframe timeframe = resolve(at("2026-02-01", 12));
  EXPECT_EQ(timeframe.last_ended_day, day("2026-01-31"));
  EXPECT_EQ(timeframe.data.last, day("2026-01-14"));
  EXPECT_TRUE(timeframe.knows_all);
}

// It is that of the same question asked at that end.
TEST_F(TimeframeTest, UntilTheEndOfAnEarlierDay) {
  const Timeframe asked = resolve(std::nullopt);
  for (const char* date : {"2026-01-04", "2026-01-05", "2026-01-13"}) {
    const Timeframe found = timeframe_until(asked, day(date), context());
    const Timeframe expected = resolve(day(date));
    EXPECT_EQ(found.as_of, expected.as_of);
    EXPECT_EQ(found.as_of_time, expected.as_of_time);
    EXPECT_EQ(found.last_day, expected.last_day);
    EXPECT_EQ(found.last_ended_day, expected.last_ended_day);
    EXPECT_EQ(found.data, expected.data);
    EXPECT_EQ(found.knows_all, expected.knows_all);
  }
  // The 14th has not ended.
  EXPECT_EQ(timeframe_until(asked, day("2026-01-14"), context()).as_of, asked.as_of);
  EXPECT_EQ(timeframe_until(asked, day("2026-01-31"), context()).as_of, asked.as_of);
  EXPECT_TRUE(timeframe_until(resolve(day("2026-01-20")), day("2026-01-15"), context()).knows_all);
}

TEST_F(TimeframeTest, EarlierThanTheData) {
  const Timeframe timeframe = resolve(day("2025-12-31"));
  EXPECT_TRUE(timeframe.data.empty());
}

// Without history, that is.
TEST_F(TimeframeTest, MustNotCutThroughADay) {
  QueryCommon common;
  common.as_of = at("2026-01-10", 12);
  EXPECT_TRUE(cuts_day(common, context()));
  EXPECT_EQ(resolve_timeframe("churn", common, context())->as_of, "2026-01-10T12:00:00Z");
  settings_.history = false;
  common.as_of = at("2026-01-10", 12);
  EXPECT_EQ(
      resolve_timeframe("churn", common, context()).status().message(),
      "churn: as_of: must not cut through a day of which more may be known, as events are kept by "
      "day, found "
      "2026-01-10T12:00:00Z; the data go on to 2026-01-14T10:00:00Z: ask for the end of a day, "
      "such as \"2026-01-09\"");
  common.as_of = at("2026-01-14", 10) - kUsPerSecond;
  EXPECT_FALSE(resolve_timeframe("churn", common, context()).ok());
  common.as_of = at("2026-01-14", 10);  // the same second as the latest event
  EXPECT_TRUE(resolve_timeframe("churn", common, context()).ok());
}

TEST_F(TimeframeTest, EmptyStore) {
  const Timeframe timeframe = *resolve_timeframe("active", {}, empty_context());
  EXPECT_EQ(timeframe.as_of, "");
  QueryCommon common;
  common.from = day("2026-01-01");
  common.as_of = day("2026-01-31");
  const Timeframe asked = *resolve_timeframe("active", common, empty_context());
  EXPECT_EQ(asked.as_of, "2026-01-31T23:59:59Z");
  EXPECT_TRUE(asked.data.empty());
  const Calendar calendar(Period::kDay, WeekStart::kMonday);
  EXPECT_EQ(resolve_range("active", {}, empty_context(), timeframe, calendar)->size(), 0u);
  const PeriodRange range = *resolve_range("active", common, empty_context(), asked, calendar);
  EXPECT_EQ(range.size(), 0u);
  EXPECT_EQ(range.from, "2026-01-01");
  EXPECT_EQ(range.to, "2026-01-31");
}

TEST_F(TimeframeTest, WordsCountFromTheDayOfAsOf) {
  QueryCommon common;
  common.from = *parse_range_end("last monday");
  common.to = *parse_range_end("yesterday");
  EXPECT_EQ(range(common), "2026-01-12..2026-01-13: 2026-01-12..2026-01-13");
  common.as_of = day("2026-01-12");
  EXPECT_EQ(range(common), "2026-01-05..2026-01-11: 2026-01-05..2026-01-11");
  std::swap(common.from, common.to);
  EXPECT_EQ(range(common),
            "active: from: must not be later than to, found 2026-01-11 and 2026-01-05");
  // A longer unit stands for its first day at one end, and for its last at the other.
  QueryCommon week;
  week.from = week.to = *parse_range_end("last week");
  EXPECT_EQ(range(week), "2026-01-05..2026-01-11: 2026-01-05..2026-01-11");
  // As of a word, days count from the day of the latest event.
  EXPECT_EQ(resolve(std::get<RelativeDate>(*parse_range_end("yesterday"))).last_day,
            day("2026-01-13"));
}

TEST_F(TimeframeTest, RangesAreWidenedToWholePeriods) {
  EXPECT_EQ(range({}), "2026-01-05..2026-01-14: 2026-01-05..2026-01-14");
  EXPECT_EQ(range({}, Period::kWeek), "2026-01-05..2026-01-18: 2026-01-05..2026-01-12");
  EXPECT_EQ(range({}, Period::kMonth), "2026-01-01..2026-01-31: 2026-01-01..2026-01-01");
  QueryCommon common;
  common.from = day("2026-01-01");
  common.to = day("2026-03-01");
  EXPECT_EQ(range(common), "2026-01-01..2026-03-01: 2026-01-01..2026-01-14");
  EXPECT_EQ(range(common, Period::kWeek), "2025-12-29..2026-03-01: 2025-12-29..2026-01-12");
  EXPECT_EQ(range(common, Period::kQuarter), "2026-01-01..2026-03-31: 2026-01-01..2026-01-01");
  settings_.week_start = WeekStart::kSunday;
  EXPECT_EQ(range(common, Period::kWeek), "2025-12-28..2026-03-07: 2025-12-28..2026-01-11");
}

TEST_F(TimeframeTest, EmptyRanges) {
  QueryCommon common;
  common.from = day("2026-02-01");
  EXPECT_EQ(range(common), "2026-02-01..2026-01-14: none");
  common.from = std::nullopt;
  common.to = day("2026-01-01");
  EXPECT_EQ(range(common), "2026-01-05..2026-01-01: none");
}

TEST_F(TimeframeTest, Last) {
  using Unit = LastSpan::Unit;
  const auto last = [&](std::int32_t count, Unit unit, Period period = Period::kDay) {
    QueryCommon common;
    common.last = LastSpan{count, unit};
    return range(common, period);
  };
  EXPECT_EQ(last(1, Unit::kDay), "2026-01-14..2026-01-14: 2026-01-14..2026-01-14");
  EXPECT_EQ(last(30, Unit::kDay), "2025-12-16..2026-01-14: 2025-12-16..2026-01-14");
  EXPECT_EQ(last(2, Unit::kWeek), "2026-01-05..2026-01-14: 2026-01-05..2026-01-14");
  EXPECT_EQ(last(2, Unit::kMonth), "2025-12-01..2026-01-14: 2025-12-01..2026-01-14");
  EXPECT_EQ(last(2, Unit::kQuarter), "2025-10-01..2026-01-14: 2025-10-01..2026-01-14");
  EXPECT_EQ(last(2, Unit::kYear), "2025-01-01..2026-01-14: 2025-01-01..2026-01-14");
  EXPECT_EQ(last(3, Unit::kDay, Period::kMonth), "2026-01-01..2026-01-31: 2026-01-01..2026-01-01");
  EXPECT_EQ(last(36'600, Unit::kYear).substr(0, 10), "0001-01-01");
}

// The clocks of Berlin go forward on 2026-03-29 and back on 2026-10-25.
TEST_F(BerlinTimeframe, DaysOf23And25HoursEndAtTheirOwnLastSecond) {
  known_until_ = at("2026-11-30", 12);
  for (const std::string_view date : {"2026-03-29", "2026-10-25"}) {
    const Timeframe ended = resolve(day(date));
    EXPECT_EQ(ended.last_ended_day, day(date));
    EXPECT_EQ(resolve(zone_.start_of(day(date) + 1) - kUsPerSecond).last_ended_day, day(date));
  }
  EXPECT_EQ(resolve(day("2026-03-29")).as_of, "2026-03-29T23:59:59+02:00");
  EXPECT_EQ(resolve(day("2026-10-25")).as_of, "2026-10-25T23:59:59+01:00");
}

// On 2026-03-29, 01:00 UTC, 02:00 is followed by 03:00. The sets of hours begin before the range by
// as many as are needed, and end with as_of.
TEST_F(BerlinTimeframe, HoursAreTheDaysOfTheirAxis) {
  QueryCommon common;
  common.from = LocalTime{day("2026-03-29"), kUsPerHour + 1};
  common.to = day("2026-03-29");
  common.as_of = zone_.start_of(day("2026-03-29")) + 3 * kUsPerHour - kUsPerSecond;
  known_until_ = at("2026-03-29", 1) + 90 * kUsPerMinute;  // 03:30
  const Timeframe civil = *resolve_timeframe("active", common, context());
  const auto resolve = [&](ClockReach reach) {
    return *resolve_clock("active", common, context(), civil, Period::kHour, reach);
  };
  const ClockFrame frame = resolve({.periods_before = 2});
  EXPECT_EQ(frame.range.from, "2026-03-29T01:00+01:00");
  EXPECT_EQ(frame.range.to, "2026-03-29T23:59:59+02:00");
  EXPECT_FALSE(frame.range.has_ended);
  EXPECT_EQ(frame.range.first, 2);
  ASSERT_EQ(frame.range.size(), 2u);  // 01:00 and 03:00; as_of is 03:59:59
  EXPECT_EQ(to_string(std::get<ZonedTime>(frame.axis.key_of({3}))), "2026-03-29T03:00+02:00");
  EXPECT_EQ(frame.axis.day_of(at("2026-03-28", 23)), Day{0});
  EXPECT_EQ(frame.begin, at("2026-03-28", 23));
  EXPECT_EQ(frame.timeframe.data, (DayRange{Day{0}, Day{3}}));
  EXPECT_EQ(frame.timeframe.last_ended_day, Day{3});

  const ClockFrame all = resolve({.periods_before = 1, .all_before = true});
  EXPECT_EQ(all.timeframe.data, (DayRange{Day{-1}, Day{2}}));
  EXPECT_LT(all.begin, zone_.start_of(day("1970-01-01")));

  // A range that does not begin by as_of has no rows.
  common.from = LocalTime{day("2026-03-29"), 4 * kUsPerHour};
  EXPECT_EQ(resolve({}).range.size(), 0u);
}

TEST_F(TimeframeTest, MinutesOfManyYearsAreTooMany) {
  QueryCommon common;
  common.from = day("1900-01-01");
  const Timeframe civil = *resolve_timeframe("active", common, context());
  const auto resolve = [&](Period period) {
    return resolve_clock("active", common, context(), civil, period, {}).status().message();
  };
  EXPECT_EQ(resolve(Period::kHour), "");
  EXPECT_EQ(resolve(Period::kMinute),
            "active: too many cells: found 66289561 rows of 1 cells, allowed: 5000000 cells; "
            "narrow the range with from and to, or take longer periods");
}

TEST(CellCount, IsGuarded) {
  EXPECT_TRUE(check_cell_count("active", 5'000'000, 1).ok());
  EXPECT_TRUE(check_cell_count("active", 0, 1).ok());
  EXPECT_EQ(check_cell_count("retention", 10'000, 501).message(),
            "retention: too many cells: found 10000 rows of 501 cells, allowed: 5000000 cells; "
            "narrow the range with from and to, or take longer periods");
}

}  // namespace
}  // namespace rollcall::testing
