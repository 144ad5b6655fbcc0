// This tests which cells of an answer an alert looks at, and when they begin and end.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "rollcall/alert.h"
#include "tests/support/times.h"

namespace rollcall::testing {
namespace {

constexpr TimeUs kHourUs = TimeUs{3'600} * 1'000'000;
constexpr Day kMay1{17'287};  // 2017-05-01, a Monday

AlertDefinition definition(const std::string& column = "users") {
  AlertDefinition definition;
  definition.column = column;
  return definition;
}

QueryResult daily(const std::string& period = "day") {
  QueryResult answer;
  answer.definition = {{"event", "\"week\""}, {"period", '"' + period + '"'}};
  answer.as_of = "2017-05-02T23:59:59Z";
  answer.columns = {{"date", ColumnType::kDate},
                    {"users", ColumnType::kCount},
                    {"ratio", ColumnType::kRatio},
                    {"value", ColumnType::kDecimal},
                    {"complete", ColumnType::kBool}};
  answer.rows = {{kMay1, std::int64_t{7}, 0.5, std::string("12.50"), true},
                 {kMay1 + 1, std::int64_t{3}, Cell(), Cell(), false}};
  return answer;
}

std::vector<AlertCell> cells(const AlertDefinition& definition, const QueryResult& answer) {
  const Result<std::vector<AlertCell>> found = alert_cells(definition, answer);
  EXPECT_TRUE(found.ok()) << found.status().to_string();
  return found.ok() ? *found : std::vector<AlertCell>();
}

std::string refusal(const AlertDefinition& definition, const QueryResult& answer) {
  return alert_cells(definition, answer).status().to_string();
}

TEST(AlertCells, TakesTheColumnAndTheFirstCount) {
  const auto users = cells(definition(), daily());
  ASSERT_EQ(users.size(), 2u);
  EXPECT_EQ(users[0].value, 7);
  EXPECT_EQ(users[0].date, "2017-05-01");
  EXPECT_TRUE(users[0].complete);
  EXPECT_FALSE(users[1].complete);
  EXPECT_TRUE(users[0].series.empty());
  const auto ratio = cells(definition("ratio"), daily());
  EXPECT_EQ(ratio[0].value, 0.5);
  EXPECT_EQ(ratio[0].users, 7);
  EXPECT_FALSE(ratio[1].value);
  EXPECT_EQ(cells(definition("value"), daily())[0].value, 12.5);
}

TEST(AlertCells, KnowWhenTheirPeriodsEnd) {
  for (const auto& [period, days] : std::vector<std::pair<std::string, int>>{
           {"day", 1}, {"week", 7}, {"fortnight", 14}, {"month", 31}, {"quarter", 92}}) {
    const AlertCell cell = cells(definition(), daily(period))[0];
    EXPECT_EQ(cell.begin_us, kMay1.value * kDayUs) << period;
    // The quarter is taken from its first day on.
    EXPECT_EQ(cell.next_us, (kMay1.value + days) * kDayUs) << period;
    EXPECT_EQ(cell.end_us, cell.next_us) << period;
  }
  QueryResult answer = daily();
  answer.definition = {{"rule", R"({"period": "month", "count": 1})"}};
  EXPECT_EQ(cells(definition(), answer)[0].next_us, (kMay1.value + 31) * kDayUs);
}

TEST(AlertCells, EndByLocalClocks) {
  QueryResult answer = daily();
  answer.as_of = "2017-05-02T23:59:59+09:00";
  EXPECT_EQ(cells(definition(), answer)[0].end_us, (kMay1.value + 1) * kDayUs - 9 * kHourUs);
  answer.as_of = "2017-05-02T23:59:59-03:30";
  EXPECT_EQ(cells(definition(), answer)[0].end_us, (kMay1.value + 1) * kDayUs + 7 * kHourUs / 2);
}

TEST(AlertCells, MayBeHours) {
  QueryResult answer = daily("hour");
  answer.columns[0].type = ColumnType::kTime;
  answer.rows[0][0] = ZonedTime{5 * kHourUs, 60};
  answer.rows.pop_back();
  const AlertCell cell = cells(definition(), answer)[0];
  EXPECT_EQ(cell.begin_us, 5 * kHourUs);
  EXPECT_EQ(cell.end_us, 6 * kHourUs);
  EXPECT_EQ(cell.date, "1970-01-01T06:00+01:00");
}

QueryResult by_channel() {
  QueryResult answer = daily();
  answer.columns.insert(answer.columns.begin(), {"channel", ColumnType::kString});
  answer.rows[0].insert(answer.rows[0].begin(), std::string("ads"));
  answer.rows[1].insert(answer.rows[1].begin(), Cell());
  answer.pivot = Pivot{.rows = {"channel"}, .column = "date", .cells = "users"};
  return answer;
}

TEST(AlertCells, HaveTheOtherKeysAsSeries) {
  const auto found = cells(definition(), by_channel());
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].series, (AlertSeries{{"channel", "ads"}}));
  EXPECT_EQ(found[1].series, (AlertSeries{{"channel", std::nullopt}}));
}

TEST(AlertCells, WhereFixesAKey) {
  AlertDefinition one = definition();
  one.where = {{"channel", "ads"}};
  ASSERT_EQ(cells(one, by_channel()).size(), 1u);
  EXPECT_EQ(cells(one, by_channel())[0].date, "2017-05-01");
  one.where = {{"channel", std::nullopt}};
  ASSERT_EQ(cells(one, by_channel()).size(), 1u);
  EXPECT_EQ(cells(one, by_channel())[0].date, "2017-05-02");
  one.where = {{"channel", "seo"}};
  EXPECT_TRUE(cells(one, by_channel()).empty());
}

// A retention table has a count between its keys, and sums without a date.
TEST(AlertCells, LeavesOutRowsWithoutADate) {
  QueryResult answer = daily();
  answer.columns = {{"cohort", ColumnType::kDate},
                    {"size", ColumnType::kCount},
                    {"period", ColumnType::kInt},
                    {"rate", ColumnType::kRatio},
                    {"complete", ColumnType::kBool}};
  answer.rows = {{kMay1, std::int64_t{100}, std::int64_t{1}, 0.25, true},
                 {Cell(), std::int64_t{100}, std::int64_t{1}, 0.25, true}};
  answer.pivot = Pivot{.rows = {"cohort"}, .size = "size", .column = "period", .cells = "rate"};
  const auto found = cells(definition("rate"), answer);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].series, (AlertSeries{{"period", "1"}}));
  EXPECT_EQ(found[0].users, 100);
}

