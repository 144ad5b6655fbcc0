// Segments as people write them: what is read, the exact words for what is not, and that what is
// written is read back.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/query/text/query_validation.h"
#include "core/time/calendar.h"
#include "rollcall/query.h"
#include "tests/core/query/text/segments_of_tests.h"
#include "tests/support/query_generator.h"
#include "tests/support/random.h"

namespace rollcall::testing {
namespace {

using Kind = Segment::Kind;
using Compare = Segment::Compare;
using Names = Selector::Names;
using Check = PropertyCondition::Test;
using Unit = RelativeDate::Unit;

std::string error(std::string_view text) {
  const Result<Segment> segment = parse_segment(text);
  EXPECT_FALSE(segment.ok()) << text;
  EXPECT_EQ(segment.status().code(), StatusCode::kInvalidArgument);
  return segment.status().message();
}

Day day(std::string_view text) { return *parse_date(text); }

// These are the examples of docs/queries.md.
TEST(SegmentText, DocumentedExamples) {
  for (const std::string_view text :
       {"did(purchase, 30d) and not did(login, 7d)", "days(login, 28d) >= 3",
        "first(signup, 2026-01-01..2026-01-31)",
        "did(login[channel=ads], this month) or segment(staff)",
        R"~(did(!heartbeat|"page view", 7d) and not in_file("test users.txt"))~",
        "times(purchase, 30d) >= 3 or sum(purchase, 30d) >= 100", "declined(login, 7d, 0.5, 4)",
        "favourite(category of read, 90d) = wuxia",
        R"~(converted({"steps": ["visit", "order"], "window": "3d", "last": "30d"}))~",
        R"~(dropped({"steps": ["visit", "order"]}, 2) and not did(*, 7d))~"}) {
    EXPECT_EQ(to_string(parse(text)), text);
  }
}

TEST(SegmentText, Functions) {
  EXPECT_EQ(parse("did(purchase)"), did("purchase"));

  Segment first = did("signup");
  first.kind = Kind::kFirst;
  first.range = {day("2026-01-01"), day("2026-01-31"), {}};
  EXPECT_EQ(parse("first(signup, 2026-01-01..2026-01-31)"), first);

  Segment days = did("login");
  days.range.last = LastSpan{28};
  days.days = {Compare::kAtLeast, 3};
  EXPECT_EQ(parse("days(login, 28d) >= 3"), days);

  EXPECT_EQ(parse("in_file(users.txt)"), of_name(Kind::kFile, "users.txt"));
  EXPECT_EQ(parse(R"~(in_file("my users.txt"))~"), of_name(Kind::kFile, "my users.txt"));
  EXPECT_EQ(parse("segment(big_spenders)"), of_name(Kind::kSaved, "big_spenders"));
}

TEST(SegmentText, Comparisons) {
  const auto test = [](std::string_view text) {
    return *parse("days(login)" + std::string(text)).days;
  };
  EXPECT_EQ(test(">= 3"), (Segment::DaysTest{Compare::kAtLeast, 3}));
  EXPECT_EQ(test("<=3"), (Segment::DaysTest{Compare::kAtMost, 3}));
  EXPECT_EQ(test(" = 0"), (Segment::DaysTest{Compare::kExactly, 0}));
  EXPECT_EQ(test(" == 7"), (Segment::DaysTest{Compare::kExactly, 7}));
  EXPECT_EQ(test(" > 3"), (Segment::DaysTest{Compare::kAtLeast, 4}));
  EXPECT_EQ(test(" < 3"), (Segment::DaysTest{Compare::kAtMost, 2}));
  EXPECT_EQ(test("< 1"), (Segment::DaysTest{Compare::kAtMost, 0}));
  EXPECT_EQ(test("< 36601"), (Segment::DaysTest{Compare::kAtMost, 36'600}));
  EXPECT_EQ(test("> 36599"), (Segment::DaysTest{Compare::kAtLeast, 36'600}));
}

TEST(SegmentText, TimesAndSums) {
  const auto times = [](std::string_view text) {
    return *parse("times(login)" + std::string(text)).times;
  };
  EXPECT_EQ(times(">= 3"), (Segment::TimesTest{Compare::kAtLeast, 3}));
  EXPECT_EQ(times("<= 0"), (Segment::TimesTest{Compare::kAtMost, 0}));
  EXPECT_EQ(times("= 2147483647"), (Segment::TimesTest{Compare::kExactly, 2'147'483'647}));
  EXPECT_EQ(times("> 2147483646"), (Segment::TimesTest{Compare::kAtLeast, 2'147'483'647}));
  EXPECT_EQ(times("< 2147483648"), (Segment::TimesTest{Compare::kAtMost, 2'147'483'647}));
  const auto sum = [](std::string_view text) {
    return *parse("SUM(login, 30d)" + std::string(text)).sum;
  };
  EXPECT_EQ(sum(">= 100"), (Segment::SumTest{Compare::kAtLeast, "100"}));
  EXPECT_EQ(sum("<=-2.50"), (Segment::SumTest{Compare::kAtMost, "-2.50"}));
  EXPECT_EQ(sum("== 0"), (Segment::SumTest{Compare::kExactly, "0"}));
}

TEST(SegmentText, DeclinesAndFavourites) {
  Segment declined = did("login");
  declined.kind = Kind::kDeclined;
  declined.range.last = LastSpan{7};
  declined.decline = {.to_at_most = ".25", .from_at_least = 4};
  EXPECT_EQ(parse("Declined( login , 7d, .25,4 )"), declined);
  EXPECT_EQ(to_string(declined), "declined(login, 7d, .25, 4)");

  Segment favourite = did("read");
  favourite.kind = Kind::kFavourite;
  favourite.event.where = {{"value", Check::kMore, {"1"}}};
  favourite.favourite = {"the category", "wu xia"};
  EXPECT_EQ(parse(R"~(favourite("the category" OF read[value>1]) = "wu xia")~"), favourite);
  EXPECT_EQ(to_string(favourite), R"~(favourite("the category" of read[value > 1]) = "wu xia")~");
  EXPECT_EQ(parse("favourite(of of of, 2w) = of").favourite, (Segment::Favourite{"of", "of"}));
}

TEST(SegmentText, Selectors) {
  const std::vector<std::pair<std::string, Selector>> cases = {
      {"*", {}},
      {"login", {Names::kAnyOf, {"login"}, {}}},
      {"a|b | c", {Names::kAnyOf, {"a", "b", "c"}, {}}},
      {"!bot", {Names::kNoneOf, {"bot"}, {}}},
      {"! bot|cron", {Names::kNoneOf, {"bot", "cron"}, {}}},
      {"and", {Names::kAnyOf, {"and"}, {}}},
      {"$page-view/v1.2:x+y@z_A", {Names::kAnyOf, {"$page-view/v1.2:x+y@z_A"}, {}}},
      {"giriş", {Names::kAnyOf, {"giriş"}, {}}},
      {R"~("page view")~", {Names::kAnyOf, {"page view"}, {}}},
      {R"~("a \"b\" \\ c)")~", {Names::kAnyOf, {"a \"b\" \\ c)"}, {}}},
      {"*[channel=ads]", {Names::kAny, {}, {{"channel", Check::kAnyOf, {"ads"}}}}},
      {"a [ channel = ads|seo , plan != free ]",
       {Names::kAnyOf,
        {"a"},
        {{"channel", Check::kAnyOf, {"ads", "seo"}}, {"plan", Check::kNoneOf, {"free"}}}}},
      {"!a|b[c!=x|y]", {Names::kNoneOf, {"a", "b"}, {{"c", Check::kNoneOf, {"x", "y"}}}}},
      {"a[channel~ad]", {Names::kAnyOf, {"a"}, {{"channel", Check::kContains, {"ad"}}}}},
      {"a[channel]", {Names::kAnyOf, {"a"}, {{"channel", Check::kIsSet, {}}}}},
      {"a[!channel,plan]",
       {Names::kAnyOf, {"a"}, {{"channel", Check::kIsNotSet, {}}, {"plan", Check::kIsSet, {}}}}},
      {"a[value >= 10, value<20.50]",
       {Names::kAnyOf,
        {"a"},
        {{"value", Check::kAtLeast, {"10"}}, {"value", Check::kLess, {"20.50"}}}}},
      {"a[c > -.5, c <= +3, c == 007.]",
       {Names::kAnyOf,
        {"a"},
        {{"c", Check::kMore, {"-.5"}},
         {"c", Check::kAtMost, {"+3"}},
         {"c", Check::kEquals, {"007."}}}}},
      {R"~(a["the channel"=""])~", {Names::kAnyOf, {"a"}, {{"the channel", Check::kAnyOf, {""}}}}},
  };
  for (const auto& [text, selector] : cases) {
    EXPECT_EQ(parse("did(" + text + ")").event, selector) << text;
  }
}

TEST(SegmentText, Ranges) {
  const DateText january_1 = day("2026-01-01");
  const DateText january_31 = day("2026-01-31");
  const DateText yesterday = RelativeDate{Unit::kDay, 1, 0};
  const DateText this_month = RelativeDate{Unit::kMonth, 0, 0};
  const DateText last_week = RelativeDate{Unit::kWeek, 1, 0};
  const DateText three_days_ago = RelativeDate{Unit::kDay, 3, 0};
  const std::vector<std::pair<std::string, DateRangeText>> cases = {
      {"30d", {{}, {}, LastSpan{30}}},
      {" 6m ", {{}, {}, LastSpan{6, LastSpan::Unit::kMonth}}},
      {"2026-01-01..2026-01-31", {january_1, january_31, {}}},
      {"2026-01-01 .. 2026-01-31", {january_1, january_31, {}}},
      {"2026-01-01..", {january_1, {}, {}}},
      {"..2026-01-31", {{}, january_31, {}}},
      {"2026-01-31", {january_31, january_31, {}}},
      {"yesterday", {yesterday, yesterday, {}}},
      {"this month", {this_month, this_month, {}}},
      {"last week", {last_week, last_week, {}}},
      {"3 days ago..yesterday", {three_days_ago, yesterday, {}}},
      {"last week..2026-01-31", {last_week, january_31, {}}},
      {"this month .. ", {this_month, {}, {}}},
  };
  for (const auto& [text, range] : cases) {
    EXPECT_EQ(parse("did(a, " + text + ")").range, range) << text;
    EXPECT_EQ(parse("first(a," + text + ")").range, range) << text;
    EXPECT_EQ(parse("days(a," + text + ") = 1").range, range) << text;
  }
}

TEST(SegmentText, Precedence) {
  const Segment a = did("a");
  const Segment b = did("b");
  const Segment c = did("c");
  EXPECT_EQ(parse("did(a) and did(b) and did(c)"), of_parts(Kind::kAll, {a, b, c}));
  EXPECT_EQ(parse("did(a) or did(b) or did(c)"), of_parts(Kind::kAny, {a, b, c}));
  EXPECT_EQ(parse("did(a) or did(b) and did(c)"),
            of_parts(Kind::kAny, {a, of_parts(Kind::kAll, {b, c})}));
  EXPECT_EQ(parse("did(a) and did(b) or did(c)"),
            of_parts(Kind::kAny, {of_parts(Kind::kAll, {a, b}), c}));
  EXPECT_EQ(parse("(did(a) or did(b)) and did(c)"),
            of_parts(Kind::kAll, {of_parts(Kind::kAny, {a, b}), c}));
  EXPECT_EQ(parse("(did(a) and did(b)) and did(c)"),
            of_parts(Kind::kAll, {of_parts(Kind::kAll, {a, b}), c}));
  EXPECT_EQ(parse("not did(a) and did(b)"), of_parts(Kind::kAll, {of_parts(Kind::kNot, {a}), b}));
  EXPECT_EQ(parse("not(did(a) and did(b))"), of_parts(Kind::kNot, {of_parts(Kind::kAll, {a, b})}));
  EXPECT_EQ(parse("not not did(a)"), of_parts(Kind::kNot, {of_parts(Kind::kNot, {a})}));
  EXPECT_EQ(parse("((did(a)))"), a);
}

TEST(SegmentText, BlanksAndCaseDoNotMatter) {
  const Segment segment = of_parts(Kind::kAll, {did("A"), of_parts(Kind::kNot, {did("b")})});
  EXPECT_EQ(parse("did(A)and not did(b)"), segment);
  EXPECT_EQ(parse("\n DID ( A )\tAnD\r\n NOT Did( b ) "), segment);
}

TEST(SegmentText, Errors) {
  const std::string parts =
      "did(...), first(...), days(...), times(...), sum(...), declined(...), favourite(...), "
      "converted(...), dropped(...), in_file(...), segment(...), campaign(...), variant(...), not "
      R"~(or "(")~";
  const std::string funnel = R"~(a funnel such as {"steps": ["visit", "order"]})~";
  const std::string event = R"~(the name of an event, "!" and a name, or "*")~";
  const std::string name = "a name, in double quotes if it has blanks";
  const std::string decimal = R"~(a decimal number such as "10" or "-2.50")~";
  const std::string share =
      R"~(a decimal number from 0 to 1 such as "0.5", of at most 18 decimals)~";
  const std::string date =
      R"~(an existing date such as "2026-01-31", or "today", "yesterday", "3 days ago", )~"
      R"~("last monday", "this month", "last week")~";
  const std::string range =
      R"~(a number of days, weeks, months, quarters or years such as "30d", "4w", "6m", "2q", )~"
      R"~("1y"; or )~" +
      date + R"~(; or two dates with ".." between)~";
  const std::string comparison = R"~(">=", "<=", "=", ">" or "<" and a number of days)~";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "column 1: must be " + parts + ", found the end"},
      {"  ", "column 3: must be " + parts + ", found the end"},
      {"did(a) and", "column 11: must be " + parts + ", found the end"},
      {"did(a) and or did(b)", "column 12: must be " + parts + R"~(, found "or")~"},
      {"And did(a)", "column 1: must be " + parts + R"~(, found "And")~"},
      {"not )", "column 5: must be " + parts + R"~(, found ")")~"},
      {R"~("did"(a))~", "column 1: must be " + parts + R"~(, found "\"")~"},
      {"not dit(a)",
       R"~(column 5: unknown function "dit" (did you mean "did"?), )~"
       "allowed: did, first, days, times, sum, declined, favourite, converted, dropped, in_file, "
       "segment, campaign, variant"},
      {"purchase and login",
       R"~(column 1: unknown function "purchase", allowed: did, first, days, times, sum, )~"
       "declined, favourite, converted, dropped, in_file, segment, campaign, variant; a segment "
       "saved by that name is segment(purchase)"},
      {"did", R"~(column 4: must be "(", found the end)~"},
      {"did a", R"~(column 5: must be "(", found "a")~"},
      {"did(a) did(b)", R"~(column 8: must be and, or, or the end, found "did")~"},
      {"did(a))", R"~(column 7: must be and, or, or the end, found ")")~"},
      {"did(a) >= 3", R"~(column 8: must be and, or, or the end, found ">")~"},
      {"(did(a)", R"~(column 8: must be and, or, or ")", found the end)~"},
      {"(did(a), did(b))", R"~(column 8: must be and, or, or ")", found ",")~"},
      {"did()", "column 5: must be " + event + R"~(, found ")")~"},
      {"did([c=x])", "column 5: must be " + event + R"~(, found "[")~"},
      {"did(!)", "column 6: must be " + name + R"~(, found ")")~"},
      {"did(a|*)", "column 7: must be " + name + R"~(, found "*")~"},
      {"did(page view)",
       R"~(column 10: must be "|", "[", "," or ")" (a name with blanks stands in double quotes), )~"
       R"~(found "view")~"},
      {"did(*|a)", R"~(column 6: must be "[", "," or ")", found "|")~"},
      {"did(a[c] b)", R"~(column 10: must be "," or ")", found "b")~"},
      {R"~(did("a)~", R"~(column 5: a name in quotes must end with ", found the end)~"},
      {R"~(did("a\nb"))~", R"~(column 7: must be \" or \\ within a name in quotes, found "\\n")~"},
      {R"~(did("a\)~", R"~(column 7: must be \" or \\ within a name in quotes, found "\\")~"},
      {"did(a[])", R"~(column 7: must be the name of a property, or "!" and one, found "]")~"},
      {"did(a[!=x])", R"~(column 8: must be the name of a property, found "=")~"},
      {"did(a[c=])", "column 9: must be " + name + R"~(, found "]")~"},
      {"did(a[c==x])", "column 10: must be " + decimal + R"~(, found "x")~"},
      {"did(a[c>=1e3])", "column 10: must be " + decimal + R"~(, found "1e3")~"},
      {"did(a[c<])", "column 9: must be " + decimal + R"~(, found "]")~"},
      {"did(a[c<1|2])", R"~(column 10: must be "," or "]", found "|")~"},
      {"did(a[c!=])", "column 10: must be " + name + R"~(, found "]")~"},
      {"did(a[c~])", "column 9: must be " + name + R"~(, found "]")~"},
      {"did(a[c=x y])", R"~(column 11: must be "|", "," or "]", found "y")~"},
      {"did(a[c~x|y])", R"~(column 10: must be "," or "]", found "|")~"},
      {"did(a[c 3])",
       R"~(column 9: must be "=", "!=", "~", ">=", "<=", "==", ">", "<", "," or "]", found "3")~"},
      {"did(a[!c=x])", R"~(column 9: must be "," or "]", found "=")~"},
      {"did(a,)", "column 7: must be " + range + R"~(, found ")")~"},
      {"did(a, soon)", "column 8: must be " + range + R"~(, found "soon")~"},
      {"did(a, 30d, 7d)", "column 8: must be " + range + R"~(, found "30d, 7d")~"},
      {"did(a, 2026-02-30)", "column 8: must be " + range + R"~(, found "2026-02-30")~"},
      {"did(a, 99999999999d)", "column 8: must be " + range + R"~(, found "99999999999d")~"},
      {"did(a, ..)", R"~(column 8: must be a date before or after "..", found "..")~"},
      {"did(a, soon..)", "column 8: must be " + date + R"~(, found "soon")~"},
      {"did(a, today .. soon)", "column 17: must be " + date + R"~(, found "soon")~"},
      {"did(a, 30d", R"~(column 11: must be ")", found the end)~"},
      {"in_file()", "column 9: must be " + name + R"~(, found ")")~"},
      {"in_file(a, 7d)", R"~(column 10: must be ")", found ",")~"},
      {"segment(a|b)", R"~(column 10: must be ")", found "|")~"},
      {"days(a)", "column 8: must be " + comparison + ", found the end"},
      {"days(a) != 3", "column 9: must be " + comparison + R"~(, found "!")~"},
      {"days(a) >=", "column 11: must be a whole number from 0 to 36600, found the end"},
      {"days(a) = -1", R"~(column 11: must be a whole number from 0 to 36600, found "-1")~"},
      {"days(a) = 3d", R"~(column 11: must be a whole number from 0 to 36600, found "3d")~"},
      {"days(a) < 0", R"~(column 11: must be a whole number from 1 to 36601, found "0")~"},
      {"days(a) > 36600", R"~(column 11: must be a whole number from 0 to 36599, found "36600")~"},
      {"days(a) > 99999999999",
       R"~(column 11: must be a whole number from 0 to 36599, found "99999999999")~"},
      {"times(a)",
       R"~(column 9: must be ">=", "<=", "=", ">" or "<" and a number of times, found the end)~"},
      {"times(a) < 0", R"~(column 12: must be a whole number from 1 to 2147483648, found "0")~"},
      {"times(a) > 2147483647",
       R"~(column 12: must be a whole number from 0 to 2147483646, found "2147483647")~"},
      {"sum(a) > 3", R"~(column 8: must be ">=", "<=" or "=" and a sum, found ">")~"},
      {"sum(a) >= 3x", "column 11: must be " + decimal + R"~(, found "3x")~"},
      {"declined(a)", R"~(column 11: must be "," and a number of days such as "7d", found ")")~"},
      {"declined(a, 2w, 0.5, 4)",
       R"~(column 13: must be a number of days such as "7d", found "2w")~"},
      {"declined(a, 7d)", R"~(column 15: must be "," and a share such as "0.5", found ")")~"},
      {"declined(a, 7d, 1.01, 4)", "column 17: must be " + share + R"~(, found "1.01")~"},
      {"declined(a, 7d, -0.5, 4)", "column 17: must be " + share + R"~(, found "-0.5")~"},
      {"declined(a, 7d, 0.5)", R"~(column 20: must be "," and a number of events, found ")")~"},
      {"declined(a, 7d, 0.5, 0)",
       R"~(column 22: must be a whole number from 1 to 2147483647, found "0")~"},
      {"favourite(a)", R"~(column 12: must be "of" and an event, found ")")~"},
      {"favourite(a of b)",
       R"~(column 18: must be "=" and a value of the property, found the end)~"},
      {"favourite(a of b) = ", "column 21: must be " + name + ", found the end"},
      {"converted(a)", "column 11: must be " + funnel + R"~(, found "a")~"},
      {R"~(converted({"steps": ["a"])~", "column 11: a JSON object must end with }, found the end"},
      {R"~(converted({"steps": ["a})~", "column 11: a JSON object must end with }, found the end"},
      {R"~(converted({"steps": ["a", "b"]}, 2))~", R"~(column 32: must be ")", found ",")~"},
      {R"~(converted({"step": ["a", "b"]}))~", R"~(column 11: converted: missing field "steps")~"},
      {R"~(dropped({"steps": ["a", "b"]}))~", R"~(column 30: must be "," and a step, found ")")~"},
      {R"~(dropped({"steps": ["a", "b"]}, 1))~",
       R"~(column 32: must be a whole number from 2 to 32, found "1")~"},
      {R"~(dropped({"steps": ["a", "b"], "among": "did("}, 2))~",
       "column 9: dropped: among: column 5: must be " + event + ", found the end"},
      {std::string("did(a)\0", 7), R"~(column 7: must be and, or, or the end, found "\x00")~"},
  };
  for (const auto& [text, message] : cases) EXPECT_EQ(error(text), message) << text;
}

