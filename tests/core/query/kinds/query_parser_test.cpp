// Queries as people write them: what is read, and the exact words for what is not.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/time/calendar.h"
#include "core/time/time_zone.h"
#include "rollcall/kinds.h"
#include "rollcall/message_text.h"
#include "rollcall/query.h"
#include "tests/core/query/kinds/parsed_question.h"

namespace rollcall::testing {
namespace {

Query parse(std::string_view json, std::string_view time_zone = "UTC") {
  Result<Query> query = parse_query(json, time_zone);
  EXPECT_TRUE(query.ok()) << json << "\n" << query.status().to_string();
  return query.ok() ? *query : Query{};
}

using Condition = PropertyCondition;

TEST(QueryParser, Defaults) {
  EXPECT_EQ(parse(R"({"kind": "active"})"), (Query{{}, ActiveQuery{}}));
  EXPECT_EQ(parse(R"({"kind": "retention"})"), (Query{{}, RetentionQuery{}}));
  EXPECT_EQ(parse(R"({"kind": "churn"})"), (Query{{}, ChurnQuery{}}));
  EXPECT_EQ(parse(R"({"kind": "idle"})"), (Query{{}, IdleQuery{}}));
}

TEST(QueryParser, Active) {
  ActiveQuery ask;
  ask.event = {Selector::Names::kAnyOf, {"login"}, {}};
  ask.window_days = 7;
  ask.ratio_to_window = 28;
  EXPECT_EQ(parse_ask<ActiveQuery>(
                R"({"kind": "active", "event": "login", "period": "day", "window_days": 7,
                    "ratio_to_window": 28})"),
            ask);
}

TEST(QueryParser, Retention) {
  RetentionQuery ask;
  ask.cohort_event = {Selector::Names::kAnyOf, {"signup"}, {}};
  ask.return_event = {Selector::Names::kAnyOf, {"login"}, {}};
  ask.cohort = RetentionQuery::Cohort::kRecurring;
  ask.mode = RetentionQuery::Mode::kStreak;
  ask.period = Period::kFortnight;
  ask.periods = 5;
  ask.summary = RetentionQuery::Summary::kMean;
  EXPECT_EQ(parse_ask<RetentionQuery>(
                R"({"kind": "retention", "cohort_event": "signup", "return_event": "login",
                    "cohort": "recurring", "mode": "streak", "period": "fortnight", "periods": 5,
                    "summary": "mean"})"),
            ask);
  EXPECT_EQ(parse_ask<RetentionQuery>(R"({"kind": "retention", "brackets": [1, 2, 4]})").brackets,
            (std::vector<std::int32_t>{1, 2, 4}));
}

TEST(QueryParser, RetentionOfHistory) {
  RetentionQuery ask;
  ask.windows = RetentionQuery::Windows::kRolling;
  ask.first_of = RetentionQuery::FirstOf::kName;
  ask.min_return_count = 3;
  EXPECT_EQ(parse_ask<RetentionQuery>(R"({"kind": "retention", "windows": "rolling",
                                          "first_of": "name", "min_return_count": 3})"),
            ask);
  ask = {};
  ask.measure = RetentionQuery::Measure::kValue;
  ask.value_from = RetentionQuery::ValueFrom::kCohortEvent;
  EXPECT_EQ(parse_ask<RetentionQuery>(
                R"({"kind": "retention", "measure": "value", "value_from": "cohort_event"})"),
            ask);
}

TEST(QueryParser, RetentionEventStandsForBoth) {
  const auto ask = parse_ask<RetentionQuery>(R"({"kind": "retention", "event": "login"})");
  EXPECT_EQ(ask.cohort_event.names, std::vector<std::string>{"login"});
  EXPECT_EQ(ask.return_event, ask.cohort_event);
}

TEST(QueryParser, Churn) {
  const auto gap = parse_ask<ChurnQuery>(R"({"kind": "churn", "rule": {"gap_days": 14}})");
  EXPECT_EQ(std::get<ChurnQuery::GapDays>(gap.rule).days, 14);
  const auto month =
      parse_ask<ChurnQuery>(R"({"kind": "churn", "base": "new", "rule": {"period": "month"}})");
  EXPECT_EQ(std::get<ChurnQuery::NextPeriods>(month.rule),
            (ChurnQuery::NextPeriods{Period::kMonth, 1}));
  const auto months =
      parse_ask<ChurnQuery>(R"({"kind": "churn", "rule": {"period": "month", "count": 3}})");
  EXPECT_EQ(std::get<ChurnQuery::NextPeriods>(months.rule),
            (ChurnQuery::NextPeriods{Period::kMonth, 3}));
  EXPECT_EQ(month.base, ChurnQuery::Base::kNew);
}

TEST(QueryParser, Idle) {
  EXPECT_EQ(parse_ask<IdleQuery>(R"({"kind": "idle", "edges": [0, 5]})").edges,
            (std::vector<std::int32_t>{0, 5}));
  EXPECT_TRUE(parse_ask<IdleQuery>(R"({"kind": "idle", "edges": "each"})").each_day);
}

