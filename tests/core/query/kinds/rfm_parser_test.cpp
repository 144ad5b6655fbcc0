// Questions about recency, frequency and monetary value: what is read, and the exact words for what
// is not.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "rollcall/query.h"
#include "tests/core/query/kinds/parsed_question.h"

namespace rollcall::testing {
namespace {

TEST(RfmParser, Rfm) {
  EXPECT_EQ(parse_ask<RfmQuery>(R"({"kind": "rfm"})"), RfmQuery());
  EXPECT_EQ(parse_ask<RfmUsersQuery>(R"({"kind": "rfm_users"})"), RfmUsersQuery());
  EXPECT_EQ(parse_ask<RfmQuery>(R"({"kind": "rfm", "scores": "quantile", "by": "cell"})").by,
            RfmQuery::By::kCell);
  RfmRules rules;
  rules.event = {Selector::Names::kAnyOf, {"buy"}, {}};
  rules.frequency = RfmRules::Frequency::kDays;
  rules.monetary = RfmRules::Monetary::kMean;
  rules.edges = {{0, 7, 30, 90}, {2, 3, 5, 8}, {"-1", "0", "9.50", "100"}};
  rules.segments = {{"vip", {4, 5}, {5, 5}, {}}, {"rest of them", {}, {}, {1, 2}}};
  const std::string fields =
      R"("event": "buy", "frequency": "days", "monetary": "mean", "scores": {"recency":
         [0, 7, 30, 90], "frequency": [2, 3, 5, 8], "monetary": [-1, 0, "9.50", 100]},
         "segments": [{"name": "vip", "r": [4, 5], "f": [5, 5]},
                      {"name": "rest of them", "m": [1, 2]}])";
  EXPECT_EQ(parse_ask<RfmQuery>(R"({"kind": "rfm", )" + fields + "}"), RfmQuery{rules});
  RfmUsersQuery users{rules};
  users.limit = 20;
  users.after = "ann";
  EXPECT_EQ(parse_ask<RfmUsersQuery>(R"({"kind": "rfm_users", "limit": 20, "after": "ann", )" +
                                     fields + "}"),
            users);
}

TEST(RfmParser, Errors) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"kind": "rfm", "frequency": "event"})",
       "rfm: frequency: unknown frequency \"event\" (did you mean \"events\"?), allowed: events, "
       "days"},
      {R"({"kind": "rfm", "monetary": "median"})",
       "rfm: monetary: unknown monetary \"median\" (did you mean \"mean\"?), allowed: sum, mean"},
      {R"({"kind": "rfm", "by": "r"})", "rfm: by: unknown by \"r\", allowed: segment, cell"},
      {R"({"kind": "rfm", "scores": "fifths"})",
       "rfm: scores: must be \"quantile\", or an object such as {\"recency\": [7, 30, 60, 90], "
       "\"frequency\": [2, 3, 5, 10], \"monetary\": [10, 50, 100, 500]}, found \"fifths\""},
      {R"({"kind": "rfm", "scores": {"recency": [1, 2, 3, 4], "frequency": [1, 2, 3, 4]}})",
       "rfm: scores: monetary: must be 4 edges, found 0"},
      {R"({"kind": "rfm", "scores": {"recency": [1, 2, 3], "frequency": [], "monetary": []}})",
       "rfm: scores: recency: must be 4 edges, found 3"},
      {R"({"kind": "rfm", "scores": {"recency": [7, 3, 30, 90], "frequency": [], "monetary": []}})",
       "rfm: scores: recency: must ascend, found 3 after 7"},
      {R"({"kind": "rfm", "scores": {"recency": [-1, 3, 30, 90]}})",
       "rfm: scores: recency[0]: must be a whole number from 0 to 36600, found -1"},
      {R"({"kind": "rfm", "scores": {"recency": [0, 1, 2, 3], "frequency": [1, 2, 3, 4],
           "monetary": [1, "1.0", 2, 3]}})",
       "rfm: scores: monetary: must ascend, found 1.0 after 1"},
      {R"({"kind": "rfm", "scores": {"recency": [0, 1, 2, 3], "frequency": [1, 2, 3, 4],
           "monetary": ["0.0000000001", 1, 2, 3]}})",
       "rfm: scores: monetary[0]: must be a decimal number such as \"10\" or \"-2.50\", of at most "
       "18 digits before the point and 9 after it, found \"0.0000000001\""},
      {R"({"kind": "rfm", "scores": {"monetary": ["ten"]}})",
       "rfm: scores: monetary[0]: must be a decimal number such as \"10\" or \"-2.50\", found "
       "\"ten\""},
      {R"({"kind": "rfm", "scores": {"monetery": []}})",
       "rfm: scores: unknown field \"monetery\" (did you mean \"monetary\"?), allowed: recency, "
       "frequency, monetary"},
      {R"({"kind": "rfm", "segments": []})", "rfm: segments: must be 1 to 125, found 0"},
      {R"({"kind": "rfm", "segments": {"name": "vip"}})",
       "rfm: segments: must be a list of segments, found {\"name\":\"vip\"}"},
      {R"({"kind": "rfm", "segments": ["vip"]})",
       "rfm: segments[0]: must be an object such as {\"name\": \"vip\", \"r\": [4, 5], \"f\": [5, "
       "5]}, found \"vip\""},
      {R"({"kind": "rfm", "segments": [{"name": "vip", "r": 5}]})",
       "rfm: segments[0]: r: must be a list of the first and the last score, found 5"},
      {R"({"kind": "rfm", "segments": [{"name": "vip", "r": [0, 5]}]})",
       "rfm: segments[0]: r: must be a whole number from 1 to 5, found 0"},
      {R"({"kind": "rfm", "segments": [{"name": "vip", "f": [4, 3]}]})",
       "rfm: segments[0]: f: must be a whole number from 4 to 5, found 3"},
      {R"({"kind": "rfm", "segments": [{"r": [1, 5]}]})",
       "rfm: segments[0]: name: must be a name, but not that of the rest, found \"\""},
      {R"({"kind": "rfm", "segments": [{"name": "other"}]})",
       "rfm: segments[0]: name: must be a name, but not that of the rest, found \"other\""},
      {R"({"kind": "rfm", "segments": [{"name": "vip"}, {"name": "vip"}]})",
       "rfm: segments[1]: name: must be another than those before, found \"vip\""},
      {R"({"kind": "rfm", "by": "cell", "segments": [{"name": "vip"}]})",
       "rfm: segments: do not go with by \"cell\""},
      {R"({"kind": "rfm_users", "limit": 0})",
       "rfm_users: limit: must be a whole number from 1 to 1000000000, found 0"},
      {R"({"kind": "rfm_users", "limit": -1})",
       "rfm_users: limit: must be a whole number, found -1"},
      {R"({"kind": "rfm_users", "after": 7})", "rfm_users: after: must be a string, found 7"},
      {R"({"kind": "rfm_users", "by": "cell"})",
       "rfm_users: unknown field \"by\", allowed: kind, event, frequency, monetary, scores, "
       "segments, limit, after, from, to, last, as_of, where, among, breakdown, breakdown_limit, "
       "members"},
  };
  for (const auto& [json, message] : cases) EXPECT_EQ(parse_error(json), message) << json;
}

}  // namespace
}  // namespace rollcall::testing
