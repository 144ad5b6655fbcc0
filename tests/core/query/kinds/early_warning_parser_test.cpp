// Questions of early warning and of promoters as people write them.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "rollcall/query.h"
#include "tests/core/query/kinds/parsed_question.h"

namespace rollcall::testing {
namespace {

TEST(EarlyWarningParser, Rules) {
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

TEST(EarlyWarningParser, UsualRules) {
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

TEST(EarlyWarningParser, Nps) {
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

TEST(EarlyWarningParser, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {R"q({"kind": "at_risk", "rules": []})q",
       "at_risk: rules: must have at least one rule, found none"},
      {R"q({"kind": "at_risk", "rules": 3})q", "at_risk: rules: must be a list of rules, found 3"},
      {R"q({"kind": "at_risk", "rules": ["did(*)"]})q",
       "at_risk: rules[0]: must be an object such as {\"name\": \"quiet\", \"segment\": \"not "
       "did(*, 3d)\"}, found \"did(*)\""},
      {R"q({"kind": "at_risk", "rules": [{"name": "a"}]})q",
       "at_risk: rules[0]: missing field \"segment\", allowed: an object such as {\"name\": "
       "\"quiet\", \"segment\": \"not did(*, 3d)\"}"},
      {R"q({"kind": "at_risk", "rules": [{"name": 3, "segment": "did(*)"}]})q",
       "at_risk: rules[0]: name: must be a string, found 3"},
      {R"q({"kind": "at_risk", "rules": [{"name": "", "segment": "did(*)"}]})q",
       "at_risk: rules[0]: name: must not be empty"},
      {R"q({"kind": "at_risk", "rules": [{"name": "a", "segment": "did(*)"},
                                         {"name": "a", "segment": "did(b)"}]})q",
       "at_risk: rules[1]: name: must differ from those before, found \"a\""},
      {R"q({"kind": "at_risk",
            "rules": [{"name": "a", "segmet": "did(*)", "segment": "did(b)"}]})q",
       "at_risk: rules[0]: unknown field \"segmet\" (did you mean \"segment\"?), allowed: name, "
       "segment"},
      {R"q({"kind": "at_risk", "features": ["a", "a"]})q",
       "at_risk: rules[3]: name: must differ from those before, found \"lapsed_a\""},
      {R"q({"kind": "at_risk", "features": [], "period": "day"})q",
       "at_risk: features: must be a list of at least one string, found []"},
      {R"q({"kind": "at_risk", "features": "a",
            "rules": [{"name": "a", "segment": "did(*)"}]})q",
       "at_risk: features: go with the usual rules alone, found rules beside them"},
      {R"q({"kind": "at_risk", "period": "hour"})q",
       "at_risk: period: unknown period \"hour\", allowed: day, week, fortnight, month, quarter"},
      {R"q({"kind": "at_risk", "last": "30d"})q",
       "at_risk: takes no from, to or last: without a period, it is a view of one moment, as_of"},
      {R"q({"kind": "nps", "window_days": []})q",
       "nps: window_days: must have at least one number, found none"},
      {R"q({"kind": "nps", "window_days": [30, 7]})q",
       "nps: window_days: must ascend, found 7 after 30"},
      {R"q({"kind": "nps", "window_days": 0})q",
       "nps: window_days: must be a whole number from 1 to 36600, found 0"},
      {R"q({"kind": "nps", "window_days": "7d"})q",
       "nps: window_days: must be a whole number, or a list of them, found \"7d\""},
      {R"q({"kind": "nps", "period": "hour"})q",
       "nps: period: unknown period \"hour\", allowed: day, week, fortnight, month, quarter"}};
  for (const auto& [json, message] : cases) {
    EXPECT_EQ(parse_query(json).status().message(), message) << json;
  }
}

}  // namespace
}  // namespace rollcall::testing