TEST(QueryParser, Stickiness) {
  StickinessQuery ask;
  ask.period = Period::kWeek;
  ask.per_period = {Segment::Compare::kAtMost, 3};
  ask.period_step = 2;
  EXPECT_EQ(parse_ask<StickinessQuery>(R"({"kind": "stickiness", "period": "week",
                                           "per_period": {"lte": 3}, "period_step": 2})"),
            ask);
  ask = {};
  ask.window_days = 7;
  ask.per_period = {Segment::Compare::kExactly, 1};
  EXPECT_EQ(parse_ask<StickinessQuery>(
                R"({"kind": "stickiness", "window_days": 7, "per_period": {"eq": 1}})"),
            ask);
}

TEST(QueryParser, Clock) {
  const auto least = parse_ask<ClockQuery>(R"({"kind": "clock"})");
  EXPECT_EQ(least, ClockQuery());
  const auto ask = parse_ask<ClockQuery>(
      R"({"kind": "clock", "event": "login", "then": null, "within": "90s"})");
  EXPECT_EQ(ask.event.names, std::vector<std::string>{"login"});
  EXPECT_EQ(ask.then, Selector());
  EXPECT_EQ(ask.within, Length{90'000'000});
}

TEST(QueryParser, Paths) {
  const auto least = parse_ask<PathsQuery>(R"({"kind": "paths"})");
  EXPECT_EQ(least, PathsQuery());
  PathsQuery ask;
  ask.event = {Selector::Names::kAnyOf, {"login"}, {}};
  ask.direction = PathsQuery::Direction::kBefore;
  ask.steps = {Selector::Names::kNoneOf, {"ping"}, {}};
  ask.depth = 3;
  ask.limit = 4;
  ask.window = Length{3'600'000'000};
  EXPECT_EQ(parse_ask<PathsQuery>(
                R"({"kind": "paths", "event": "login", "direction": "before", "depth": 3,
                    "limit": 4, "steps": {"not_event": "ping"}, "window": "1h"})"),
            ask);
}

TEST(QueryParser, Selectors) {
  using Names = Selector::Names;
  const std::vector<std::pair<std::string, Selector>> cases = {
      {R"("login")", {Names::kAnyOf, {"login"}, {}}},
      {R"("*")", {}},
      {"null", {}},
      {R"(["a", "b"])", {Names::kAnyOf, {"a", "b"}, {}}},
      {R"({"event": "a"})", {Names::kAnyOf, {"a"}, {}}},
      {R"({"event": ["a", "b"]})", {Names::kAnyOf, {"a", "b"}, {}}},
      {R"({"event": "*"})", {}},
      {R"({"event": null})", {}},
      {R"({"not_event": "bot"})", {Names::kNoneOf, {"bot"}, {}}},
      {R"({"not_event": ["bot", "cron"]})", {Names::kNoneOf, {"bot", "cron"}, {}}},
      {R"({"where": {"c": "x"}})", {Names::kAny, {}, {{"c", Condition::Test::kAnyOf, {"x"}}}}},
      {R"({"event": "a", "where": {"c": ["x", "y"]}})",
       {Names::kAnyOf, {"a"}, {{"c", Condition::Test::kAnyOf, {"x", "y"}}}}},
  };
  for (const auto& [json, selector] : cases) {
    EXPECT_EQ(parse_ask<ActiveQuery>(R"({"kind": "active", "event": )" + json + "}").event,
              selector)
        << json;
  }
}

