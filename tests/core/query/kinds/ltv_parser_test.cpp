// Questions about what users are worth: how they are read, and what is refused.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "rollcall/query.h"
#include "tests/core/query/kinds/parsed_question.h"

namespace rollcall::testing {
namespace {

TEST(LtvParser, ReadsEveryField) {
  EXPECT_EQ(parse_ask<LtvQuery>(R"({"kind": "ltv"})"), LtvQuery());
  LtvQuery ask;
  ask.cohort_event = {Selector::Names::kAnyOf, {"signup"}, {}};
  ask.value_event = {Selector::Names::kNoneOf, {"gift"}, {}};
  ask.cohort = LtvQuery::Cohort::kFirstInRange;
  ask.period = Period::kWeek;
  ask.summary = LtvQuery::Summary::kMean;
  ask.horizons = {0, 30};
  const auto with_cost = [](const std::string& cost) {
    return parse_ask<LtvQuery>(R"({"kind": "ltv", "cohort_event": "signup", "period": "week",
        "value_event": {"not_event": "gift"}, "cohort": "first_in_range", "summary": "mean",
        "horizons": [0, 30])" + cost +
                               "}");
  };
  EXPECT_EQ(with_cost(""), ask);
  ask.cost = LtvQuery::CostPerUser{"1.80"};
  EXPECT_EQ(with_cost(R"(, "cost": {"per_user": "1.80"})"), ask);
  EXPECT_EQ(with_cost(R"(, "cost": {"per_user": 1.80})"), ask);
  ask.cost = LtvQuery::CostByValue{{{"ads", "1.80"}, {"", "0"}}};
  EXPECT_EQ(with_cost(R"(, "cost": {"per_user": {"ads": "1.80", "": 0}})"), ask);
  ask.cost = LtvQuery::CostOfEvents{{Selector::Names::kAnyOf, {"spend"}, {}}};
  EXPECT_EQ(with_cost(R"(, "cost": {"event": "spend"})"), ask);
}

TEST(LtvParser, CountsMayTellPayers) {
  EXPECT_FALSE(parse_ask<CountsQuery>(R"({"kind": "counts"})").payers);
  EXPECT_TRUE(parse_ask<CountsQuery>(R"({"kind": "counts", "payers": true})").payers);
}

TEST(LtvParser, RefusesWrongValues) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"kind": "ltv", "cohort": "recurring"})",
       "ltv: cohort: unknown cohort \"recurring\", allowed: first_ever, first_in_range"},
      {R"({"kind": "ltv", "horizons": "each"})",
       "ltv: horizons: must be a list of whole numbers, found \"each\""},
      {R"({"kind": "ltv", "horizons": []})", "ltv: horizons: must have a day at least, found []"},
      {R"({"kind": "ltv", "horizons": [7, 1]})", "ltv: horizons: must ascend, found 1 after 7"},
      {R"({"kind": "ltv", "cost": {}})",
       "ltv: cost: must be {\"per_user\": \"1.80\"}, {\"per_user\": {\"ads\": \"1.80\"}} by the "
       "value of the breakdown, or {\"event\": \"spend\"}, found {}"},
      {R"({"kind": "ltv", "cost": {"per_user": "-0.01"}})",
       "ltv: cost: per_user: must be a decimal number not below 0 such as \"1.80\", found "
       "\"-0.01\""},
      {R"({"kind": "ltv", "cost": {"per_user": {"ads": null}}})",
       "ltv: cost: per_user: ads: must be a decimal number not below 0 such as \"1.80\", found "
       "null"},
      {R"({"kind": "ltv", "cost": {"per_user": {}}})",
       "ltv: cost: per_user: must be an amount, or an object such as {\"ads\": \"1.80\"}, found "
       "{}"},
      {R"({"kind": "ltv", "cost": {"event": {"event": []}}})",
       "ltv: cost: event: event: must be a list of at least one string, found []"},
  };
  for (const auto& [json, message] : cases) {
    EXPECT_EQ(parse_query(json).status().message(), message) << json;
  }
}

}  // namespace
}  // namespace rollcall::testing
