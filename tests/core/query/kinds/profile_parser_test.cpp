// Questions about one user, streaks and milestones: what is read, and the exact words for what is
// not.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "rollcall/query.h"
#include "tests/core/query/kinds/parsed_question.h"

namespace rollcall::testing {
namespace {

TEST(ProfileParser, Profile) {
  ProfileQuery ask;
  ask.user = "ann";
  EXPECT_EQ(parse_ask<ProfileQuery>(R"({"kind": "profile", "user": "ann"})"), ask);
  ask.user = "18446744073709551615";
  ask.events = 3;
  ask.year = 2026;
  ask.rfm = false;
  EXPECT_EQ(parse_ask<ProfileQuery>(R"({"kind": "profile", "user": 18446744073709551615,
                                        "events": 3, "year": 2026, "rfm": false})"),
            ask);
}

TEST(ProfileParser, Streaks) {
  EXPECT_EQ(parse_ask<StreaksQuery>(R"({"kind": "streaks"})"), StreaksQuery());
  EXPECT_EQ(parse_ask<StreaksQuery>(R"({"kind": "streaks", "event": "login"})"),
            (StreaksQuery{{Selector::Names::kAnyOf, {"login"}, {}}}));
}

TEST(ProfileParser, Milestones) {
  using Of = MilestonesQuery::Of;
  MilestonesQuery ask;
  EXPECT_EQ(parse_ask<MilestonesQuery>(R"({"kind": "milestones"})"), ask);
  ask.of = {Of::kActiveDay};
  ask.at = {1, 1000};
  ask.date = Day{20'454};
  EXPECT_EQ(parse_ask<MilestonesQuery>(R"({"kind": "milestones", "of": "active_day",
                                           "at": [1, 1000], "date": "2026-01-01"})"),
            ask);
  ask.of = {Of::kFirstDay, Of::kEvent};
  ask.date = RelativeDate{RelativeDate::Unit::kDay, 1, 0};
  EXPECT_EQ(parse_ask<MilestonesQuery>(R"({"kind": "milestones", "of": ["event", "first_day"],
                                           "at": [1, 1000], "date": "yesterday"})"),
            ask);
}

TEST(ProfileParser, Errors) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"kind": "profile"})", "profile: missing field \"user\""},
      {R"({"kind": "profile", "user": -7})", "profile: user: must be the id of a user, found -7"},
      {R"({"kind": "profile", "user": 1.5})", "profile: user: must be the id of a user, found 1.5"},
      {R"({"kind": "profile", "user": "a", "events": 10001})",
       "profile: events: must be a whole number from 0 to 10000, found 10001"},
      {R"({"kind": "profile", "user": "a", "year": 10000})",
       "profile: year: must be a whole number from 1 to 9999, found 10000"},
      {R"({"kind": "profile", "user": "a", "year": 2026, "to": "2026-01-01"})",
       "profile: year: does not go with from, to or last"},
      {R"({"kind": "streaks", "period": "week"})",
       "streaks: unknown field \"period\", allowed: kind, event, from, to, last, as_of, where, "
       "among, "
       "breakdown, breakdown_limit, members"},
      {R"({"kind": "milestones", "of": ["day"]})",
       "milestones: of[0]: unknown of \"day\", allowed: first_day, active_day, event"},
      {R"({"kind": "milestones", "of": []})",
       "milestones: of: must name at least one of first_day, active_day, event, found []"},
      {R"({"kind": "milestones", "of": ["event", "event"]})",
       "milestones: of: must name each only once, found \"event\" twice"},
      {R"({"kind": "milestones", "at": []})", "milestones: at: must have a number, found []"},
      {R"({"kind": "milestones", "at": [0]})",
       "milestones: at: a number: must be a whole number from 1 to 2147483647, found 0"},
      {R"({"kind": "milestones", "at": [30, 7]})", "milestones: at: must ascend, found 7 after 30"},
      {R"({"kind": "milestones", "date": "today", "last": "7d"})",
       "milestones: date: does not go with from, to or last"},
  };
  for (const auto& [json, message] : cases) EXPECT_EQ(parse_error(json), message) << json;
}

}  // namespace
}  // namespace rollcall::testing
