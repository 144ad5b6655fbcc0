// Questions about variants: what is read, and the exact words for what is not.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "rollcall/query.h"
#include "tests/core/query/kinds/parsed_question.h"

namespace rollcall::testing {
namespace {

TEST(CompareParser, ReadsEveryField) {
  CompareQuery ask;
  ask.variant = "group";
  EXPECT_EQ(parse_ask<CompareQuery>(
                R"({"kind": "compare", "variant": "group", "metric": {"retention_day": 1}})"),
            ask);
  ask.metric.from_day = 2;
  ask.metric.to_day = 7;
  ask.event = {Selector::Names::kAnyOf, {"visit"}, {}};
  ask.exposure = {Selector::Names::kAnyOf, {"assign"}, {}};
  ask.values = {"b", "a"};
  ask.control = "a";
  ask.split = {{"a", 1}, {"b", 0.5}};
  ask.aa = 1000;
  ask.seed = 7;
  EXPECT_EQ(parse_ask<CompareQuery>(
                R"({"kind": "compare", "variant": "group", "metric": {"window": [2, 7]},
                    "event": "visit", "exposure": "assign", "values": ["b", "a"], "control": "a",
                    "split": {"a": 1, "b": 0.5}, "aa": 1000, "seed": 7})"),
            ask);
  CompareQuery of_segments;
  of_segments.variants = {{"new", *parse_segment("first(*)")}, {"old", *parse_segment("did(*)")}};
  of_segments.metric = {.kind = CompareQuery::Metric::Kind::kValue,
                        .outcome = {Selector::Names::kAnyOf, {"order"}, {}},
                        .within = Length{std::int64_t{7} * 86'400'000'000}};
  EXPECT_EQ(parse_ask<CompareQuery>(
                R"q({"kind": "compare", "from": "2026-01-05", "variants": {"new": "first(*)",
                    "old": "did(*)"}, "metric": {"value": "order", "within": "7d"}})q"),
            of_segments);
}

TEST(CompareParser, Errors) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"kind": "compare", "variant": "group"})", "compare: missing field \"metric\""},
      {R"({"kind": "compare", "variant": "group", "metric": {"conversion": "order"}})",
       "compare: metric: missing field \"within\""},
      {R"({"kind": "compare", "variant": "group", "metric": {"retention_day": 1, "within": "1d"}})",
       "compare: metric: within: goes with \"conversion\", \"value\" and \"count\" alone"},
      {R"q({"kind": "compare", "variants": {"a": "did(*)", "b": "did(x)"}, "variant": "group",
           "metric": {"retention_day": 1}})q",
       "compare: variants: goes without \"variant\""},
      {R"({"kind": "compare", "variant": "group", "metric": {"window": [7, 2]}})",
       "compare: metric: window: must be a whole number from 7 to 36600, found 2"},
      {R"({"kind": "compare", "variant": "group", "metric": {"retention_day": 1}, "seed": 7})",
       "compare: seed: goes with \"aa\" alone"},
      {R"({"kind": "compare", "variant": "group", "metric": {"retention_day": 1}, "aa": 0})",
       "compare: aa: must be a whole number from 1 to 100000, found 0"},
      {R"({"kind": "compare", "variant": "group", "metric": {"retention_day": 1}, "aa": "many"})",
       "compare: aa: must be a whole number, found \"many\""},
      {R"({"kind": "compare", "variant": "group", "metric": {"retention_day": 1}, "aa": 10,
           "seed": -1})",
       "compare: seed: must be a whole number from 0 to 2147483647, found -1"},
  };
  for (const auto& [json, message] : cases) EXPECT_EQ(parse_error(json), message) << json;
}

}  // namespace
}  // namespace rollcall::testing