TEST(QueryParser, Conditions) {
  using Kind = Condition::Test;
  const std::vector<std::pair<std::string, std::vector<Condition>>> cases = {
      {R"({})", {}},
      {R"({"c": "x"})", {{"c", Kind::kAnyOf, {"x"}}}},
      {R"({"c": ""})", {{"c", Kind::kAnyOf, {""}}}},
      {R"({"c": ["x", "y"]})", {{"c", Kind::kAnyOf, {"x", "y"}}}},
      {R"({"c": {"in": ["x"]}})", {{"c", Kind::kAnyOf, {"x"}}}},
      {R"({"c": {"ne": "x"}})", {{"c", Kind::kNoneOf, {"x"}}}},
      {R"({"c": {"not_in": ["x", "y"]}})", {{"c", Kind::kNoneOf, {"x", "y"}}}},
      {R"({"c": {"ne": "x", "not_in": ["y"]}})", {{"c", Kind::kNoneOf, {"x", "y"}}}},
      {R"({"c": {"contains": "x"}})", {{"c", Kind::kContains, {"x"}}}},
      {R"({"c": {"set": true}})", {{"c", Kind::kIsSet, {}}}},
      {R"({"c": {"set": false}})", {{"c", Kind::kIsNotSet, {}}}},
      {R"({"c": {"set": true, "ne": "x"}, "d": "y"})",
       {{"c", Kind::kIsSet, {}}, {"c", Kind::kNoneOf, {"x"}}, {"d", Kind::kAnyOf, {"y"}}}},
      {R"({"c": {"gt": "1", "lt": "-2.50"}})",
       {{"c", Kind::kMore, {"1"}}, {"c", Kind::kLess, {"-2.50"}}}},
      {R"({"c": {"gte": 10, "lte": -3, "eq": 2.50}})",
       {{"c", Kind::kAtLeast, {"10"}},
        {"c", Kind::kAtMost, {"-3"}},
        {"c", Kind::kEquals, {"2.50"}}}},
      {R"({"c": {"gte": 123456789012345678901234567890.5}})",
       {{"c", Kind::kAtLeast, {"123456789012345678901234567890.5"}}}},
      {R"([])", {}},
      {R"([{}, {"c": "x"}])", {{"c", Kind::kAnyOf, {"x"}}}},
      {R"([{"c": "x"}, {"c": "y", "d": "z"}, {"c": {"ne": "v"}}, {"c": {"ne": "w"}}])",
       {{"c", Kind::kAnyOf, {"x"}},
        {"c", Kind::kAnyOf, {"y"}},
        {"d", Kind::kAnyOf, {"z"}},
        {"c", Kind::kNoneOf, {"v"}},
        {"c", Kind::kNoneOf, {"w"}}}},
  };
  for (const auto& [json, where] : cases) {
    const Query query = parse(R"({"kind": "idle", "where": )" + json + "}");
    EXPECT_EQ(query.common.where, where) << json;
    EXPECT_EQ(parse(to_json(query)), query) << json;
  }
}

TEST(QueryParser, SegmentsOfHistory) {
  const auto segment = [](const std::string& json) {
    return parse_ask<SegmentQuery>(R"({"kind": "segment", "segment": )" + json + "}").segment;
  };
  using Kind = Segment::Kind;
  using Compare = Segment::Compare;
  Segment times;
  times.event = {Selector::Names::kAnyOf, {"buy"}, {}};
  times.range.last = LastSpan{30};
  times.times = {Compare::kAtMost, 3};
  EXPECT_EQ(segment(R"({"did": "buy", "last": "30d", "times": {"lte": 3}})"), times);

  Segment sum;
  sum.sum = {Compare::kExactly, "2.50"};
  EXPECT_EQ(segment(R"({"did": "*", "sum": {"eq": 2.50}})"), sum);
  EXPECT_EQ(segment(R"({"did": "*", "sum": {"eq": "2.50"}})"), sum);

  Segment declined;
  declined.kind = Kind::kDeclined;
  declined.range.last = LastSpan{7};
  declined.decline = {"0.5", 4};
  EXPECT_EQ(segment(R"({"declined": "*", "last": "7d", "to_at_most": 0.5, "from_at_least": 4})"),
            declined);

  Segment favourite;
  favourite.kind = Kind::kFavourite;
  favourite.event = times.event;
  favourite.range.from = *parse_date("2026-01-01");
  favourite.favourite = {"category", "wuxia"};
  EXPECT_EQ(
      segment(R"({"favourite": "category", "of": "buy", "is": "wuxia", "from": "2026-01-01"})"),
      favourite);
  for (const Segment& each : {times, sum, declined, favourite}) {
    const Query query{.common = {}, .ask = SegmentQuery{each}};
    EXPECT_EQ(parse(to_json(query)), query) << to_json(query);
  }
}

TEST(QueryParser, SegmentsOfHistoryThatAreNone) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"first": "a", "times": {"gte": 1}})",
       "segment: segment: unknown field \"times\", allowed: first, from, to, last"},
      {R"({"did": "a", "days": {"gte": 1}, "sum": {"gte": 1}})",
       "segment: segment: sum: stands alone, found days beside it; \"all\" of two parts asks for "
       "both"},
      {R"({"did": "a", "times": {"gte": -1}})",
       "segment: segment: times: must be a whole number from 0 to 2147483647, found -1"},
      {R"({"did": "a", "times": {"gt": 1}})",
       "segment: segment: times: unknown field \"gt\" (did you mean \"gte\"?), allowed: gte, lte, "
       "eq"},
      {R"({"did": "a", "sum": {"gte": "ten"}})",
       "segment: segment: sum: gte: must be a decimal number such as \"10\" or \"-2.50\", found "
       "\"ten\""},
      {R"({"declined": "a", "last": "7d", "to_at_most": 0.5})",
       "segment: segment: missing field \"from_at_least\""},
      {R"({"declined": "a", "from": "2026-01-01", "to_at_most": 0.5, "from_at_least": 1})",
       "segment: segment: unknown field \"from\", allowed: declined, last, to_at_most, "
       "from_at_least"},
      {R"({"declined": "a", "last": "2w", "to_at_most": 0.5, "from_at_least": 1})",
       "segment: segment: declined: its range must be last, a number of days such as \"7d\""},
      {R"({"declined": "a", "last": "7d", "to_at_most": 1.5, "from_at_least": 1})",
       "segment: segment: to_at_most: must be a decimal number from 0 to 1 such as \"0.5\", of at "
       "most 18 decimals, found \"1.5\""},
      {R"({"declined": "a", "last": "7d", "to_at_most": 0.5, "from_at_least": 0})",
       "segment: segment: from_at_least: must be a whole number from 1 to 2147483647, found 0"},
      {R"({"favourite": "c", "of": "a"})", "segment: segment: missing field \"is\""},
      {R"({"favourite": "c", "of": "a", "is": ""})",
       "segment: segment: is: must be a value, found \"\""},
      {R"({"favourite": ["c"], "is": "x"})",
       "segment: segment: favourite: must be a string, found [\"c\"]"},
  };
  for (const auto& [json, message] : cases) {
    EXPECT_EQ(parse_error(R"({"kind": "segment", "segment": )" + json + "}"), message) << json;
  }
}

