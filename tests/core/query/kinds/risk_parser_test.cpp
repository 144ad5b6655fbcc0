// Questions about users at risk and about promoters: what is read, and the exact words for what is
// not.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "rollcall/query.h"

namespace rollcall::testing {
namespace {

template <class Ask>
Ask parse_ask(std::string_view json) {
  const Result<Query> query = parse_query(json);
  EXPECT_TRUE(query.ok()) << json << "\n" << query.status().to_string();
  return query.ok() ? std::get<Ask>(query->ask) : Ask{};
}

std::string error(std::string_view json) {
  const Result<Query> query = parse_query(json);
  EXPECT_EQ(query.status().code(), StatusCode::kInvalidArgument) << json;
  return query.status().message();
}

TEST(RiskParser, AtRisk) {
  EXPECT_EQ(parse_ask<AtRiskQuery>(R"({"kind": "at_risk"})"), AtRiskQuery());
  const auto ask = parse_ask<AtRiskQuery>(
      R"q({"kind": "at_risk", "base": "did(*, 90d)", "period": "week",
          "rules": [{"name": "quiet", "segment": "not did(login, 3d)"}]})q");
  AtRiskQuery expected;
  expected.rules = {{"quiet", *parse_segment("not did(login, 3d)")}};
  expected.base = *parse_segment("did(*, 90d)");
  expected.period = Period::kWeek;
  EXPECT_EQ(ask, expected);
  EXPECT_EQ(parse_ask<AtRiskQuery>(R"({"kind": "at_risk", "period": null})"), AtRiskQuery());
}

TEST(RiskParser, AtRiskHasRulesByDefault) {
  const auto ask =
      parse_ask<AtRiskQuery>(R"({"kind": "at_risk", "features": ["export", "share"]})");
  const std::vector<AtRiskQuery::Rule> expected = {
      {"silent", *parse_segment("not did(*, 7d)")},
      {"declining", *parse_segment("declined(*, 7d, 0.5, 4)")},
      {"lapsed_export", *parse_segment("did(export, 60d) and not did(export, 14d)")},
      {"lapsed_share", *parse_segment("did(share, 60d) and not did(share, 14d)")}};
  EXPECT_EQ(ask.rules, expected);
  EXPECT_EQ(ask.base, *parse_segment("did(*, 30d)"));
  EXPECT_EQ(parse_ask<AtRiskQuery>(R"({"kind": "at_risk", "features": "export"})").rules,
            AtRiskQuery::usual_rules({"export"}));
}

TEST(RiskParser, Nps) {
  EXPECT_EQ(parse_ask<NpsQuery>(R"({"kind": "nps"})"), NpsQuery());
  NpsQuery ask;
  ask.event = {Selector::Names::kAnyOf, {"answer"}, {}};
  ask.period = Period::kMonth;
  ask.window_days = {90};
  EXPECT_EQ(parse_ask<NpsQuery>(
                R"({"kind": "nps", "event": "answer", "period": "month", "window_days": 90})"),
            ask);
  ask.window_days = {1, 36'600};
  EXPECT_EQ(parse_ask<NpsQuery>(R"({"kind": "nps", "event": "answer", "period": "month",
                                    "window_days": [1, 36600]})"),
            ask);
}

TEST(RiskParser, Errors) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"j({"kind": "at_risk", "rules": []})j",
       "at_risk: rules: must have at least one rule, found none"},
      {R"j({"kind": "at_risk", "rules": {"a": "did(*)"}})j",
       "at_risk: rules: must be a list of rules, found {\"a\":\"did(*)\"}"},
      {R"j({"kind": "at_risk", "rules": ["did(*)"]})j",
       "at_risk: rules[0]: must be an object such as {\"name\": \"quiet\", \"segment\": \"not "
       "did(*, 3d)\"}, found \"did(*)\""},
      {R"j({"kind": "at_risk", "rules": [{"name": "a"}]})j",
       "at_risk: rules[0]: missing field \"segment\", allowed: an object such as {\"name\": "
       "\"quiet\", \"segment\": \"not did(*, 3d)\"}"},
      {R"j({"kind": "at_risk", "rules": [{"name": 3, "segment": "did(*)"}]})j",
       "at_risk: rules[0]: name: must be a string, found 3"},
      {R"j({"kind": "at_risk", "rules": [{"name": "", "segment": "did(*)"}]})j",
       "at_risk: rules[0]: name: must not be empty"},
      {R"j({"kind": "at_risk", "rules": [{"name": "a", "segment": "did(*)"},
                                        {"name": "a", "segment": "did(b)"}]})j",
       "at_risk: rules[1]: name: must differ from those before, found \"a\""},
      {R"j({"kind": "at_risk", "rules": [{"name": "a", "segmet": "did(*)", "segment": "did(b)"}]})j",
       "at_risk: rules[0]: unknown field \"segmet\" (did you mean \"segment\"?), allowed: name, "
       "segment"},
      {R"j({"kind": "at_risk", "features": ["a", "a"]})j",
       "at_risk: rules[3]: name: must differ from those before, found \"lapsed_a\""},
      {R"j({"kind": "at_risk", "features": [], "period": "day"})j",
       "at_risk: features: must be a list of at least one string, found []"},
      {R"j({"kind": "at_risk", "features": "a", "rules": [{"name": "a", "segment": "did(*)"}]})j",
       "at_risk: features: go with the usual rules alone, found rules beside them"},
      {R"j({"kind": "at_risk", "period": "hour"})j",
       "at_risk: period: unknown period \"hour\", allowed: day, week, fortnight, month, quarter"},
      {R"j({"kind": "at_risk", "last": "30d"})j",
       "at_risk: takes no from, to or last: without a period, it is a view of one moment, as_of"},
      {R"j({"kind": "nps", "window_days": []})j",
       "nps: window_days: must have at least one number, found none"},
      {R"j({"kind": "nps", "window_days": [30, 7]})j",
       "nps: window_days: must ascend, found 7 after 30"},
      {R"j({"kind": "nps", "window_days": 0})j",
       "nps: window_days: must be a whole number from 1 to 36600, found 0"},
      {R"j({"kind": "nps", "window_days": "7d"})j",
       "nps: window_days: must be a whole number, or a list of them, found \"7d\""},
      {R"j({"kind": "nps", "period": "minute"})j",
       "nps: period: unknown period \"minute\", allowed: day, week, fortnight, month, quarter"},
  };
  for (const auto& [json, message] : cases) EXPECT_EQ(error(json), message) << json;
}

}  // namespace
}  // namespace rollcall::testing