TEST(SegmentText, StandsInAQuery) {
  const Result<Query> query =
      parse_query(R"~({"kind": "segment", "segment": "did(login) and not did(\"log out\", 7d)"})~");
  ASSERT_TRUE(query.ok()) << query.status().to_string();
  EXPECT_EQ(std::get<SegmentQuery>(query->ask).segment,
            parse(R"~(did(login) and not did("log out", 7d))~"));
  EXPECT_EQ(parse_query(R"~({"kind": "active", "among": "did(login"})~").status().message(),
            R"~(active: among: column 10: must be "|", "[", "," or ")" )~"
            "(a name with blanks stands in double quotes), found the end");
}

TEST(SegmentText, NestingIsBounded) {
  const auto nested = [](int depth, std::string_view open, std::string_view close) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += open;
    text += "did(a)";
    for (int i = 0; i < depth; ++i) text += close;
    return text;
  };
  const std::string message = "segments are nested deeper than 100";
  EXPECT_EQ(parse(nested(kSegmentDepthMax, "(", ")")), did("a"));
  EXPECT_EQ(error(nested(kSegmentDepthMax + 1, "(", ")")), "column 102: " + message);
  EXPECT_EQ(error(nested(1'000'000, "(", ")")), "column 102: " + message);
  EXPECT_EQ(parse(nested(kSegmentDepthMax, "not ", "")).kind, Kind::kNot);
  EXPECT_EQ(error(nested(1'000'000, "not ", "")), "column 405: " + message);
  EXPECT_EQ(error(nested(1'000'000, "did(a) or (", ")")), "column 1112: " + message);
}

