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
#include "tests/support/random.h"
#include "tests/support/result_text.h"
#include "tests/support/run_size.h"

namespace rollcall::testing {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr TimeUs kDayUs = 86'400'000'000;
constexpr std::uint32_t kUsers = 200'000;
constexpr std::int32_t kDays = 120;

std::unique_ptr<Engine> open(std::size_t memory_bytes = std::size_t{4} << 30) {
  EngineOptions options;
  options.memory_bytes_max = memory_bytes;
  options.settings.emplace();
  options.settings->user_kind = UserKind::kInteger;
  options.settings->partition_count = 4;
  Result<std::unique_ptr<Engine>> engine = Engine::open(open_memory_store(), options);
  EXPECT_TRUE(engine.ok());
  Random random(7);
  for (std::int32_t day = 0; day < kDays; ++day) {
    std::vector<std::uint64_t> users;
    for (std::uint32_t i = 0; i < 20'000; ++i) {
      users.push_back(static_cast<std::uint64_t>(random.between(0, kUsers - 1)));
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

std::vector<Query> slow_questions() {
  Query segment;
  segment.ask = SegmentQuery{*parse_segment(slow_segment())};
  return {*parse_query(R"({"kind": "active"})", "UTC"), segment,
          *parse_query(R"({"kind": "retention", "periods": 100, "mode": "on_or_before"})", "UTC")};
}

std::string text_of(const std::vector<QueryResult>& answers) {
  std::string text;
  for (const QueryResult& answer : answers) text += to_text(answer) + "\n";
  return text;
}

TEST(QuestionLimits, NoTimeAtAll) {
  const std::unique_ptr<Engine> engine = open();
  const std::vector<Query> questions = slow_questions();
  QueryLimits limits;
  limits.deadline = steady_clock::now();
  EXPECT_EQ(engine->query(questions, limits).status().code(), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(engine->query(questions[0], limits).status().code(), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(engine->query(R"({"kind": "active"})", limits).status().code(),
            StatusCode::kDeadlineExceeded);
  EXPECT_EQ(engine->explain(questions[0], limits).status().code(), StatusCode::kDeadlineExceeded);

  std::stop_source stop;
  stop.request_stop();
  limits = {.deadline = {}, .stop = stop.get_token()};
  EXPECT_EQ(engine->query(questions, limits).status().code(), StatusCode::kCancelled);
  EXPECT_EQ(engine->explain(questions[0], limits).status().code(), StatusCode::kCancelled);
  limits = {.deadline = steady_clock::now() + 1h, .stop = {}};
  EXPECT_TRUE(engine->query(questions[0], limits).ok());
}

// Stopped at random moments, by one or by the other.
TEST(QuestionLimits, EndAtOnceAndLeaveNothingBehind) {
  // One whose pages are in memory, and one that reads them again and again.
  for (const std::size_t memory_bytes : {std::size_t{4} << 30, std::size_t{8} << 20}) {
    const std::unique_ptr<Engine> engine = open(memory_bytes);
    const std::vector<Query> questions = slow_questions();
    const steady_clock::time_point begin = steady_clock::now();
    const Result<std::vector<QueryResult>> whole = engine->query(questions);
    ASSERT_TRUE(whole.ok()) << whole.status().to_string();
    const std::string right = text_of(*whole);
    const auto whole_us =
        std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - begin);
    const std::uint64_t resident = engine->info().resident_bytes;

    const std::uint64_t seed = run_seed();
    Random random(seed);
    int stopped = 0;
    steady_clock::duration longest{};
    for (int i = 0; i < 12; ++i) {
      const auto moment =
          std::chrono::microseconds(random.between(0, static_cast<std::int32_t>(whole_us.count())));
      std::stop_source stop;
      QueryLimits limits;
      std::atomic<steady_clock::rep> asked{0};
      std::jthread other;
      const steady_clock::time_point start = steady_clock::now();
      if (i % 2 == 0) {
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
      const Result<std::vector<QueryResult>> answers = engine->query(questions, limits);
      const steady_clock::time_point end = steady_clock::now();
      if (answers.ok()) {
        EXPECT_EQ(text_of(*answers), right) << "seed " << seed;
        continue;
      }
      ++stopped;
      EXPECT_EQ(answers.status().code(),
                i % 2 == 0 ? StatusCode::kDeadlineExceeded : StatusCode::kCancelled);
      longest = std::max(longest, end - steady_clock::time_point(steady_clock::duration(asked)));
      EXPECT_LE(engine->info().resident_bytes, resident + (std::size_t{1} << 20));
    }
    std::cout << stopped << " stopped, the last word came after "
              << std::chrono::duration_cast<std::chrono::microseconds>(longest).count()
              << " us at most; the whole takes " << whole_us.count() << " us\n";
    EXPECT_GT(stopped, 0);
    EXPECT_LT(longest, 30s);  // 50 ms, on a machine that has nothing else to do
    const Result<std::vector<QueryResult>> again = engine->query(questions);
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(text_of(*again), right);
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
