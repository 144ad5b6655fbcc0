// This tests that the records of the log make up the states they were made of.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rollcall/alert_states.h"
#include "tests/storage/temporary_directory.h"

namespace rollcall::testing {
namespace {

using Records = std::vector<std::string>;

const AlertSeries kAds = {{"channel", "ads"}, {"x", std::nullopt}};

AlertSeriesState state(const AlertSeries& series, AlertState judged) {
  return {.series = series,
          .judged = judged,
          .is_stale = judged == AlertState::kPending,
          .run = 2,
          .last_begin_us = 5,
          .last_end_us = 6,
          .date = "2026-01-01",
          .value = 0.1,
          .since_us = 7};
}

AlertChange change(TimeUs at_us) {
  return {.at_us = at_us,
          .series = kAds,
          .from = AlertState::kStale,
          .to = AlertState::kFiring,
          .date = "2026-01-01",
          .value = 1.0 / 3,
          .reference = -2,
          .users = 9};
}

AlertDelivery delivery(const std::string& id) {
  return {.id = id, .target = 1, .body = "{\"a\": \"\\u001b\"}", .made_us = 8, .tries = 0};
}

AlertStates read(const Records& records) {
  const Result<AlertStates> states = AlertStates::read(records);
  EXPECT_TRUE(states.ok()) << states.status().to_string();
  return states.ok() ? *states : AlertStates();
}

Records some_records() {
  const AlertSeriesState series[] = {state({}, AlertState::kOk), state(kAds, AlertState::kPending)};
  const AlertChange changes[] = {change(1), change(2)};
  const AlertDelivery deliveries[] = {delivery("a"), delivery("b")};
  return {alert_enabled("low \"x\"\n", R"({"a": 1})", 3),
          alert_judged("low \"x\"\n", series, changes, deliveries),
          alerts_checked({"low \"x\"\n", "unknown"}, 4), alert_enabled("other", "{}", 5),
          alert_failed("other", AlertFailure{6, "why"}, {})};
}

TEST(AlertStates, AreTheSumOfTheRecords) {
  const AlertStates states = read(some_records());
  const AlertRecord* const record = states.find("low \"x\"\n", R"({"a": 1})");
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->enabled_us, 3);
  EXPECT_EQ(record->checked_us, 4);
  EXPECT_EQ(record->series,
            (std::vector{state({}, AlertState::kOk), state(kAds, AlertState::kPending)}));
  EXPECT_EQ(record->changes, (std::vector{change(1), change(2)}));
  EXPECT_EQ(record->deliveries, (std::vector{delivery("a"), delivery("b")}));
  EXPECT_FALSE(record->failure);
  EXPECT_EQ(states.find("other", "{}")->failure, (AlertFailure{6, "why"}));
}

TEST(AlertStates, CanBeWrittenAnew) {
  const AlertStates states = read(some_records());
  EXPECT_EQ(states.records().size(), 2u);
  EXPECT_EQ(read(states.records()), states);
}

TEST(AlertStates, AnotherDefinitionIsOff) {
  const AlertStates states = read(some_records());
  EXPECT_EQ(states.find("other", "{ }"), nullptr);
  EXPECT_EQ(states.find("unknown", "{}"), nullptr);
}

TEST(AlertStates, EnablingAgainForgetsTheStates) {
  Records records = some_records();
  records.push_back(alert_enabled("other", "{}", 9));
  EXPECT_EQ(*read(records).find("other", "{}"), (AlertRecord{.definition = "{}", .enabled_us = 9}));
  records.push_back(alert_off("other"));
  EXPECT_EQ(read(records).find("other", "{}"), nullptr);
  // What comes after it was switched off says nothing.
  records.push_back(alert_judged("other", std::vector{state({}, AlertState::kOk)}, {}, {}));
  EXPECT_EQ(read(records).find("other", "{}"), nullptr);
}

TEST(AlertStates, OneSeriesTakesThePlaceOfItsOwnState) {
  Records records = some_records();
  records.push_back(
      alert_judged("low \"x\"\n", std::vector{state(kAds, AlertState::kFiring)}, {}, {}));
  EXPECT_EQ(read(records).find("low \"x\"\n", R"({"a": 1})")->series,
            (std::vector{state({}, AlertState::kOk), state(kAds, AlertState::kFiring)}));
}

TEST(AlertStates, AFailureEnds) {
  Records records = some_records();
  records.push_back(alert_failed("other", std::nullopt, {}));
  EXPECT_FALSE(read(records).find("other", "{}")->failure);
}

TEST(AlertStates, DeliveriesAreTriedAndDone) {
  Records records = some_records();
  AlertDelivery tried = delivery("b");
  tried.tries = 2;
  tried.not_before_us = 99;
  records.push_back(delivery_tried("low \"x\"\n", tried));
  records.push_back(delivery_done("low \"x\"\n", "a"));
  records.push_back(delivery_done("low \"x\"\n", "unknown"));
  EXPECT_EQ(read(records).find("low \"x\"\n", R"({"a": 1})")->deliveries, std::vector{tried});
}

TEST(AlertStates, KeepsSoManyChangesAndDeliveries) {
  Records records = {alert_enabled("a", "{}", 0)};
  for (int i = 0; i < 500; ++i) {
    records.push_back(
        alert_judged("a", {}, std::vector{change(i)}, std::vector{delivery(std::to_string(i))}));
  }
  const AlertStates states = read(records);
  const AlertRecord& record = *states.find("a", "{}");
  ASSERT_EQ(record.changes.size(), AlertRecord::kChangesMax);
  EXPECT_EQ(record.changes.back().at_us, 499);
  ASSERT_EQ(record.deliveries.size(), AlertRecord::kDeliveriesMax);
  EXPECT_EQ(record.deliveries.back().id, "499");
  EXPECT_EQ(read(states.records()), states);
}

TEST(AlertStates, RefusesWhatIsNoRecord) {
  for (const char* const record :
       {"", "{", "[]", "{}", R"({"alert": 5})", R"({"alert": "a", "enabled": 1, "at": 0})",
        R"({"alert": "a", "enabled": "{}", "at": 0, "series": [{}]})"}) {
    EXPECT_EQ(AlertStates::read(Records{record}).status().code(), StatusCode::kCorruption)
        << record;
  }
}

TEST(AlertStates, TheLogIsWrittenAnewWhenItGrows) {
  const TemporaryDirectory directory(directory_in_memory());
  AlertLog log = *AlertLog::open(directory.path());
  AlertStates states;
  ASSERT_TRUE(add_records(log, states, some_records()).ok());
  std::uint64_t most = 0;
  bool has_shrunk = false;
  const Records checked = {alerts_checked({"other", std::string(1000, 'x')}, 4)};
  for (int i = 0; i < 1500; ++i) {
    ASSERT_TRUE(add_records(log, states, checked).ok());
    has_shrunk |= log.bytes() < most;
    most = std::max(most, log.bytes());
  }
  EXPECT_TRUE(has_shrunk);
  EXPECT_LT(most, std::uint64_t{1200} << 10);
  EXPECT_EQ(read(log.records()), states);
}

TEST(AlertStates, WritesInstants) {
  EXPECT_EQ(utc_text(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(utc_text(1'767'225'599'999'999), "2025-12-31T23:59:59Z");
  EXPECT_EQ(utc_text(-1), "1969-12-31T23:59:59Z");
}

}  // namespace
}  // namespace rollcall::testing