TEST(SegmentText, LongListsAreFlat) {
  std::string text = "did(a)";
  for (int i = 0; i < 100'000; ++i) text += " and did(a)";
  const Segment segment = parse(text);
  EXPECT_EQ(segment.parts.size(), 100'001U);
  EXPECT_EQ(to_string(segment), text);
}

TEST(SegmentText, WhatIsWritten) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"DID(a,30d)AND NOT did( b )", "did(a, 30d) and not did(b)"},
      {"((did(a) and did(b)) or did(c))", "did(a) and did(b) or did(c)"},
      {"did(a) and (did(b) or not (did(c)))", "did(a) and (did(b) or not did(c))"},
      {"not (did(a) or did(b))", "not (did(a) or did(b))"},
      {"did(a) or (did(b) or did(c))", "did(a) or (did(b) or did(c))"},
      {"days(a|\"b\", today..today) > 2", "days(a|b, today) >= 3"},
      {"days(*) == 2", "days(*) = 2"},
      {"days(!a) < 2", "days(!a) <= 1"},
      {R"~(first(!"a b"|c[d=x|y,"e f"!=z,g~"",h,!i], ..1 day ago))~",
       R"~(first(!"a b"|c[d=x|y, "e f"!=z, g~"", h, !i], ..yesterday))~"},
      {"in_file(\"/tmp/users.csv\") or segment(\"a (b)\")",
       "in_file(/tmp/users.csv) or segment(\"a (b)\")"},
  };
  for (const auto& [text, written] : cases) {
    EXPECT_EQ(to_string(parse(text)), written) << text;
    EXPECT_EQ(to_string(parse(written)), written);
  }
}

