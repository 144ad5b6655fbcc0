// Comparisons as people write them: what is read, and the exact words for what is not.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "rollcall/query.h"

namespace rollcall::testing {
namespace {

std::string error(std::string_view json) {
  const Result<Query> query = parse_query(json);
  EXPECT_FALSE(query.ok()) << json;
  return query.status().message();
}

template <class Ask>
Ask parse_ask(std::string_view json) {
  const Result<Query> query = parse_query(json);
  EXPECT_TRUE(query.ok()) << json << "\n" << query.status().to_string();
  return query.ok() ? std::get<Ask>(query->ask) : Ask{};
}

TEST(CompareParser, ReadsEveryField) {
  using Metric = CompareQuery::Metric;
  CompareQuery ask;
  ask.metric.from_day = ask.metric.to_day = 7;
  EXPECT_EQ(parse_ask<CompareQuery>(R"({"kind": "compare", "metric": {"retention_day": 7}})"), ask);
  ask.metric.from_day = 1;
  ask.event.match = Selector::Names::kAnyOf;
  ask.event.names = {"play"};
  ask.exposure.match = Selector::Names::kAnyOf;
  ask.exposure.names = {"assign"};
  ask.variant = "group";
  ask.values = {"b", "a"};
  ask.control = "a";
  ask.split = {{"a", 0.25}, {"b", 3}};
  EXPECT_EQ(parse_ask<CompareQuery>(
                R"({"kind": "compare", "metric": {"window": [1, 7]}, "event": "play",
                    "exposure": "assign", "variant": "group", "values": ["b", "a"],
                    "control": "a", "split": {"a": 0.25, "b": 3}})"),
            ask);
  CompareQuery arms;
  arms.metric.kind = Metric::Kind::kValue;
  arms.metric.outcome = ask.event;
  arms.metric.within = Length{std::int64_t{7} * 86'400'000'000};
  arms.variants = {{"x", *parse_segment("did(play)")}, {"a", *parse_segment("not did(play)")}};
  EXPECT_EQ(parse_ask<CompareQuery>(
                R"q({"kind": "compare", "metric": {"value": "play", "within": "7d"},
                     "variants": {"x": "did(play)", "a": {"not": {"did": "play"}}}})q"),
            arms);
}

TEST(CompareParser, SaysWhatIsRefused) {
  const auto error_of = [](const std::string& fields) {
    return error(R"({"kind": "compare", )" + fields + "}");
  };
  EXPECT_EQ(error(R"({"kind": "compare"})"), "compare: missing field \"metric\"");
  EXPECT_EQ(
      error_of(R"("metric": {"retention_day": 1, "window": [1, 2]})"),
      "compare: metric: must be an object such as {\"retention_day\": 7}, {\"window\": [1, 7]} "
      "or {\"conversion\": \"order\", \"within\": \"7d\"} (retention_day, window, "
      "conversion, value, count), found {\"retention_day\":1,\"window\":[1,2]}");
  EXPECT_EQ(error_of(R"("metric": {"window": [1]})"),
            "compare: metric: window: must be a list of the first and the last day, found [1]");
  EXPECT_EQ(error_of(R"("metric": {"window": [2, 1]})"),
            "compare: metric: window: must be a whole number from 2 to 36600, found 1");
  EXPECT_EQ(error_of(R"("metric": {"retention_day": 1, "within": "1d"})"),
            "compare: metric: within: goes with \"conversion\", \"value\" and \"count\" alone");
  EXPECT_EQ(error_of(R"("metric": {"count": "play"})"),
            "compare: metric: missing field \"within\"");
  EXPECT_EQ(error_of(R"("metric": {"count": "play", "within": "0s"})"),
            "compare: metric: within: must be longer than 0s, found 0s");
  EXPECT_EQ(error_of(R"("metric": {"count": "play", "within": "1d"}, "event": "play")"),
            "compare: event: goes with the metrics \"retention_day\" and \"window\" alone");
  const std::string metric = R"("metric": {"retention_day": 1}, )";
  EXPECT_EQ(error_of(metric + R"("variant": "group", "values": ["a"])"),
            "compare: values: must be at least 2 variants, found 1");
  EXPECT_EQ(error_of(metric + R"("variant": "group", "values": ["a", "b", "a"])"),
            "compare: values: \"a\" is there twice");
  EXPECT_EQ(error_of(metric + R"("variant": "group", "values": ["a", "b"], "control": "c")"),
            "compare: control: unknown variant \"c\", allowed: a, b");
  EXPECT_EQ(error_of(metric + R"("values": ["a", "b"], "split": {"a": 1, "c": 1})"),
            "compare: split: has no share of the variant \"b\"");
  EXPECT_EQ(error_of(metric + R"("split": {"a": 1, "c": 0})"),
            "compare: split: \"c\": must be a number above 0, found 0");
  EXPECT_EQ(error_of(metric + R"("split": {"a": "1"})"),
            "compare: split: \"a\": must be a number above 0, such as 0.5, found \"1\"");
  EXPECT_EQ(
      error_of(metric + R"q("variant": "group", "variants": {"a": "did(x)", "b": "did(y)"})q"),
      "compare: variants: goes without \"variant\"");
  EXPECT_EQ(error_of(metric + R"q("variants": {"a": "did(x)"})q"),
            "compare: variants: must be at least 2 variants, found 1");
}

// What is written is read back as it was.
TEST(CompareParser, ReadsWhatIsWritten) {
  for (const char* const json :
       {R"({"kind": "compare", "metric": {"retention_day": 7}, "variant": "group"})",
        R"({"kind": "compare", "metric": {"window": [0, 7]}, "variant": "group", "event": "play",
            "values": ["a \"quoted\"", ""], "split": {"a \"quoted\"": 0.1, "": 2e-7}})",
        R"q({"kind": "compare", "metric": {"conversion": "play", "within": "90s"}, "control": "b",
            "variants": {"b": "did(play)", "a": "not did(play)"}, "from": "2026-01-01"})q"}) {
    const Result<Query> query = parse_query(json);
    ASSERT_TRUE(query.ok()) << query.status().to_string();
    const Result<Query> again = parse_query(to_json(*query));
    ASSERT_TRUE(again.ok()) << again.status().to_string();
    EXPECT_EQ(*again, *query) << to_json(*query);
  }
}

}  // namespace
}  // namespace rollcall::testing
