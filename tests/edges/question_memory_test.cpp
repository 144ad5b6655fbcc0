// The largest questions that are allowed, alone, in arrays and side by side: the process stays
// within what questions have of the memory, and the answer is right, or an error that says what to
// narrow.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/memory_store.h"
#include "tests/support/event_columns.h"
#include "tests/support/process_growth.h"
#include "tests/support/result_text.h"
#include "tests/support/rich_questions.h"
#include "tests/support/times.h"

namespace rollcall::testing {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::int32_t kBegin = 16'800;
constexpr std::int32_t kDays = 3'650;
constexpr std::uint64_t kUsers = 5'000;
constexpr std::uint32_t kValues = 400;  // of the property

// Opens an engine with ten years: a few users on each day, and each user on a day or two.
std::unique_ptr<Engine> open(std::size_t memory_bytes) {
  EngineOptions options;
  options.memory_bytes_max = memory_bytes;
  options.threads_max = 4;
  options.settings.emplace();
  options.settings->user_kind = UserKind::kInteger;
  options.settings->partition_count = 8;
  options.settings->dimensions = {"channel"};
  Result<std::unique_ptr<Engine>> engine = Engine::open(open_memory_store(), options);
  EXPECT_TRUE(engine.ok()) << engine.status().to_string();
  std::vector<std::uint64_t> users;
  std::vector<TimeUs> times;
  std::vector<std::uint32_t> events, channels;
  std::vector<std::string> names;
  for (std::uint32_t i = 0; i < kValues; ++i) names.push_back("channel " + std::to_string(i));
  const std::vector<std::string_view> values(names.begin(), names.end());
  for (std::uint64_t i = 0; i < 4 * kDays; ++i) {
    users.push_back(i * 7'919 % kUsers);
    times.push_back((kBegin + static_cast<std::int64_t>(i) / 4) * kDayUs +
                    static_cast<std::int64_t>(i % 24) * 3'600'000'000);
    events.push_back(0);
    channels.push_back(static_cast<std::uint32_t>(i % kValues));
  }
  const std::string_view event[] = {"visit"};
  EventBatch batch;
  batch.user_integers = users;
  batch.time = times;
  batch.event = {event, events};
  const PropertyColumn channel[] = {{"channel", {values, channels}}};
  batch.properties = channel;
  EXPECT_TRUE((*engine)->ingest(batch).ok());
  return *std::move(engine);
}

// Returns a segment of 9,999 parts, no two alike.
std::string large_segment() {
  std::string parts;
  for (int i = 0; i < 9'999; ++i) {
    parts +=
        fmt::format(R"({}{{"did": "visit", "last": "{}d"}})", i == 0 ? "" : ", ", i % 3'000 + 1);
  }
  return parts;
}

std::vector<std::string> large_questions() {
  const std::string parts = large_segment();
  return {
      R"({"kind": "retention", "periods": 1300})",
      R"({"kind": "retention", "periods": 1000, "mode": "on_or_before", "last": "1000d"})",
      R"({"kind": "counts", "period": "hour"})",
      R"({"kind": "counts", "period": "hour", "breakdown": "channel", "last": "30d"})",
      R"({"kind": "stickiness", "window_days": 1000})",
      R"({"kind": "active", "window_days": 2000, "ratio_to_window": 3000})",
      R"({"kind": "active", "breakdown": "channel", "breakdown_limit": 10000})",
      R"({"kind": "churn", "rule": {"gap_days": 3000}})",
      R"({"kind": "lifecycle", "breakdown": "channel", "breakdown_limit": 10000, "last": "2000d"})",
      R"({"kind": "idle", "edges": "each"})",
      R"({"kind": "ltv", "last": "2000d", "cost": {"event": "visit"}})",
      R"q({"kind": "segment", "segment": "not did(visit, 1d)", "members": {"of": "users"}})q",
      R"({"kind": "segment", "segment": {"any": [)" + parts + "]}}",
      R"({"kind": "active", "among": {"all": [)" + parts + R"(]}, "last": "30d"})"};
}  // namespace

std::string text_of(const Result<std::vector<QueryResult>>& answers) {
  std::string text;
  for (const QueryResult& answer : *answers) text += to_text(answer) + "\n";
  return text;
}

// Expects an error, or the answer of an engine that has all the memory it wants.
void expect_right_or_exhausted(const Engine& engine, const Engine& rich, const std::string& json,
                               std::size_t questions_bytes) {
  SCOPED_TRACE(json.substr(0, 120));
  const Result<std::vector<Query>> queries = parse_queries(json, "UTC");
  ASSERT_TRUE(queries.ok()) << queries.status().to_string();
  Status status;
  std::string found;
  {
    const ProcessGrowth growth;
    const Result<std::vector<QueryResult>> answers = engine.query(*queries);
    growth.expect_at_most(questions_bytes / 10 * 11 + 16 * kMiB);
    std::cout << growth.bytes() / kMiB << " MiB: " << json.substr(0, 70) << ": "
              << (answers.ok() ? "answered" : answers.status().message()) << "\n";
    status = answers.status();
    if (answers.ok()) found = text_of(answers);
  }
  if (!status.ok()) {
    EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << status.to_string();
    return;
  }
  const Result<std::vector<QueryResult>> right = rich.query(*queries);
  ASSERT_TRUE(right.ok()) << right.status().to_string();
  EXPECT_EQ(found, text_of(right));
}

// An array of JSON has a bound of its own.
TEST(QuestionMemoryOfArrays, VeryManyQuestions) {
  const std::unique_ptr<Engine> engine = open(64 * kMiB);
  const auto array_of = [](std::size_t count) {
    std::string json = R"([{"kind": "active"})";
    for (std::size_t i = 1; i < count; ++i) json += R"(,{"kind":"active"})";
    return json + "]";
  };
  EXPECT_EQ(parse_queries(array_of(1'001)).status().message(),
            "query: has too many questions: found 1001, allowed: 1000");
  const auto allowed = parse_queries(array_of(1'000));
  ASSERT_TRUE(allowed.ok());
  ProcessGrowth growth;
  EXPECT_EQ(parse_queries(array_of(100'000)).status().code(), StatusCode::kInvalidArgument);
  const std::vector<Query> many(100'000, allowed->front());
  const std::size_t asked = growth.bytes();
  const Status status = engine->query(many).status();
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  growth.expect_at_most(asked + 16 * kMiB);
}

class QuestionMemory : public ::testing::TestWithParam<std::size_t> {};

TEST_P(QuestionMemory, LargestQuestionsAloneAndInArrays) {
  const std::size_t budget = GetParam();
  const std::size_t questions = std::max(budget / 8, 16 * kMiB);
  const std::unique_ptr<Engine> engine = open(budget), rich = open(std::size_t{64} << 30);
  std::string all;
  for (const std::string& question : large_questions()) {
    expect_right_or_exhausted(*engine, *rich, question, questions);
    if (question.size() > 10'000) continue;  // more than a document may have, ten times
    std::string ten = question;
    for (int i = 1; i < 10; ++i) ten += ", " + question;
    expect_right_or_exhausted(*engine, *rich, "[" + ten + "]", questions);
  }
  // Nothing is left behind.
  EXPECT_TRUE(engine->query(R"({"kind": "active"})").ok());
  EXPECT_EQ(to_text(*engine->query(R"({"kind": "active", "last": "60d"})")),
            to_text(*rich->query(R"({"kind": "active", "last": "60d"})")));
}

INSTANTIATE_TEST_SUITE_P(Budgets, QuestionMemory, ::testing::Values(64 * kMiB, 256 * kMiB));

// Calls at the same time have it together.
TEST(QuestionMemoryTogether, CallsShareIt) {
  constexpr std::size_t kBudget = 256 * kMiB;
  const std::unique_ptr<Engine> engine = open(kBudget);
  const std::string question = R"({"kind": "retention", "periods": 60, "last": "300d"})";
  ASSERT_TRUE(engine->query(question).ok());
  const std::string right = to_text(*engine->query(question));
  std::atomic<int> answered{0}, refused{0};
  const ProcessGrowth growth;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 8; ++thread) {
      threads.emplace_back([&] {
        for (int i = 0; i < 5; ++i) {
          const Result<QueryResult> answer = engine->query(question);
          if (answer.ok()) {
            ++answered;
          } else {
            ++refused;
            EXPECT_EQ(answer.status().code(), StatusCode::kResourceExhausted);
          }
        }
      });
    }
  }
  // Each thread may still hold an answer that has been returned.
  growth.expect_at_most(kBudget / 8 / 10 * 11 + 8 * 20 * kMiB + 16 * kMiB);
  std::cout << answered << " answered, " << refused << " refused\n";
  EXPECT_EQ(answered + refused, 40);
  EXPECT_GE(answered, 8);
  EXPECT_EQ(to_text(*engine->query(question)), right);
}

// Pages that do not stay in memory, nor fit in what questions have together.
TEST(QuestionMemoryTogether, PagesThatDoNotFitAreReadOneByOne) {
  const auto open_with = [](std::size_t memory_bytes) {
    EngineOptions options;
    options.memory_bytes_max = memory_bytes;
    options.threads_max = 2;
    options.settings.emplace();
    options.settings->user_kind = UserKind::kInteger;
    options.settings->partition_count = 1;
    options.settings->history = false;  // all of these are answered from pages then
    std::unique_ptr<Engine> engine = *Engine::open(open_memory_store(), options);
    constexpr std::uint64_t kPeople = 60'000;
    std::vector<std::uint64_t> users(5'000);
    for (std::uint64_t day = 0; day < 2'000; ++day) {
      for (std::uint64_t i = 0; i < users.size(); ++i) {
        users[i] = (day * 1'777 + i * 12'347) * 2'654'435'761 % kPeople;
      }
      const std::vector<TimeUs> times(users.size(),
                                      (kBegin + static_cast<std::int64_t>(day)) * kDayUs);
      const std::vector<Amount> values(users.size(), 1'500'000);
      const std::string_view event[] = {"visit"};
      EventBatch batch;
      batch.user_integers = users;
      batch.time = times;
      batch.value = values;
      batch.event = {event, {}};
      EXPECT_TRUE(engine->ingest(batch).ok());
    }
    EXPECT_TRUE(engine->checkpoint().ok());
    return engine;
  };
  const std::unique_ptr<Engine> engine = open_with(24 * kMiB),
                                rich = open_with(std::size_t{8} << 30);
  for (const char* const question :
       {R"({"kind": "active", "event": "visit", "window_days": 90})",
        R"q({"kind": "active", "among": "did(visit, 900d) and not first(visit, 10d)"})q",
        R"q({"kind": "counts", "among": "days(visit, 1000d) >= 30"})q",
        R"({"kind": "active", "period": "week"})", R"({"kind": "idle", "edges": "each"})",
        R"({"kind": "stickiness", "last": "1000d"})",
        R"({"kind": "retention", "periods": 30, "last": "200d", "measure": "value"})",
        R"({"kind": "ltv", "cost": {"per_user": "1"}, "last": "200d"})",
        R"({"kind": "counts", "payers": true, "period": "month"})",
        R"({"kind": "lifecycle", "period": "month"})", R"({"kind": "churn", "last": "300d"})"}) {
    SCOPED_TRACE(question);
    const ProcessGrowth growth;
    const Result<QueryResult> answer = engine->query(question);
    growth.expect_at_most(16 * kMiB / 10 * 11 + 24 * kMiB);
    std::cout << growth.bytes() / kMiB << " MiB: " << question << "\n";
    ASSERT_TRUE(answer.ok()) << answer.status().to_string();
    const Result<QueryResult> right = rich->query(question);
    ASSERT_TRUE(right.ok()) << right.status().to_string();
    EXPECT_EQ(to_text(*answer), to_text(*right));
  }
}

// Rich questions of every kind, on a store whose pages and events do not stay in memory.
TEST(QuestionMemoryTogether, RichQuestionsOfEveryKind) {
  constexpr Day kLast{20'460};
  constexpr std::uint64_t kPeople = 30'000;
  constexpr std::int32_t kDaysOfPeople = 20;
  const auto open_with = [](std::size_t memory_bytes) {
    EngineOptions options;
    options.memory_bytes_max = memory_bytes;
    options.threads_max = 2;
    options.settings = rich_settings(UserKind::kInteger);
    std::unique_ptr<Engine> engine = *Engine::open(open_memory_store(), options);
    for (std::int32_t back = 0; back < kDaysOfPeople; ++back) {
      const std::vector<NaiveEvent> events =
          rich_events(UserKind::kInteger, kPeople, 1, kLast - back);
      EXPECT_TRUE(engine->ingest(EventColumns(events, engine->settings()).batch()).ok());
    }
    EXPECT_TRUE(freeze_rich_audiences(*engine).ok());
    EXPECT_TRUE(engine->checkpoint().ok());
    return engine;
  };
  const std::unique_ptr<Engine> engine = open_with(24 * kMiB),
                                rich = open_with(std::size_t{8} << 30);
  for (const auto& [kind, json] : rich_questions(UserKind::kInteger, kLast)) {
    expect_right_or_exhausted(*engine, *rich, json, 16 * kMiB);
  }
}

// A page of members takes what the page takes, not what the cell has.
TEST(QuestionMemoryTogether, PagesOfMembersTakeWhatTheyShow) {
  const std::unique_ptr<Engine> engine = open(64 * kMiB);
  const std::string members =
      R"q({"kind": "segment", "segment": "did(visit)", "members": {"of": "users")q";
  std::vector<std::string> all, paged;
  const Result<QueryResult> whole = engine->query(members + "}}");
  ASSERT_TRUE(whole.ok()) << whole.status().to_string();
  for (const std::vector<Cell>& row : whole->rows) all.push_back(std::get<std::string>(row[0]));
  std::string after;
  for (;;) {
    const Result<QueryResult> page =
        engine->query(members + R"(, "limit": 7)" +
                      (after.empty() ? "" : R"(, "after": ")" + after + '"') + "}}");
    ASSERT_TRUE(page.ok()) << page.status().to_string();
    for (const std::vector<Cell>& row : page->rows) paged.push_back(std::get<std::string>(row[0]));
    if (!page->next) break;
    after = *page->next;
    if (paged.size() > 700) break;
  }
  ASSERT_GE(paged.size(), 700u);
  all.resize(paged.size());
  EXPECT_EQ(paged, all);
}

}  // namespace
}  // namespace rollcall::testing