TEST(SegmentText, AListOfOnePartIsThatPart) {
  const Segment list = of_parts(Kind::kAny, {did("a"), did("b")});
  const Segment lone = of_parts(Kind::kAll, {list});
  EXPECT_EQ(to_string(lone), "did(a) or did(b)");
  EXPECT_EQ(to_string(of_parts(Kind::kAny, {lone})), "did(a) or did(b)");
  EXPECT_EQ(to_string(of_parts(Kind::kNot, {lone})), "not (did(a) or did(b))");
  EXPECT_EQ(to_string(of_parts(Kind::kAll, {lone, did("c")})), "(did(a) or did(b)) and did(c)");
}

// Every byte, alone and between others, is read back: in quotes or not.
TEST(SegmentText, EveryNameIsReadBack) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    for (const std::string& name : {std::string(1, c), std::string("a") + c + "b"}) {
      const Segment segment = of_name(Kind::kSaved, name);
      EXPECT_EQ(parse(to_string(segment)), segment) << "byte " << byte;
    }
  }
}

const std::vector<std::string> kRandomNames = {
    "a",
    "login",
    "and",
    "NOT",
    "or",
    "did",
    "30d",
    "..",
    "a..b",
    "-",
    "!",
    "!a",
    "*x",
    "a|b",
    "page view",
    " ",
    " a",
    "a ",
    "\"",
    "\\",
    "a\\\"b",
    ")",
    "(",
    "]",
    "[x]",
    ",",
    "=",
    "~",
    "a=b",
    "\n",
    std::string("\0", 1),
    "giriş",
    "\xff",
    "$",
    "+",
    "@",
    "a:b/c.d_e-f",
};

