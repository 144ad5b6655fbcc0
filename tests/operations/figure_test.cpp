// Answers drawn as HTML and SVG: what is escaped, what is drawn, and what is said of it.
#include "rollcall/figure.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall::testing {
namespace {

std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

// Is an answer of one kind, over some days.
QueryResult daily_answer(const std::vector<std::int64_t>& users, bool last_is_over = true) {
  QueryResult result;
  result.kind = "active";
  result.as_of = "2026-01-05T00:00:00Z";
  result.columns = {
      {"date", ColumnType::kDate}, {"users", ColumnType::kCount}, {"complete", ColumnType::kBool}};
  for (std::size_t i = 0; i < users.size(); ++i) {
    const bool is_over = last_is_over || i + 1 < users.size();
    result.rows.push_back(
        {Cell(Day{20'454 + static_cast<std::int32_t>(i)}), Cell(users[i]), Cell(is_over)});
  }
  return result;
}

QueryResult answer_by_event(const std::vector<std::string>& events) {
  QueryResult result;
  result.kind = "funnel";
  result.columns = {{"event", ColumnType::kString}, {"users", ColumnType::kCount}};
  for (const std::string& event : events) {
    result.rows.push_back({Cell(event), Cell(std::int64_t{3})});
  }
  return result;
}

TEST(HtmlText, EscapesWhatMarkupIsMadeOf) {
  EXPECT_EQ(html_text("a<b>&\"c'"), "a&lt;b&gt;&amp;&quot;c&#39;");
  EXPECT_EQ(html_text("留存 ✓ é"), "留存 ✓ é");
  EXPECT_EQ(html_text(""), "");
}

TEST(HtmlText, ShowsWhatIsHidden) {
  const std::string mark = "\xEF\xBF\xBD";
  EXPECT_EQ(html_text(std::string("a\0b", 3)), "a" + mark + "b");
  EXPECT_EQ(html_text("a\x1b[31m"), "a" + mark + "[31m");
  EXPECT_EQ(html_text("a\u202Eb"), "a" + mark + "b") << "turns the direction of text";
  EXPECT_EQ(html_text("a\u200Bb"), "a" + mark + "b") << "takes no place";
  EXPECT_EQ(html_text("a\xFF"), "a" + mark) << "is not UTF-8";
  EXPECT_EQ(html_text("a\xE7\x95"), "a" + mark + mark) << "is cut off";
  EXPECT_EQ(html_text("a\xC0\xBC"), "a" + mark + mark) << "is < in too many bytes";
}

// Whatever names come, there are no other tags than those of ours.
TEST(Figure, NamesAddNoMarkup) {
  const std::vector<std::string> hostile = {"<script>alert(1)</script>",
                                            "\"><img src=x onerror=alert(1)>",
                                            "' onload='x",
                                            "</svg></title>",
                                            "<!--",
                                            "&lt;b&gt;",
                                            "]]>",
                                            "javascript:alert(1)"};
  const auto tags_of = [](const std::string& html) { return count_of(html, "<"); };
  QueryResult plain = answer_by_event(std::vector<std::string>(hostile.size(), "x"));
  QueryResult named = answer_by_event(hostile);
  for (QueryResult* const result : {&plain, &named}) {
    result->definition = {{"event", "\"x\""}};
    result->notes = {"x"};
  }
  named.definition = {{hostile[0], hostile[1]}};
  named.notes = {hostile[2]};
  named.columns[0].name = hostile[3];
  named.as_of = hostile[0];
  const std::string html = figure_html(named, hostile[4], hostile[5]);
  EXPECT_EQ(tags_of(html), tags_of(figure_html(plain, "x", "x")));
  EXPECT_EQ(html.find("<script"), std::string::npos);
  EXPECT_EQ(html.find("<img"), std::string::npos);
  EXPECT_EQ(html.find("' onload"), std::string::npos) << "stands in no attribute";
}

TEST(Table, SaysWhatHeadsWhat) {
  const std::string html = table_html(daily_answer({3, 12}), "by day");
  EXPECT_NE(html.find("<caption>by day</caption>"), std::string::npos);
  EXPECT_EQ(count_of(html, "<th scope=\"col\""), 3u);
  EXPECT_EQ(count_of(html, "<th scope=\"row\">"), 2u);
  EXPECT_NE(html.find("<th scope=\"row\">2026-01-02</th><td class=\"n\">12</td><td>yes</td>"),
            std::string::npos);
}

TEST(Table, SaysHowManyRowsItLeavesOut) {
  const std::string html = table_html(daily_answer({1, 2, 3, 4, 5}), "", Language::kEnglish, 2);
  EXPECT_EQ(count_of(html, "scope=\"row\""), 2u);
  EXPECT_NE(html.find("3 more rows are left out."), std::string::npos);
  EXPECT_EQ(table_html(daily_answer({1, 2}), "", Language::kEnglish, 2).find("left out"),
            std::string::npos);
}

TEST(Table, NamesItsColumnsInTheLanguage) {
  const std::string html = table_html(daily_answer({1}), "", Language::kChinese);
  EXPECT_NE(html.find(">用户数</th>"), std::string::npos);
  EXPECT_EQ(html.find(">users</th>"), std::string::npos);
}

TEST(Chart, DrawsALineOverDates) {
  const std::string svg = chart_svg(daily_answer({0, 10, 5}), "a title");
  EXPECT_NE(svg.find("<title>a title</title>"), std::string::npos);
  EXPECT_NE(svg.find("role=\"img\""), std::string::npos);
  EXPECT_EQ(count_of(svg, "<path"), 1u);
  // The largest is at the top, 0 at the bottom, the half between.
  EXPECT_NE(svg.find("d=\"M60.0 194.0L382.0 14.0L704.0 104.0\""), std::string::npos) << svg;
  EXPECT_EQ(count_of(svg, "<circle"), 0u);
}

// A day that is not over would look like a fall.
TEST(Chart, LeavesWhatIsNotOverOutOfTheLine) {
  const std::string svg = chart_svg(daily_answer({0, 10, 5}, /*last_is_over=*/false), "");
  EXPECT_NE(svg.find("d=\"M60.0 194.0L382.0 14.0\""), std::string::npos) << svg;
  EXPECT_EQ(count_of(svg, "<circle"), 1u);
  EXPECT_NE(svg.find("fill=\"none\" stroke=\"#2a78d6\"/>"), std::string::npos);
}

TEST(Chart, DrawsBarsOfWhatHasNoDates) {
  QueryResult result = answer_by_event({"visit", "order"});
  result.rows[1][1] = Cell(std::int64_t{1});
  const std::string svg = chart_svg(result, "");
  EXPECT_EQ(count_of(svg, "<rect"), 2u);
  EXPECT_NE(svg.find("width=\"480.0\""), std::string::npos) << svg;
  EXPECT_NE(svg.find("width=\"160.0\""), std::string::npos) << "a third of it";
}

TEST(Chart, DrawsAMatrixOfShares) {
  QueryResult result;
  result.kind = "retention";
  result.columns = {{"cohort", ColumnType::kDate},
                    {"period", ColumnType::kInt},
                    {"users", ColumnType::kCount},
                    {"rate", ColumnType::kRatio},
                    {"complete", ColumnType::kBool}};
  result.pivot = Pivot{.rows = {"cohort"}, .column = "period", .cells = "users", .rate = "rate"};
  const Day day{20'454};
  result.rows = {{Cell(day), Cell(std::int64_t{0}), Cell(std::int64_t{4}), Cell(1.0), Cell(true)},
                 {Cell(day), Cell(std::int64_t{1}), Cell(std::int64_t{1}), Cell(0.25), Cell(true)},
                 {Cell(day), Cell(std::int64_t{2}), Cell(std::int64_t{2}), Cell(), Cell(false)}};
  const std::string svg = chart_svg(result, "");
  EXPECT_EQ(count_of(svg, "<rect"), 3u);
  EXPECT_NE(svg.find(">25%</text>"), std::string::npos);
  EXPECT_NE(svg.find("fill-opacity=\"0.375\""), std::string::npos) << "the root of a quarter";
  EXPECT_EQ(count_of(svg, "stroke-dasharray"), 1u) << "one is not over";
  EXPECT_NE(svg.find(">2*</text>"), std::string::npos) << "it has a count so far, and no rate";
}

TEST(Chart, IsEmptyWhereThereIsNothingToDraw) {
  EXPECT_EQ(chart_svg(daily_answer({}), ""), "");
  EXPECT_EQ(chart_svg(daily_answer({0, 0}), ""), "") << "all of it is 0";
  QueryResult members;
  members.columns = {{"user", ColumnType::kString}};
  members.rows = {{Cell(std::string("ann"))}};
  EXPECT_EQ(chart_svg(members, ""), "");
  EXPECT_NE(figure_html(members, "", "").find("<table>"), std::string::npos)
      << "the table is not folded where there is no chart";
}

}  // namespace
}  // namespace rollcall::testing
