// Questions that are stopped, or whose time is over: they end at once with a code of their own, let
// go of what they held, and the next question is right.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/base/gate.h"
#include "rollcall/engine.h"
#include "rollcall/memory_store.h"
#include "tests/core/source/source_files.h"
#include "tests/support/event_columns.h"
#include "tests/support/random.h"
#include "tests/support/result_text.h"
#include "tests/support/rich_questions.h"
#include "tests/support/run_size.h"
#include "tests/support/times.h"

namespace rollcall::testing {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::uint32_t kSlowUsers = 200'000;
constexpr std::int32_t kSlowDays = 120;
constexpr std::size_t kSmallBytes = std::size_t{8} << 20;  // of memory, for some of the pages

std::unique_ptr<Engine> open(const TestDirectory& directory,
                             std::size_t memory_bytes = std::size_t{4} << 30) {
  EngineOptions options;
  options.question_directories = {directory.path()};
  options.memory_bytes_max = memory_bytes;
  options.settings.emplace();
  options.settings->user_kind = UserKind::kInteger;
  options.settings->partition_count = 4;
  Result<std::unique_ptr<Engine>> engine = Engine::open(open_memory_store(), options);
  EXPECT_TRUE(engine.ok());
  Random random(7);
  for (std::int32_t day = 0; day < kSlowDays; ++day) {
    std::vector<std::uint64_t> users;
    for (std::uint32_t i = 0; i < 20'000; ++i) {
      users.push_back(static_cast<std::uint64_t>(random.between(0, kSlowUsers - 1)));
    }
    const std::vector<TimeUs> times(users.size(), (20'000 + day) * kDayUs);
    const std::vector<std::uint32_t> codes(users.size(), 0);
    const std::string_view event[] = {"visit"};
    EventBatch batch;
    batch.user_integers = users;
    batch.time = times;
    batch.event = {event, codes};
    EXPECT_TRUE((*engine)->ingest(batch).ok());
  }
  EXPECT_TRUE((*engine)->checkpoint().ok());
  return *std::move(engine);
}

// Takes a second or so.
std::string slow_segment() {
  std::string parts = "did(visit, 1d)";
  for (int i = 0; i < 5'000; ++i) {
    parts +=
        " or days(visit, " + std::to_string(i % 100 + 1) + "d) >= " + std::to_string(i % 7 + 1);
  }
  return parts;
}

// These questions are asked at once, and take long enough for a stop within them.
struct Asked {
  std::string name;
  std::vector<Query> queries;
};

Query segment_of(const std::string& text) {
  Query query;
  query.ask = SegmentQuery{*parse_segment(text)};
  return query;
}

// `list` is a file with very many users, for which a small engine has no room.
std::vector<Asked> slow_questions(const std::string& list, bool is_small) {
  const Query active = *parse_query(R"({"kind": "active", "window_days": 30})", "UTC");
  const Query retention =
      *parse_query(R"({"kind": "retention", "periods": 100, "mode": "on_or_before"})", "UTC");
  std::vector<Asked> all = {{"segment", {segment_of(slow_segment())}},
                            {"retention", std::vector<Query>(is_small ? 5 : 50, retention)},
                            {"array", std::vector<Query>(is_small ? 200 : 1'000, active)}};
  if (!is_small) all.push_back({"list", {segment_of("in_file(" + list + ")")}});
  return all;
}

std::string write_list(const TestDirectory& directory) {
  std::string text;
  for (std::uint32_t i = 0; i < 1'500'000; ++i) text += std::to_string(i * 2'654'435'761U) + "\n";
  return directory.write("list", text);
}

std::string text_of(const std::vector<QueryResult>& answers) {
  std::string text;
  for (const QueryResult& answer : answers) text += to_text(answer) + "\n";
  return text;
}

TEST(QuestionLimits, NoTimeAtAll) {
  const TestDirectory directory;
  const std::unique_ptr<Engine> engine = open(directory);
  for (const Asked& asked : slow_questions(write_list(directory), false)) {
    SCOPED_TRACE(asked.name);
    QueryLimits limits;
    limits.deadline = steady_clock::now();
    EXPECT_EQ(engine->query(asked.queries, limits).status().code(), StatusCode::kDeadlineExceeded);
    EXPECT_EQ(engine->explain(asked.queries[0], limits).status().code(),
              StatusCode::kDeadlineExceeded);
    std::stop_source stop;
    stop.request_stop();
    limits = {.deadline = {}, .stop = stop.get_token()};
    EXPECT_EQ(engine->query(asked.queries, limits).status().code(), StatusCode::kCancelled);
    EXPECT_EQ(engine->explain(asked.queries[0], limits).status().code(), StatusCode::kCancelled);
  }
  QueryLimits limits;
  limits.deadline = steady_clock::now();
  EXPECT_EQ(engine->query(R"({"kind": "active"})", limits).status().code(),
            StatusCode::kDeadlineExceeded);
  limits.deadline = steady_clock::now() + 1h;
  EXPECT_TRUE(engine->query(R"({"kind": "active"})", limits).ok());
}

// Is an answer, or how long after the moment its error came.
struct Ending {
  Result<std::vector<QueryResult>> answers;
  steady_clock::duration late{};
};

Ending ask_until(const Engine& engine, const std::vector<Query>& queries,
                 steady_clock::duration moment, bool by_deadline) {
  std::stop_source stop;
  QueryLimits limits;
  std::atomic<steady_clock::rep> asked{0};
  std::jthread other;
  const steady_clock::time_point start = steady_clock::now();
  if (by_deadline) {
    limits.deadline = start + moment;
    asked = limits.deadline->time_since_epoch().count();
  } else {
    limits.stop = stop.get_token();
    other = std::jthread([&] {
      std::this_thread::sleep_until(start + moment);
      asked = steady_clock::now().time_since_epoch().count();
      stop.request_stop();
    });
  }
  Ending ending{.answers = engine.query(queries, limits)};
  ending.late = steady_clock::now() - steady_clock::time_point(steady_clock::duration(asked));
  return ending;
}

std::int64_t microseconds(steady_clock::duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

// Stops it at random moments of its first third, by one or by the other, and returns the median of
// how long after the moment it ended. `right` is its answer; `resident_max` what may be in memory
// after it.
steady_clock::duration median_late(const Engine& engine, const Asked& asked,
                                   steady_clock::duration took, const std::string& right,
                                   std::uint64_t resident_max, Random& random) {
  constexpr int kStops = 5;
  std::vector<steady_clock::duration> late;
  for (int i = 0; i < kStops; ++i) {
    const auto share = static_cast<double>(random.between(0, 333)) / 1'000;
    const auto moment = std::chrono::duration_cast<steady_clock::duration>(took * share);
    const Ending ending = ask_until(engine, asked.queries, moment, i % 2 == 0);
    if (ending.answers.ok()) {
      EXPECT_EQ(text_of(*ending.answers), right);
      continue;
    }
    EXPECT_EQ(ending.answers.status().code(),
              i % 2 == 0 ? StatusCode::kDeadlineExceeded : StatusCode::kCancelled);
    EXPECT_LE(engine.info().resident_bytes, resident_max);
    late.push_back(ending.late);
  }
  std::sort(late.begin(), late.end());
  std::cout << asked.name << ": " << late.size() << " of " << kStops << " stopped";
  if (!late.empty()) {
    std::cout << ", " << microseconds(late[late.size() / 2]) << " us after the moment (at most "
              << microseconds(late.back()) << " us)";
  }
  std::cout << "; the whole takes " << microseconds(took) << " us\n";
  return late.size() > kStops / 2 ? late[late.size() / 2] : steady_clock::duration::max();
}

// A question that was not stopped would go on for longer than it had taken; a stopped one is to end
// in a small part of that. Whatever else the machine does makes both longer. The median and another
// turn leave out what it does only now and then; a question that does not stop fails each of them.
// `soon` is soon enough, whatever the whole takes.
void expect_to_end_at_once(const Engine& engine, const Asked& asked, std::uint64_t memory_bytes,
                           Random& random, steady_clock::duration soon = {}) {
  constexpr int kTurns = 5;
  constexpr int kPart = 5;  // of the whole time, in which it ends
  std::string right;
  steady_clock::duration took = steady_clock::duration::max();
  for (int i = 0; i < 2; ++i) {  // the first may have read what the other finds in memory
    const steady_clock::time_point begin = steady_clock::now();
    const Result<std::vector<QueryResult>> whole = engine.query(asked.queries);
    took = std::min(took, steady_clock::now() - begin);
    ASSERT_TRUE(whole.ok()) << whole.status().to_string();
    right = text_of(*whole);
  }
  // A question that has ended holds nothing: pages that come and go are in memory within the
  // budget, those that fit all stay.
  const std::uint64_t resident_max =
      memory_bytes == kSmallBytes ? kSmallBytes : engine.info().resident_bytes + (1U << 20);
  bool at_once = false;
  for (int turn = 0; turn < kTurns && !at_once; ++turn) {
    at_once = median_late(engine, asked, took, right, resident_max, random) <
              std::max(took / kPart, soon);
  }
  EXPECT_TRUE(at_once);
  const Result<std::vector<QueryResult>> again = engine.query(asked.queries);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(text_of(*again), right);
}

TEST(QuestionLimits, EndAtOnceAndLeaveNothingBehind) {
  const TestDirectory directory;
  const std::string list = write_list(directory);
  const std::uint64_t seed = run_seed();
  // One question has its pages in memory, and one reads them again and again.
  for (const bool is_small : {false, true}) {
    const std::size_t memory_bytes = is_small ? kSmallBytes : std::size_t{4} << 30;
    const std::unique_ptr<Engine> engine = open(directory, memory_bytes);
    Random random(seed);
    for (const Asked& asked : slow_questions(list, is_small)) {
      SCOPED_TRACE(asked.name + ", seed " + std::to_string(seed));
      expect_to_end_at_once(*engine, asked, memory_bytes, random);
    }
  }
}

// Rich questions of every kind, each by itself.
TEST(QuestionLimits, EndAtOnceWhateverTheKind) {
  constexpr Day kLast{20'460};
  constexpr std::int32_t kDaysOfPeople = 12;
  constexpr std::uint64_t kBytes = std::uint64_t{4} << 30;
  const std::uint64_t seed = run_seed();
  Random random(seed);
  EngineOptions options;
  options.memory_bytes_max = kBytes;
  options.settings = rich_settings(UserKind::kInteger);
  const std::unique_ptr<Engine> engine = *Engine::open(open_memory_store(), options);
  for (std::int32_t back = 0; back < kDaysOfPeople; ++back) {
    const std::vector<NaiveEvent> events = rich_events(UserKind::kInteger, 60'000, 1, kLast - back);
    ASSERT_TRUE(engine->ingest(EventColumns(events, engine->settings()).batch()).ok());
  }
  ASSERT_TRUE(freeze_rich_audiences(*engine).ok());
  ASSERT_TRUE(engine->checkpoint().ok());
  for (const auto& [kind, json] : rich_questions(UserKind::kInteger, kLast)) {
    const Query query = *parse_query(json, "UTC");
    SCOPED_TRACE(json + ", seed " + std::to_string(seed));
    QueryLimits limits;
    limits.deadline = steady_clock::now();
    EXPECT_EQ(engine->query(query, limits).status().code(), StatusCode::kDeadlineExceeded);
    EXPECT_EQ(engine->explain(query, limits).status().code(), StatusCode::kDeadlineExceeded);
    std::stop_source stop;
    stop.request_stop();
    limits = {.deadline = {}, .stop = stop.get_token()};
    EXPECT_EQ(engine->query(query, limits).status().code(), StatusCode::kCancelled);
    expect_to_end_at_once(*engine, {json.substr(0, 60), {query}}, kBytes, random, 20ms);
  }
}

// Waiting for the gate ends, too, and whoever comes next passes.
TEST(QuestionLimits, NobodyWaitsForWhoHasLeftTheGate) {
  Gate gate;
  std::atomic<int> left{0}, passed{0};
  {
    std::vector<std::jthread> threads;
    {
      const Gate::Pass pass(gate);
      for (int i = 0; i < 6; ++i) {
        threads.emplace_back([&, i] {
          try {
            const steady_clock::time_point end = steady_clock::now() + 20ms;
            const Gate::Pass mine(gate, [&] {
              if (i % 2 == 0 && steady_clock::now() > end) throw std::runtime_error("no more");
            });
            ++passed;
          } catch (const std::runtime_error&) {
            ++left;
          }
        });
      }
      while (left < 3) std::this_thread::yield();
      EXPECT_EQ(passed, 0);
    }
  }
  EXPECT_EQ(left, 3);
  EXPECT_EQ(passed, 3);
  const Gate::Pass pass(gate);
}

}  // namespace
}  // namespace rollcall::testing