std::vector<std::string> random_names(Random& random) {
  std::vector<std::string> names;
  do names.push_back(random.pick(kRandomNames));
  while (random.chance(30));
  return names;
}

PropertyCondition random_condition(Random& random) {
  PropertyCondition condition;
  condition.property = random.pick(kRandomNames);
  condition.test = random.pick<Check>(
      {Check::kAnyOf, Check::kNoneOf, Check::kContains, Check::kIsSet, Check::kIsNotSet,
       Check::kMore, Check::kAtLeast, Check::kLess, Check::kAtMost, Check::kEquals});
  if (condition.test == Check::kAnyOf || condition.test == Check::kNoneOf) {
    condition.values = random_names(random);
  }
  if (condition.test == Check::kContains) condition.values = {random.pick(kRandomNames)};
  if (condition.test >= Check::kMore) {
    condition.values = {random.pick<std::string>({"10", "-2.50", "+.5", "0.", "00"})};
  }
  return condition;
}

Selector random_selector(Random& random) {
  Selector selector;
  selector.match = random.pick<Names>({Names::kAny, Names::kAnyOf, Names::kNoneOf});
  if (selector.match != Names::kAny) selector.names = random_names(random);
  while (random.chance(30)) selector.where.push_back(random_condition(random));
  return selector;
}