TEST(QueryParser, SegmentsOfFunnels) {
  FunnelQuery ask;
  ask.steps = {{Selector::Names::kAnyOf, {"visit"}, {}}, {Selector::Names::kAnyOf, {"order"}, {}}};
  ask.window = Length{std::int64_t{3} * 86'400'000'000};
  Query funnel{.common = {}, .ask = ask};
  funnel.common.last = LastSpan{30};
  funnel.common.among.emplace().event = ask.steps[0];
  Segment segment;
  segment.kind = Segment::Kind::kDropped;
  segment.at_step = 2;
  segment.funnel = std::make_shared<const Query>(funnel);
  const std::string json =
      R"~({"steps": ["visit", "order"], "window": "3d", "last": "30d", "among": "did(visit)"})~";
  Query query = parse(R"({"kind": "segment", "segment": {"dropped": )" + json + R"(, "at": 2}})");
  EXPECT_EQ(std::get<SegmentQuery>(query.ask).segment, segment);
  EXPECT_EQ(parse(to_json(query)), query);

  segment.kind = Segment::Kind::kConverted;
  query = parse(R"({"kind": "idle", "among": {"converted": )" + json + "}}");
  EXPECT_EQ(query.common.among, segment);
  EXPECT_EQ(parse(to_json(query)), query);
}

TEST(QueryParser, SegmentsOfFunnelsThatAreNone) {
  const auto funnel = [](const std::string& field) {
    return R"({"converted": {"steps": ["a", "b"], )" + field + "}}";
  };
  const std::string at = "segment: segment: converted: ";
  const std::string one_row = ": does not go with a segment, which has no rows to tell apart";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"converted": "a"})",
       at + R"(must be a funnel such as {"steps": ["visit", "order"]}, found "a")"},
      {R"({"converted": {}})", at + "missing field \"steps\""},
      {R"({"converted": {"steps": ["a"]}})", at + "steps: must be 2 to 32 events, found 1"},
      {R"({"converted": {"steps": ["a", "b"]}, "at": 2})",
       "segment: segment: unknown field \"at\", allowed: converted"},
      {R"({"dropped": {"steps": ["a", "b"]}})", "segment: segment: missing field \"at\""},
      {R"({"dropped": {"steps": ["a", "b"]}, "at": 1})",
       "segment: segment: at: must be a whole number from 2 to 2, found 1"},
      {R"({"dropped": {"steps": ["a", "b"]}, "at": 3})",
       "segment: segment: at: must be a whole number from 2 to 2, found 3"},
      {funnel(R"("kind": "paths")"), at + R"(kind: must be "funnel", found "paths")"},
      {funnel(R"("as_of": "2026-01-01")"),
       at + "as_of: does not go with a segment, whose as_of is that of the question"},
      {funnel(R"("members": {"of": "users"})"),
       at + "members: does not go with a segment, which is a set of users"},
      {funnel(R"("breakdown": "channel")"), at + "breakdown" + one_row},
      {funnel(R"("breakdown_limit": 3)"), at + "breakdown_limit" + one_row},
      {funnel(R"("breakdown_step": 2)"), at + "breakdown_step" + one_row},
      {funnel(R"("period": "day")"), at + "period" + one_row},
      {funnel(R"("total_seconds": true)"),
       at + "total_seconds: does not go with a segment, which has no seconds"},
      {funnel(R"("last": "7d", "from": "2026-01-01")"),
       at + "last: stands for from and to: give either, found both"},
      {funnel(R"("window": "0s")"), at + "window: must be longer than 0s, found 0s"},
      {funnel(R"("among": {"did": "a", "days": {"gte": -1}})"),
       at + "among: days: must be a whole number from 0 to 36600, found -1"},
  };
  for (const auto& [json, message] : cases) {
    EXPECT_EQ(parse_error(R"({"kind": "segment", "segment": )" + json + "}"), message) << json;
  }
}

