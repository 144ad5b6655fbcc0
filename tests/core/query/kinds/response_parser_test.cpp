// Questions about what a campaign brought: what is read, and the exact words for what is not.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/query/kinds/kind_table.h"
#include "rollcall/query.h"
#include "tests/core/query/kinds/parsed_question.h"

namespace rollcall::testing {
namespace {

TEST(ResponseParser, Fields) {
  ResponseQuery ask;
  ask.campaign = "back";
  ask.runs = {{"", AsOf(Day{20'454})}};
  EXPECT_EQ(parse_ask<ResponseQuery>(
                R"({"kind": "response", "campaign": "back", "runs": {"": "2026-01-01"}})"),
            ask);
  ask.runs = {{"a", AsOf(TimeUs{1'767'225'600'000'000})},
              {"b", AsOf(RelativeDate{RelativeDate::Unit::kDay, 1, 0})}};
  ask.horizons = {2, 5};
  ask.returned = {Selector::Names::kAnyOf, {"login"}, {}};
  ask.converted = {{Selector::Names::kAnyOf, {"buy"}, {}}};
  ask.contact = {{Selector::Names::kAnyOf, {"mail"}, {}}};
  ask.cost_per_contact = "0.05";
  EXPECT_EQ(parse_ask<ResponseQuery>(
                R"({"kind": "response", "campaign": "back",
                    "runs": {"a": "2026-01-01T00:00:00Z", "b": "yesterday"}, "horizons": [2, 5],
                    "returned": "login", "converted": "buy", "contact": "mail",
                    "cost_per_contact": "0.05"})"),
            ask);
}

// Returns the error of a question with these further fields.
std::string error_with(const std::string& fields) {
  return parse_query(R"({"kind": "response", "campaign": "back", )" + fields + "}")
      .status()
      .message();
}

TEST(ResponseParser, Errors) {
  EXPECT_EQ(parse_query(R"({"kind": "response"})").status().message(),
            "response: missing field \"campaign\"");
  EXPECT_EQ(error_with(R"("horizons": [1])"), "response: missing field \"runs\"");
  EXPECT_EQ(error_with(R"("runs": "today")"),
            "response: runs: must be an object with the instant of each run, such as "
            "{\"2026-01-05\": \"2026-01-04\"}, found \"today\"");
  EXPECT_EQ(error_with(R"("runs": {})"), "response: runs: must not be empty");
  EXPECT_EQ(error_with(R"("runs": {"a": "noon"})"),
            "response: runs: \"a\": must be a date or an instant such as \"2026-01-31\", "
            "\"yesterday\", \"2026-01-31T23:59:59Z\" or \"2026-01-31 23:59:59\", found \"noon\"");
  const std::string runs = R"("runs": {"a": "2026-01-01"}, )";
  EXPECT_EQ(error_with(runs + R"("horizons": [])"), "response: horizons: must not be empty");
  EXPECT_EQ(error_with(runs + R"("horizons": [0])"),
            "response: horizons: must be a whole number from 1 to 36600, found 0");
  EXPECT_EQ(error_with(runs + R"("horizons": [3, 2])"),
            "response: horizons: must ascend, found 2 after 3");
  for (const char* const cost : {"-1", "1234567890123.123456"}) {
    EXPECT_EQ(error_with(runs + R"("cost_per_contact": ")" + cost + "\""),
              "response: cost_per_contact: must be a decimal number not below 0 such as \"0.05\", "
              "of at most 18 digits, found \"" +
                  std::string(cost) + "\"");
  }
  EXPECT_EQ(error_with(runs + R"("from": "2026-01-01")"),
            "response: unknown field \"from\", allowed: kind, campaign, runs, horizons, returned, "
            "converted, contact, cost_per_contact, as_of, where, among, breakdown, "
            "breakdown_limit, members");
}

TEST(ResponseParser, ErrorsOfPrograms) {
  Query query = *parse_query(R"({"kind": "response", "campaign": "c", "runs": {"a": "today"}})");
  auto& ask = std::get<ResponseQuery>(query.ask);
  ask.runs.push_back(ask.runs.front());
  EXPECT_EQ(validate(query).message(), "response: runs: \"a\" is there twice");
  ask.runs.pop_back();
  ask.campaign.clear();
  EXPECT_EQ(validate(query).message(),
            "response: campaign: must be the name of a campaign, found \"\"");
}

}  // namespace
}  // namespace rollcall::testing