DateText random_date(Random& random) {
  if (random.chance(50)) return Day{random.between(kDayMin.value, kDayMax.value)};
  const auto unit = random.pick<Unit>({Unit::kDay, Unit::kWeek, Unit::kFortnight, Unit::kMonth,
                                       Unit::kQuarter, Unit::kYear, Unit::kWeekday});
  if (unit == Unit::kWeekday) return RelativeDate{unit, 0, random.between(0, 6)};
  return RelativeDate{unit, random.between(0, 3), 0};
}

DateRangeText random_range(Random& random) {
  DateRangeText range;
  if (random.chance(30)) {
    range.last = LastSpan{random.between(1, 400), static_cast<LastSpan::Unit>(random.below(5))};
    return range;
  }
  if (random.chance(50)) range.from = random_date(random);
  if (random.chance(50)) range.to = random.chance(30) ? range.from : random_date(random);
  return range;
}

// A test of a "did", or none.
void add_test(Random& random, Segment& segment) {
  const auto compare =
      random.pick<Compare>({Compare::kAtLeast, Compare::kAtMost, Compare::kExactly});
  switch (random.below(6)) {
    case 0:
    case 1:
      segment.days = {compare, random.between(0, kSpanDaysMax)};
      break;
    case 2:
      segment.times = {compare, random.between(0, kTimesMax - 1)};
      break;
    case 3:
      segment.sum = {compare, random.pick<std::string>({"100", "-0.50", "+.5", "007"})};
      break;
    default:
      break;
  }
}

