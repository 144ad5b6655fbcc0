// A report of a store: what is in it, what is not, and that it is always the same.
#include "rollcall/report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/memory_store.h"
#include "rollcall/saved_object.h"
#include "tests/support/event_columns.h"
#include "tests/support/naive_engine.h"
#include "tests/support/rich_questions.h"
#include "tests/support/times.h"

namespace rollcall::testing {
namespace {

constexpr std::int32_t kFirst = 20'454;  // 2026-01-01

// Two users pay on each of forty days, but that one of them is silent since day 20.
std::unique_ptr<Engine> store_of(bool history = true, const std::string& event = "order") {
  EngineOptions options;
  options.settings.emplace().history = history;
  auto engine = *Engine::open(open_memory_store(), options);
  std::vector<NaiveEvent> events;
  for (std::int32_t day = 0; day < 40; ++day) {
    for (const char* const user : {"user-who-stays", "user-who-left"}) {
      if (day > 20 && user == std::string_view("user-who-left")) continue;
      NaiveEvent& event_of_day = events.emplace_back();
      event_of_day.user = std::string(user);
      event_of_day.event = event;
      event_of_day.time = (kFirst + day) * kDayUs;
      event_of_day.value = 100;
    }
  }
  const EventColumns columns(events, engine->settings());
  EXPECT_TRUE(engine->ingest(columns.batch()).ok());
  return engine;
}

bool has(const std::string& page, std::string_view part) {
  return page.find(part) != std::string::npos;
}

TEST(Report, IsWholeAndAlwaysTheSame) {
  const auto engine = store_of();
  const std::string page = *report_html(*engine);
  EXPECT_EQ(page, *report_html(*engine));
  EXPECT_EQ(page, *report_html(*store_of()));
  EXPECT_TRUE(page.starts_with("<!doctype html>\n<html lang=\"en\">"));
  EXPECT_TRUE(page.ends_with("</html>\n"));
  for (const std::string_view section : {"Health", "Retention", "Churn", "Early warning", "Value",
                                         "Saved questions", "Campaigns", "Alerts"}) {
    EXPECT_TRUE(has(page, "<h2>" + std::string(section) + "</h2>")) << section;
  }
  EXPECT_TRUE(has(page, "61 events, 2 users; first day 2026-01-01, last day 2026-02-09"));
  EXPECT_FALSE(has(page, "has no answer here"));
}

TEST(Report, LoadsNothingAndRunsNothing) {
  const std::string page = *report_html(*store_of());
  EXPECT_TRUE(has(page, "default-src 'none'; style-src 'unsafe-inline'"));
  for (const std::string_view part : {"<script", "src=", "href=", "url(", "@import", "http://",
                                      "https://", "<iframe", "<form", "onload"}) {
    EXPECT_FALSE(has(page, part)) << part;
  }
}

TEST(Report, HasNoUserUnlessAsked) {
  const auto engine = store_of();
  const std::vector<SavedObject> saved = {
      {ObjectKind::kQuestion, "who",
       R"json({"kind": "segment", "segment": "did(*)", "members": {"of": "users"}})json"},
      {ObjectKind::kQuestion, "one", R"({"kind": "profile", "user": "user-who-stays"})"},
      {ObjectKind::kQuestion, "all", R"({"kind": "rfm_users"})"}};
  ASSERT_TRUE(engine->save_objects(saved).ok());
  EXPECT_FALSE(has(*report_html(*engine), "user-who"));
  const std::string page = *report_html(*engine, {.title = {}, .users = true});
  EXPECT_TRUE(has(page, "user-who-stays"));
  EXPECT_TRUE(has(page, "<h2>Users who fell silent</h2>"));
  // The range of thirty days before the last one has day 20.
  EXPECT_TRUE(has(page, "<th scope=\"row\">user-who-left</th>"));
}

TEST(Report, ShowsWhatTheStoreKeeps) {
  const auto engine = store_of();
  const std::vector<SavedObject> saved = {
      {ObjectKind::kQuestion, "orders <by day>", R"({"kind": "active", "event": "order"})"},
      {ObjectKind::kCampaign, "win back", R"json({"audience": "did(*)", "holdout": 0.5})json"},
      {ObjectKind::kAlert, "too few",
       R"({"query": {"kind": "active"}, "column": "users", "condition": {"below": 5}})"}};
  ASSERT_TRUE(engine->save_objects(saved).ok());
  AudienceRequest request;
  request.name = {"win back", "2026-02"};
  request.users = *parse_segment("did(*)");
  ASSERT_TRUE(engine->freeze(request).ok());
  const std::string page = *report_html(*engine);
  EXPECT_TRUE(has(page, "<figcaption>orders &lt;by day&gt;</figcaption>"));
  EXPECT_TRUE(has(page, "<figcaption>win back</figcaption>"));
  EXPECT_TRUE(has(page, "<p>Their states are not shown here.</p>"));
  EXPECT_FALSE(has(page, "too few"));
  EXPECT_TRUE(has(page, "<th scope=\"row\">win back</th><td>2026-02</td>"));
}

TEST(Report, SaysWhatHasNoAnswer) {
  const std::string page = *report_html(*store_of(/*history=*/false));
  EXPECT_TRUE(has(page,
                  "<figcaption>Users by recency, frequency and value</figcaption><p>This "
                  "question has no answer here: "));
  EXPECT_TRUE(has(page, "<h2>Retention</h2>"));
}

TEST(Report, IsWrittenInChinese) {
  const std::string page = *report_html(*store_of(), {.language = Language::kChinese, .title = {}});
  EXPECT_TRUE(has(page, "<html lang=\"zh\">"));
  for (const std::string_view section : {"概况", "留存", "流失", "流失预警", "价值"}) {
    EXPECT_TRUE(has(page, "<h2>" + std::string(section) + "</h2>")) << section;
  }
  EXPECT_FALSE(has(page, "<h2>Health</h2>"));
}

// Scores and statistics are called the same in Chinese.
bool is_in_chinese(const std::string& header) {
  const std::set<std::string> the_same = {"r", "f",  "m",   "T",   "x",  "t_x",
                                          "p", "aa", "phi", "nps", "ltv"};
  return the_same.contains(header) ||
         std::ranges::any_of(header, [](char c) { return static_cast<unsigned char>(c) > 127; });
}

TEST(Report, InChineseHasNoEnglishHeadersOrWords) {
  const std::string page = *report_html(*store_of(), {.language = Language::kChinese, .title = {}});
  std::size_t headers = 0;
  for (std::size_t at = 0; (at = page.find("<th scope=\"col\"", at)) != std::string::npos;) {
    at = page.find('>', at) + 1;
    const std::string header = page.substr(at, page.find('<', at) - at);
    EXPECT_TRUE(is_in_chinese(header)) << header;
    ++headers;
  }
  EXPECT_GT(headers, 20u);
  for (const char* const word : {"yes", "no", "silent", "declining", "champions", "lost"}) {
    EXPECT_FALSE(has(page, std::string(">") + word + "<")) << word;
  }
  EXPECT_TRUE(has(page, ">是<"));
  EXPECT_TRUE(has(page, ">沉默<"));
}

// The report's own questions are told in Chinese alone. What the engine says of others is marked as
// English, for readers of pages that speak.
TEST(Report, InChineseMarksWhatIsEnglish) {
  const auto engine = store_of();
  std::vector<SavedObject> saved = {
      {ObjectKind::kCampaign, "win back", R"json({"audience": "did(*)", "holdout": 0.5})json"}};
  ASSERT_TRUE(engine->save_objects(saved).ok());
  AudienceRequest request;
  request.name = {"win back", ""};
  request.users = *parse_segment("did(*)");
  request.as_of = AsOf((kFirst + 20) * kDayUs);
  ASSERT_TRUE(engine->freeze(request).ok());
  const ReportOptions in_chinese = {.language = Language::kChinese, .title = {}};
  std::string page = *report_html(*engine, in_chinese);
  EXPECT_TRUE(has(page, "<figcaption>win back</figcaption>"));
  EXPECT_TRUE(has(page, "<li>两组都按抽取时的全体计算，无论是否触达</li>"));
  const std::size_t english = page.find("lang=\"en\"");
  EXPECT_EQ(english, std::string::npos) << page.substr(english, 300);
  saved = {{ObjectKind::kQuestion, "hours", R"({"kind": "clock"})"},
           {ObjectKind::kQuestion, "none", R"({"kind": "active", "event": "nothing"})"}};
  ASSERT_TRUE(engine->save_objects(saved).ok());
  page = *report_html(*engine, in_chinese);
  EXPECT_TRUE(has(page, "<p class=\"meaning\"><span lang=\"en\">"));
  EXPECT_TRUE(has(page, "<li><span lang=\"en\">"));
  EXPECT_TRUE(has(page, "此问题无法回答：<span lang=\"en\">"));
  EXPECT_FALSE(has(*report_html(*engine), "<span lang"));
}

// Every column of every kind, whether the report asks it or not.
TEST(Report, ChineseHasAWordForEveryColumn) {
  constexpr Day kLast{20'460};
  EngineOptions options;
  options.settings = rich_settings(UserKind::kString);
  const auto engine = *Engine::open(open_memory_store(), options);
  const std::vector<NaiveEvent> events = rich_events(UserKind::kString, 30, 20, kLast);
  ASSERT_TRUE(engine->ingest(EventColumns(events, engine->settings()).batch()).ok());
  ASSERT_TRUE(freeze_rich_audiences(*engine).ok());
  for (const RichQuestion& question : rich_questions(UserKind::kString, kLast)) {
    Result<QueryResult> answer = engine->query(question.json);
    ASSERT_TRUE(answer.ok()) << question.json;
    answer->rows.clear();
    for (const Column& column : answer->columns) {
      // Properties are called what people call them.
      if (column.name == "channel" || column.name == "session") continue;
      const std::string html = table_html(*answer, "", Language::kChinese);
      const bool is_left = has(html, ">" + column.name + "</th>");
      EXPECT_TRUE(!is_left || is_in_chinese(column.name)) << question.kind << ": " << column.name;
    }
  }
}

TEST(Report, TakesATitleAndEscapesIt) {
  const std::string page = *report_html(*store_of(), {.title = "<b>Q1</b>"});
  EXPECT_TRUE(has(page, "<title>&lt;b&gt;Q1&lt;/b&gt;</title>"));
  EXPECT_TRUE(has(page, "<h1>&lt;b&gt;Q1&lt;/b&gt;</h1>"));
}

TEST(Report, OfAnEmptyStoreSaysSo) {
  EngineOptions options;
  options.settings.emplace();
  const auto engine = *Engine::open(open_memory_store(), options);
  const Result<std::string> page = report_html(*engine);
  ASSERT_TRUE(page.ok()) << page.status().to_string();
  EXPECT_TRUE(has(*page, "0 events, 0 users</p>"));
}

TEST(Report, EndsWhereItIsStopped) {
  std::stop_source stop;
  stop.request_stop();
  const Result<std::string> page =
      report_html(*store_of(), {}, {.deadline = {}, .stop = stop.get_token()});
  EXPECT_EQ(page.status().code(), StatusCode::kCancelled);
}

}  // namespace
}  // namespace rollcall::testing
