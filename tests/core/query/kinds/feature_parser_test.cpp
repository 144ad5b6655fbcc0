// Questions about features and early events: what is read, and the exact words for what is not.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "rollcall/query.h"
#include "tests/core/query/kinds/parsed_question.h"

namespace rollcall::testing {
namespace {

TEST(FeatureParser, Adoption) {
  AdoptionQuery ask;
  ask.features = {{Selector::Names::kAnyOf, {"search"}, {}}, {}};
  EXPECT_EQ(parse_ask<AdoptionQuery>(R"({"kind": "adoption", "features": ["search", "*"]})"), ask);
  ask.period = Period::kWeek;
  EXPECT_EQ(parse_ask<AdoptionQuery>(
                R"({"kind": "adoption", "features": ["search", null], "period": "week"})"),
            ask);
}

TEST(FeatureParser, Aha) {
  EXPECT_EQ(parse_ask<AhaQuery>(R"({"kind": "aha"})"), AhaQuery());
  AhaQuery ask;
  ask.cohort_event = {Selector::Names::kAnyOf, {"signup"}, {}};
  ask.return_event = {Selector::Names::kNoneOf, {"ping"}, {}};
  ask.within = Length{86'400'000'000};
  ask.candidates = {{Selector::Names::kAnyOf, {"invite"}, {}}};
  ask.at_least = {1, 4};
  ask.from_day = 2;
  ask.to_day = 2;
  EXPECT_EQ(parse_ask<AhaQuery>(
                R"({"kind": "aha", "cohort_event": "signup", "return_event": {"not_event": "ping"},
                    "within": "1d", "candidates": ["invite"], "at_least": [1, 4], "from_day": 2,
                    "to_day": 2})"),
            ask);
}

TEST(FeatureParser, Errors) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"kind": "adoption"})", "adoption: features: must be 1 to 1000 events, found 0"},
      {R"({"kind": "adoption", "features": "search"})",
       "adoption: features: must be a list of events, found \"search\""},
      {R"({"kind": "adoption", "features": ["a", "b", {"event": "a"}]})",
       "adoption: features[2]: must be another event than features[0], found \"a\" twice"},
      {R"({"kind": "adoption", "features": ["a", {"event": []}]})",
       "adoption: features[1]: event: must be a list of at least one string, found []"},
      {R"({"kind": "adoption", "features": ["a"], "period": "hour"})",
       "adoption: period: unknown period \"hour\", allowed: day, week, fortnight, month, quarter"},
      {R"({"kind": "aha", "within": "0s"})", "aha: within: must be longer than 0s, found 0s"},
      {R"({"kind": "aha", "candidates": []})",
       "aha: candidates: must be a list of events, found an empty one (allowed: without this "
       "field, "
       "each name of the store is tried)"},
      {R"({"kind": "aha", "candidates": ["a", "a"]})",
       "aha: candidates[1]: must be another event than candidates[0], found \"a\" twice"},
      {R"({"kind": "aha", "at_least": 3})",
       "aha: at_least: must be a list of whole numbers, found 3"},
      {R"({"kind": "aha", "at_least": []})", "aha: at_least: must be a number or more, found none"},
      {R"({"kind": "aha", "at_least": [0]})",
       "aha: at_least: a number: must be a whole number from 1 to 2147483647, found 0"},
      {R"({"kind": "aha", "at_least": [3, 3]})", "aha: at_least: must ascend, found 3 after 3"},
      {R"({"kind": "aha", "from_day": 0})",
       "aha: from_day: must be a whole number from 1 to 36600, found 0"},
      {R"({"kind": "aha", "from_day": 7})",
       "aha: from_day: must be at least 8 with within \"7d\", as an event in that time would count "
       "as coming back itself, found 7"},
      {R"({"kind": "aha", "within": "1h", "from_day": 1})",
       "aha: from_day: must be at least 2 with within \"1h\", as an event in that time would count "
       "as coming back itself, found 1"},
      {R"({"kind": "aha", "to_day": 7})",
       "aha: to_day: must be a whole number from 8 to 36600, found 7"},
  };
  for (const auto& [json, message] : cases) EXPECT_EQ(parse_error(json), message) << json;
}

}  // namespace
}  // namespace rollcall::testing