// JSON has no bytes that are not UTF-8.
std::string random_text(Random& random) {
  for (;;) {
    const std::string& text = random.pick(kRandomNames);
    if (text != "\xff") return text;
  }
}

Segment random_funnel(Random& random, int depth) {
  FunnelQuery ask;
  for (int i = random.between(2, 4); i > 0; --i) ask.steps.push_back(event(random_text(random)));
  ask.order = random.pick<FunnelQuery::Order>(
      {FunnelQuery::Order::kOrdered, FunnelQuery::Order::kStrict, FunnelQuery::Order::kAny});
  ask.window = Length{std::int64_t{random.between(1, 100)} * 1'000'000};
  if (random.chance(30)) ask.exclusions = {{event(random_text(random)), 1, 2}};
  if (random.chance(30)) ask.hold = random_text(random);
  ask.steps_after_to = random.chance(50);
  Query funnel{.common = {}, .ask = std::move(ask)};
  const DateRangeText range = random_range(random);
  const auto end_of = [](const std::optional<DateText>& date) -> std::optional<RangeEnd> {
    if (!date) return std::nullopt;
    return std::visit([](auto alternative) { return RangeEnd(alternative); }, *date);
  };
  funnel.common.from = end_of(range.from);
  funnel.common.to = end_of(range.to);
  funnel.common.last = range.last;
  if (depth > 0 && random.chance(50)) {
    Segment among;
    among.event = event(random_text(random));
    funnel.common.among = of_parts(Kind::kNot, {std::move(among)});
  }
  Segment segment = of_funnel(Kind::kConverted, std::move(funnel));
  if (random.chance(50)) {
    segment.kind = Kind::kDropped;
    segment.at_step = random.between(2, 32);
  }
  return segment;
}

bool is_text(const Selector& selector) {
  const auto all_are = [](const std::vector<std::string>& names) {
    return std::find(names.begin(), names.end(), "\xff") == names.end();
  };
  return all_are(selector.names) &&
         std::all_of(selector.where.begin(), selector.where.end(), [&](const auto& condition) {
           return all_are({condition.property}) && all_are(condition.values);
         });
}