TEST(QueryParser, DatesAndInstants) {
  const QueryCommon common =
      parse(
          R"({"kind": "active", "from": "2026-01-05", "to": "2026-01-05", "as_of": "2026-01-09"})")
          .common;
  EXPECT_EQ(common.from, RangeEnd(*parse_date("2026-01-05")));
  EXPECT_EQ(common.to, common.from);
  EXPECT_EQ(common.as_of, AsOf(*parse_date("2026-01-09")));

  const TimeUs noon = parse_date("2026-07-01")->value * kUsPerDay + 12 * kUsPerHour;
  const auto as_of = [](const std::string& text, std::string_view zone) {
    return std::get<TimeUs>(
        *parse(R"({"kind": "active", "as_of": ")" + text + "\"}", zone).common.as_of);
  };
  EXPECT_EQ(as_of("2026-07-01T12:00:00Z", "Europe/Berlin"), noon);
  EXPECT_EQ(as_of("2026-07-01T12:00:00.25+02:00", "UTC"), noon - 2 * kUsPerHour + 250'000);
  EXPECT_EQ(as_of("2026-07-01 12:00:00", "UTC"), noon);
  EXPECT_EQ(as_of("2026-07-01 12:00:00", "Europe/Berlin"), noon - 2 * kUsPerHour);
}

TEST(QueryParser, Last) {
  using Unit = LastSpan::Unit;
  const std::map<char, Unit> units = {{'d', Unit::kDay},
                                      {'w', Unit::kWeek},
                                      {'m', Unit::kMonth},
                                      {'q', Unit::kQuarter},
                                      {'y', Unit::kYear}};
  for (const auto& [letter, unit] : units) {
    EXPECT_EQ(parse(std::string(R"({"kind": "active", "last": "12)") + letter + "\"}").common.last,
              (LastSpan{12, unit}));
  }
}