TEST(AlertCells, WithoutDatesAreOfTheAnswersInstant) {
  QueryResult answer;
  answer.as_of = "2017-05-02T01:00:00+01:00";
  answer.columns = {{"step", ColumnType::kInt}, {"users", ColumnType::kCount}};
  answer.rows = {{std::int64_t{1}, std::int64_t{9}}, {std::int64_t{2}, std::int64_t{4}}};
  const auto found = cells(definition(), answer);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[1].series, (AlertSeries{{"step", "2"}}));
  EXPECT_EQ(found[1].begin_us, (kMay1.value + 1) * kDayUs);
  EXPECT_EQ(found[1].date, answer.as_of);
  EXPECT_TRUE(found[1].complete);  // there is no such column
}

TEST(AlertCells, RefusesWhatTheAnswerHasNot) {
  EXPECT_EQ(refusal(definition("user"), daily()),
            "invalid argument: alert: column: unknown number \"user\" (did you mean \"users\"?), "
            "allowed: users, ratio, value");
  EXPECT_EQ(refusal(definition("date"), daily()),
            "invalid argument: alert: column: unknown number \"date\", "
            "allowed: users, ratio, value");
  AlertDefinition other = definition();
  other.where = {{"date", "2017-05-01"}};
  EXPECT_EQ(refusal(other, by_channel()),
            "invalid argument: alert: where: unknown key column \"date\", allowed: channel");
  QueryResult no_count = daily();
  no_count.columns[1].type = ColumnType::kInt;
  no_count.pivot = Pivot{.rows = {"date"}};
  other = definition("ratio");
  other.min_users = 1;
  EXPECT_EQ(refusal(other, no_count),
            "invalid argument: alert: min_users: the answer has no count (allowed: with one that "
            "has)");
}

TEST(AlertCells, RefusesChangesThatCannotBeTold) {
  AlertDefinition change = definition();
  change.condition = {.test = AlertCondition::Test::kChange,
                      .bound = 1,
                      .reference = AlertCondition::Reference::kWeekBefore};
  EXPECT_TRUE(alert_cells(change, daily("week")).ok());
  EXPECT_EQ(refusal(change, daily("month")),
            "invalid argument: alert: condition: against: a month has none that began seven days "
            "before (allowed: previous, mean_of)");
  QueryResult undated = daily();
  undated.columns[0] = {"step", ColumnType::kInt};
  EXPECT_EQ(refusal(change, undated),
            "invalid argument: alert: condition: change: the answer has no dates to compare "
            "(allowed: below, above)");
}

TEST(AlertCells, RefusesTooManySeries) {
  QueryResult answer = by_channel();
  const auto row = answer.rows[0];
  for (std::size_t i = 0; i < AlertDefinition::kSeriesMax; ++i) {
    answer.rows.push_back(row);
    answer.rows.back()[0] = std::to_string(i);
  }
  EXPECT_EQ(alert_cells(definition(), answer).status().code(), StatusCode::kResourceExhausted);
  AlertDefinition one = definition();
  one.where = {{"channel", "5"}};
  EXPECT_EQ(cells(one, answer).size(), 1u);
}

}  // namespace
}  // namespace rollcall::testing