Segment random_variant(Random& random) {
  CompareQuery ask;
  do ask.exposure = random_selector(random);
  while (!is_text(ask.exposure));
  ask.variant = random_text(random);
  Segment segment;
  segment.kind = Kind::kVariant;
  segment.name = random_text(random);
  segment.comparison = std::make_shared<const Query>(Query{.common = {}, .ask = std::move(ask)});
  return segment;
}

Segment::AudiencePart random_part(Random& random) {
  using Arm = Segment::AudiencePart::Arm;
  Segment::AudiencePart part;
  if (random.chance(50)) part.run = random_text(random);
  if (random.chance(50)) part.class_name = random_text(random);
  if (random.chance(50)) part.arm = random.pick<Arm>({Arm::kContacted, Arm::kHoldout});
  return part;
}

Segment random_segment(Random& random, int depth) {
  Segment segment;
  if (random.chance(10)) return random_funnel(random, depth);
  if (random.chance(10)) return random_variant(random);
  const bool leaf = depth == 0 || random.chance(30);
  segment.kind =
      leaf ? random.pick<Kind>({Kind::kDid, Kind::kDid, Kind::kFirst, Kind::kDeclined,
                                Kind::kFavourite, Kind::kFile, Kind::kSaved, Kind::kAudience})
           : random.pick<Kind>({Kind::kAll, Kind::kAny, Kind::kNot});
  switch (segment.kind) {
    case Kind::kDid:
    case Kind::kFirst:
      segment.event = random_selector(random);
      segment.range = random_range(random);
      if (segment.kind == Kind::kDid) add_test(random, segment);
      break;
    case Kind::kAll:
    case Kind::kAny:
      for (int i = random.between(2, 4); i > 0; --i) {
        segment.parts.push_back(random_segment(random, depth - 1));
      }
      break;
    case Kind::kNot:
      segment.parts = {random_segment(random, depth - 1)};
      break;
    case Kind::kDeclined:
      segment.event = random_selector(random);
      segment.range.last = LastSpan{random.between(1, kSpanDaysMax)};
      segment.decline = {random.pick<std::string>({"0.5", "1", ".25", "0"}),
                         random.between(1, kTimesMax - 1)};
      break;
    case Kind::kFavourite:
      segment.event = random_selector(random);
      segment.range = random_range(random);
      segment.favourite = {random.pick(kRandomNames), random.pick(kRandomNames)};
      break;
    case Kind::kConverted:
    case Kind::kDropped:
    case Kind::kVariant:
      break;
    case Kind::kFile:
    case Kind::kSaved:
      segment.name = random.pick(kRandomNames);
      break;
    case Kind::kAudience:
      segment.name = random_text(random);
      segment.audience = random_part(random);
      break;
  }
  return segment;
}

TEST(SegmentText, ReadsBackAsTheSameSegment) {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    Random random(seed);
    const Segment segment = random_segment(random, random.between(0, 5));
    const std::string text = to_string(segment);
    const Result<Segment> read = parse_segment(text);
    ASSERT_TRUE(read.ok()) << "seed " << seed << ", " << text << "\n" << read.status().to_string();
    ASSERT_EQ(*read, segment) << "seed " << seed << ", " << text;
  }
}

TEST(SegmentText, TheDeepestSegmentIsReadBack) {
  for (const Kind outer : {Kind::kAll, Kind::kAny, Kind::kNot}) {
    for (const Kind inner : {Kind::kAll, Kind::kAny, Kind::kNot}) {
      Segment segment = did("a");
      for (int depth = 0; depth < kSegmentDepthMax; ++depth) {
        const Kind kind = depth % 2 == 0 ? inner : outer;
        segment =
            kind == Kind::kNot ? of_parts(kind, {segment}) : of_parts(kind, {segment, did("b")});
      }
      ASSERT_TRUE(check_segment("segment", segment).ok());
      EXPECT_EQ(parse(to_string(segment)), segment);
    }
  }
}

// Any cut of a text, and any of its bytes replaced, gives a segment or an error, and no crash.
TEST(SegmentText, DamagedTextIsAnError) {
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    Random random(seed);
    std::string text = to_string(random_segment(random, 3));
    text.resize(random.below(text.size() + 1));
    for (int i = random.between(0, 3); i > 0 && !text.empty(); --i) {
      text[random.below(text.size())] = static_cast<char>(random.below(256));
    }
    const Result<Segment> read = parse_segment(text);
    if (read.ok()) {
      EXPECT_EQ(parse(to_string(*read)), *read) << "seed " << seed << ", " << text;
    } else {
      EXPECT_EQ(read.status().code(), StatusCode::kInvalidArgument) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace rollcall::testing