TEST(QueryParser, MalformedJson) {
  EXPECT_EQ(
      parse_error(""),
      "query: 1:1: malformed JSON: syntax error while parsing value - unexpected end of input; "
      "expected '[', '{', or a literal");
  EXPECT_EQ(parse_error("{\"kind\": \"active\",\n \"from\" 1}"),
            "query: 2:9: malformed JSON: syntax error while parsing object separator - unexpected "
            "number literal; expected ':'");
  EXPECT_EQ(parse_error(R"({"kind": "idle"} x)"),
            "query: 1:18: malformed JSON: syntax error while parsing value - invalid literal; "
            "expected end of input");
  // The column is the first one of what is wrong.
  const std::pair<const char*, int> faults[] = {
      {R"({"kind": active})", 10}, {R"({"kind": falsy})", 10},  {R"({"kind": "a" "bcd"})", 14},
      {R"({"kind": -x})", 10},     {R"({"kind": 12 345})", 13}, {R"({"kind": tru)", 10}};
  for (const auto& [text, column] : faults) {
    const std::string begin = fmt::format("query: 1:{}: ", column);
    EXPECT_EQ(parse_error(text).substr(0, begin.size()), begin) << parse_error(text);
  }
  EXPECT_EQ(parse_error(R"({"kind": "idle", "kind": "idle"})"),
            "query: the field \"kind\" is given twice");
  EXPECT_EQ(parse_error(R"({"kind": "idle", "where": {"c": "x", "c": "y"}})"),
            "query: the field \"c\" is given twice");
  EXPECT_EQ(parse_error(std::string(100'000, '[')),
            "query: nested too deeply, allowed: 256 levels");
  EXPECT_EQ(parse_error("[]"), "query: must be an object, found []");
  EXPECT_EQ(parse_error("{\"kind\": \"active\", \"event\": \"\xff\"}"),
            "query: 1:30: malformed JSON: syntax error while parsing value - invalid string: "
            "ill-formed UTF-8 byte");
}

TEST(QueryParser, Kinds) {
  std::vector<std::string> kinds;
  for (const QueryKind& kind : query_kinds()) kinds.emplace_back(kind.name);
  ASSERT_EQ(kinds.front(), "active");
  const std::string all = fmt::format("{}", fmt::join(kinds, ", "));
  EXPECT_EQ(parse_error("{}"), "query: missing field \"kind\", allowed: " + all);
  EXPECT_EQ(parse_error(R"({"kind": "retentoin"})"),
            "query: unknown kind \"retentoin\" (did you mean \"retention\"?), allowed: " +
                excerpts(kinds));
  EXPECT_EQ(parse_error(R"({"kind": 3})"), "query: kind: must be one of " + all + ", found 3");
}

TEST(QueryParser, UnknownFields) {
  EXPECT_EQ(
      parse_error(R"({"kind": "active", "perod": "week"})"),
      "active: unknown field \"perod\" (did you mean \"period\"?), allowed: kind, event, period, "
      "window_days, ratio_to_window, from, to, last, as_of, where, among, breakdown, "
      "breakdown_limit, members");
  EXPECT_EQ(
      parse_error(R"({"kind": "retention", "cohrt": 1})"),
      "retention: unknown field \"cohrt\" (did you mean \"cohort\"?), allowed: kind, event, "
      "cohort_event, return_event, cohort, first_of, period, periods, mode, min_return_count, "
      "brackets, windows, summary, measure, value_from, breakdown_match, from, to, last, as_of, "
      "and 5 more");
  EXPECT_EQ(parse_error(R"({"kind": "churn", "zzzzzzzz": 1})"),
            "churn: unknown field \"zzzzzzzz\", allowed: kind, event, base, rule, from, to, last, "
            "as_of, where, among, breakdown, breakdown_limit, members");
  EXPECT_EQ(parse_error(R"({"kind": "idle", "from": "2026-01-01"})").substr(0, 28),
            "idle: unknown field \"from\", ");
  EXPECT_EQ(parse_error(R"({"kind": "active", "event": {"evnt": "a"}})"),
            "active: event: unknown field \"evnt\" (did you mean \"event\"?), allowed: event, "
            "not_event, where");
  EXPECT_EQ(
      parse_error(R"({"kind": "active", "where": {"c": {"nt": "a"}}})"),
      "active: where: c: unknown field \"nt\" (did you mean \"ne\"?), allowed: in, ne, not_in, "
      "contains, set, gt, gte, lt, lte, eq");
}

TEST(QueryParser, WrongValues) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"kind": "active", "event": 3})",
       "active: event: must be an event name, \"*\", or an object such as {\"event\": \"login\"}, "
       "found 3"},
      {R"({"kind": "active", "event": ""})",
       "active: event: must be the name of an event, found \"\""},
      {R"({"kind": "active", "event": []})",
       "active: event: must be a list of at least one string, found []"},
      {R"({"kind": "active", "event": ["*", "a"]})",
       "active: event: must be the name of an event, found \"*\""},
      {R"({"kind": "active", "event": {"event": "a", "not_event": "b"}})",
       "active: event: must be an object with either event or not_event, found "
       "{\"event\":\"a\",\"not_event\":\"b\"}"},
      {R"({"kind": "active", "period": "weeks"})",
       "active: period: unknown period \"weeks\" (did you mean \"week\"?), allowed: minute, hour, "
       "day, week, "
       "fortnight, month, quarter"},
      {R"({"kind": "active", "period": 1})",
       "active: period: must be one of minute, hour, day, week, fortnight, month, quarter, found "
       "1"},
      {R"({"kind": "active", "from": "2026-02-30"})",
       "active: from: must be an existing date such as \"2026-01-31\", or \"today\", "
       "\"yesterday\", \"3 days ago\", \"last monday\", \"this month\", \"last week\"; or, "
       "by hours or minutes, a time such as \"2026-01-31T06:00\", found "
       "\"2026-02-30\""},
      {R"({"kind": "active", "from": null})",
       "active: from: must be an existing date such as \"2026-01-31\", or \"today\", "
       "\"yesterday\", \"3 days ago\", \"last monday\", \"this month\", \"last week\"; or, "
       "by hours or minutes, a time such as \"2026-01-31T06:00\", found null"},
      {R"({"kind": "active", "from": "2026-01-02", "to": "2026-01-01"})",
       "active: from: must not be later than to, found 2026-01-02 and 2026-01-01"},
      {R"({"kind": "active", "last": "30"})",
       "active: last: must be a number of days, weeks, months, quarters or years such as \"30d\", "
       "\"4w\", \"6m\", \"2q\", \"1y\", found \"30\""},
      {R"({"kind": "active", "last": "0d"})",
       "active: last: must be a whole number from 1 to 36600, found 0"},
      {R"({"kind": "active", "last": "3d", "to": "2026-01-01"})",
       "active: last: stands for from and to: give either, found both"},
      {R"({"kind": "active", "as_of": "noon"})",
       "active: as_of: must be a date or an instant such as \"2026-01-31\", \"yesterday\", "
       "\"2026-01-31T23:59:59Z\" or \"2026-01-31 23:59:59\", found \"noon\""},
      {R"({"kind": "active", "as_of": "9999-12-31T23:59:59-01:00"})",
       "active: as_of: must lie between the years 1 and 9999, found 253402304399000000 "
       "microseconds "
       "since 1970"},
      {R"({"kind": "active", "window_days": 0})",
       "active: window_days: must be a whole number from 1 to 36600, found 0"},
      {R"({"kind": "active", "window_days": 2.5})",
       "active: window_days: must be a whole number, found 2.5"},
      {R"({"kind": "active", "window_days": 99999999999})",
       "active: window_days: must be a whole number up to 2147483647, found 99999999999"},
      {R"({"kind": "active", "window_days": -99999999999})",
       "active: window_days: must be a whole number up to 2147483647, found -99999999999"},
      {R"({"kind": "active", "window_days": 18446744073709551615})",
       "active: window_days: must be a whole number up to 2147483647, found 18446744073709551615"},
      {R"({"kind": "active", "window_days": 7, "period": "week"})",
       "active: window_days: goes with the periods \"day\" and \"hour\" only, found \"week\""},
      {R"({"kind": "active", "ratio_to_window": 7, "period": "month"})",
       "active: ratio_to_window: goes with the period \"day\" only, found \"month\""},
      {R"({"kind": "active", "window_days": 7, "ratio_to_window": 3})",
       "active: ratio_to_window: must not be less than window_days, found 3 and 7"},
      {R"({"kind": "active", "where": 3})",
       "active: where: must be an object such as {\"channel\": \"ads\"}, or a list of them, found "
       "3"},
      {R"({"kind": "active", "where": [{"c": "x"}, []]})",
       "active: where[1]: must be an object such as {\"channel\": \"ads\"}, or a list of them, "
       "found []"},
      {R"({"kind": "active", "where": {"c": {"gte": "1e3"}}})",
       "active: where: c: gte: must be a decimal number such as \"10\" or \"-2.50\", found "
       "\"1e3\""},
      {R"({"kind": "active", "where": {"c": {"eq": true}}})",
       "active: where: c: eq: must be a decimal number such as \"10\" or \"-2.50\", found true"},
      {R"({"kind": "active", "where": {"c": {"lt": 1e3}}})",
       "active: where: c: lt: must be a decimal number such as \"10\" or \"-2.50\", found 1e3"},
      {R"({"kind": "active", "where": {"c": 3}})",
       "active: where: c: must be a string, a list of strings, or an object such as {\"ne\": "
       "\"ads\"}, "
       "found 3"},
      {R"({"kind": "active", "where": {"c": {}}})",
       "active: where: c: must be a string, a list of strings, or an object such as {\"ne\": "
       "\"ads\"}, "
       "found {}"},
      {R"({"kind": "active", "where": {"c": [1]}})",
       "active: where: c: must be a list of strings, found [1]"},
      {R"({"kind": "active", "where": {"c": {"ne": ["a"]}}})",
       "active: where: c: ne: must be a string, found [\"a\"]"},
      {R"({"kind": "active", "where": {"c": {"set": "yes"}}})",
       "active: where: c: set: must be true or false, found \"yes\""},
      {R"({"kind": "active", "where": {"": "a"}})",
       "active: where: the name of a property is empty"},
      {R"({"kind": "retention", "event": "a", "return_event": "b"})",
       "retention: event: stands for cohort_event and return_event: give either, found both"},
      {R"({"kind": "retention", "mode": "on_or_aftr"})",
       "retention: mode: unknown mode \"on_or_aftr\" (did you mean \"on_or_after\"?), allowed: on, "
       "on_or_after, on_or_before, streak"},
      {R"({"kind": "retention", "cohort": "frst_ever"})",
       "retention: cohort: unknown cohort \"frst_ever\" (did you mean \"first_ever\"?), allowed: "
       "first_ever, first_in_range, recurring"},
      {R"({"kind": "retention", "periods": -1})",
       "retention: periods: must be a whole number from 0 to 2147483647, found -1"},
      {R"({"kind": "retention", "brackets": [1], "periods": 3})",
       "retention: brackets: stand for periods: give either, found both"},
      {R"({"kind": "retention", "brackets": []})",
       "retention: brackets: must be a list of whole numbers, found []"},
      {R"({"kind": "retention", "brackets": "1,2"})",
       "retention: brackets: must be a list of whole numbers, found \"1,2\""},
      {R"({"kind": "retention", "brackets": [1, 0]})",
       "retention: brackets: a size: must be a whole number from 1 to 2147483647, found 0"},
      {R"({"kind": "retention", "brackets": [2147483647, 1]})",
       "retention: brackets: their sum: must be a whole number from 1 to 2147483647, found "
       "2147483648"},
      {R"({"kind": "retention", "windows": "roling"})",
       "retention: windows: unknown windows \"roling\" (did you mean \"rolling\"?), allowed: "
       "calendar, rolling"},
      {R"({"kind": "retention", "windows": "rolling", "cohort": "recurring"})",
       "retention: windows: \"rolling\" does not go with the cohort \"recurring\", as its windows "
       "begin at one event of a user (allowed: first_ever, first_in_range)"},
      {R"({"kind": "retention", "windows": "rolling", "period": "quarter"})",
       "retention: windows: \"rolling\" does not go with the period \"quarter\" (allowed: minute, "
       "hour, day, week, fortnight, month: 1 minute, 1 and 24 hours, 7, 14 and 30 days)"},
      {R"({"kind": "retention", "first_of": "names"})",
       "retention: first_of: unknown first_of \"names\" (did you mean \"name\"?), allowed: "
       "matching, name"},
      {R"({"kind": "retention", "first_of": "name", "cohort": "first_in_range"})",
       "retention: first_of: \"name\" goes with the cohort \"first_ever\" only, found "
       "\"first_in_range\""},
      {R"({"kind": "retention", "min_return_count": 0})",
       "retention: min_return_count: must be a whole number from 1 to 2147483647, found 0"},
      {R"({"kind": "retention", "min_return_count": "2"})",
       "retention: min_return_count: must be a whole number, found \"2\""},
      {R"({"kind": "retention", "min_return_count": 2, "measure": "value"})",
       "retention: min_return_count: goes with the measure \"users\" only, found 2 and \"value\""},
      {R"({"kind": "retention", "value_from": "cohort_event"})",
       "retention: value_from: \"cohort_event\" goes with the measure \"value\" only, found "
       "\"users\""},
      {R"({"kind": "retention", "value_from": "event", "measure": "value"})",
       "retention: value_from: unknown value_from \"event\", allowed: period, cohort_event"},
      {R"({"kind": "churn", "rule": "week"})",
       "churn: rule: must be {\"gap_days\": N}, {\"period\": \"week\"} or {\"period\": \"month\", "
       "\"count\": 3}, found \"week\""},
      {R"({"kind": "churn", "rule": {"gap_days": 7, "period": "week"}})",
       "churn: rule: must be {\"gap_days\": N}, {\"period\": \"week\"} or {\"period\": \"month\", "
       "\"count\": 3}, found "
       "{\"gap_days\":7,\"period\":\"week\"}"},
      {R"({"kind": "churn", "rule": {"gap_days": 0}})",
       "churn: rule: gap_days: must be a whole number from 1 to 36600, found 0"},
      {R"({"kind": "churn", "base": "all"})",
       "churn: base: unknown base \"all\", allowed: active, new"},
      {R"({"kind": "idle", "edges": []})", "idle: edges: must begin with 0, found []"},
      {R"({"kind": "idle", "edges": [1, 2]})", "idle: edges: must begin with 0, found [1, 2]"},
      {R"({"kind": "idle", "edges": [0, 2, 2]})", "idle: edges: must ascend, found 2 after 2"},
      {R"({"kind": "idle", "edges": "all"})",
       "idle: edges: must be a list of whole numbers, or \"each\", found \"all\""},
      {R"({"kind": "stickiness", "per_period": 3})",
       "stickiness: per_period: must be an object such as {\"gte\": 3} (gte, lte, eq), found 3"},
      {R"({"kind": "stickiness", "per_period": {"gte": 2, "lte": 3}})",
       "stickiness: per_period: must be an object such as {\"gte\": 3} (gte, lte, eq), found "
       "{\"gte\":2,\"lte\":3}"},
      {R"({"kind": "stickiness", "per_period": {"gt": 2}})",
       "stickiness: per_period: unknown field \"gt\" (did you mean \"gte\"?), allowed: gte, lte, "
       "eq"},
      {R"({"kind": "stickiness", "per_period": {"lte": 0}})",
       "stickiness: per_period: lte: must be a whole number from 1 to 2147483647, found 0"},
      {R"({"kind": "stickiness", "period_step": 0})",
       "stickiness: period_step: must be a whole number from 1 to 36600, found 0"},
      {R"({"kind": "stickiness", "window_days": 7, "period_step": 2})",
       "stickiness: period_step: does not go with window_days, whose days count by themselves, "
       "found 2 (allowed: 1)"},
      {R"({"kind": "clock", "within": "1h"})", "clock: within: goes with \"then\" alone"},
      {R"({"kind": "clock", "then": "buy", "within": "0s"})",
       "clock: within: must be longer than 0s, found 0s"},
      {R"({"kind": "clock", "then": "buy", "within": 60})",
       "clock: within: must be a number of seconds, minutes, hours, days or weeks such as \"90s\", "
       "\"5m\", \"3h\", \"14d\", \"2w\", found 60"},
      {R"({"kind": "clock", "then": {"event": []}})",
       "clock: then: event: must be a list of at least one string, found []"},
      {R"({"kind": "paths", "direction": "afer"})",
       "paths: direction: unknown direction \"afer\" (did you mean \"after\"?), allowed: after, "
       "before"},
      {R"({"kind": "paths", "depth": 0})",
       "paths: depth: must be a whole number from 1 to 100, found 0"},
      {R"({"kind": "paths", "limit": 1001})",
       "paths: limit: must be a whole number from 1 to 1000, found 1001"},
      {R"({"kind": "paths", "window": "0s"})", "paths: window: must be longer than 0s, found 0s"},
  };
  for (const auto& [json, message] : cases) EXPECT_EQ(parse_error(json), message) << json;
}

TEST(QueryParser, LocalInstantInAnUnknownZone) {
  EXPECT_FALSE(
      parse_query(R"({"kind": "active", "as_of": "2026-01-01 00:00:00"})", "Mars/Olympus").ok());
  EXPECT_TRUE(
      parse_query(R"({"kind": "active", "as_of": "2026-01-01T00:00:00Z"})", "Mars/Olympus").ok());
}

}  // namespace
}  // namespace rollcall::testing
