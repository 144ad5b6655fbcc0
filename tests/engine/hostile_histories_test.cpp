// Histories that no friend would send: one user with everything, all of it late, and at one
// instant. What they take grows with the events, and not with their square.
//
// ROLLCALL_HOSTILE_EVENTS=N has so many of them (10,000,000 in the target hostile-soak).
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <iostream>
#include <memory>
#include <string_view>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/memory_store.h"
#include "tests/support/process_growth.h"
#include "tests/support/run_size.h"
#include "tests/support/times.h"

namespace rollcall::testing {
namespace {

constexpr TimeUs kLate = kFirstDayUs + 5 * kSecondUs;

constexpr std::string_view kNames[] = {"view", "buy", "leave"};
enum Name : std::uint32_t { kView, kBuy, kLeave };

Status ingest(Engine& engine, std::uint64_t user, const std::vector<std::uint32_t>& names,
              const std::vector<TimeUs>& times) {
  const std::vector<std::uint64_t> users(names.size(), user);
  std::vector<Amount> values(names.size());
  for (std::size_t i = 0; i < values.size(); i += 3) values[i] = 1;
  EventBatch batch;
  batch.user_integers = users;
  batch.event = {kNames, names};
  batch.time = times;
  batch.value = values;
  return engine.ingest(batch).status();
}

// One user does the first step again and again, on a day long before the latest one.
Status ingest_of_one_user(Engine& engine, std::size_t count, TimeUs apart) {
  constexpr std::size_t kBatchRows = 10'000;
  for (std::size_t begin = 0; begin < count; begin += kBatchRows) {
    const std::size_t rows = std::min(kBatchRows, count - begin);
    std::vector<std::uint32_t> names(rows, kView);
    if (begin + rows == count) names.back() = kBuy;
    std::vector<TimeUs> times;
    for (std::size_t i = 0; i < rows; ++i) {
      times.push_back(kLate + static_cast<TimeUs>(begin + i) * apart);
    }
    ROLLCALL_RETURN_IF_ERROR(ingest(engine, 1, names, times));
  }
  return {};
}

constexpr std::string_view kQuestions[] = {
    R"({"kind": "funnel", "steps": ["view", "buy"]})",
    R"({"kind": "funnel", "steps": ["view", "view", "buy"], "ties": "strictly_increasing"})",
    R"({"kind": "funnel", "steps": ["view", "view", "buy"], "order": "strict",
        "collapse_repeats": true})",
    R"({"kind": "funnel", "steps": ["view", "view", "buy"], "stop_on_repeat": true})",
    R"({"kind": "funnel", "steps": ["view", "buy", "view"], "order": "any"})",
    R"({"kind": "funnel", "steps": ["view", "buy"], "exclusions": [{"event": "leave"}]})",
    R"({"kind": "funnel", "steps": ["view", "view"], "window": "1h", "period": "day"})",
    R"({"kind": "paths", "event": "view"})",
    R"({"kind": "paths", "event": "buy", "direction": "before"})",
    R"({"kind": "clock", "event": "view", "then": "view"})",
    R"({"kind": "at_risk", "features": "view"})",
    R"({"kind": "nps", "event": "view"})",
    R"({"kind": "rfm", "monetary": "mean"})",
    R"({"kind": "rfm_users", "event": {"event": "view", "where": {"value": {"gte": 1}}}})",
    R"({"kind": "aha", "cohort_event": "view", "within": "1d", "from_day": 2, "to_day": 3})",
    R"({"kind": "profile", "user": "1"})",
    R"({"kind": "milestones", "of": "event"})",
    R"({"kind": "retention", "windows": "rolling", "min_return_count": 2, "periods": 3})",
    R"({"kind": "segment", "segment": "times(view) >= 3 and sum(view) >= 2"})",
    R"({"kind": "counts", "event": {"event": "view", "where": {"value": {"gte": 1}}}})",
    R"({"kind": "counts", "payers": true, "period": "hour", "last": "3d"})",
    R"({"kind": "ltv", "value_event": {"where": {"value": {"gte": 1}}}, "cost": {"event": "buy"}})",
};

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

struct Cost {
  double seconds = 0;     // of the processor
  std::size_t bytes = 0;  // that the process grew by, at most
};

template <class Work>
Cost cost_of(Work work) {
  const ProcessGrowth growth;
  const double before = cpu_seconds();
  work();
  return {cpu_seconds() - before, growth.bytes()};
}

// Returns what each part takes: ingest with its checkpoint, and then each question.
std::vector<Cost> costs(std::size_t count, TimeUs apart) {
  EngineOptions options;
  options.settings.emplace();
  options.settings->user_kind = UserKind::kInteger;
  options.settings->partition_count = 1;
  options.threads_max = 1;
  options.memory_bytes_max = std::size_t{64} << 30;  // no question is refused for it
  const std::unique_ptr<Engine> engine = *Engine::open(open_memory_store(), options);
  EXPECT_TRUE(ingest(*engine, 2, {kView, kLeave}, {kLate + 90 * kDayUs, kLate + 90 * kDayUs}).ok());
  EXPECT_TRUE(engine->checkpoint().ok());
  std::vector<Cost> costs;
  costs.push_back(cost_of([&] {
    EXPECT_TRUE(ingest_of_one_user(*engine, count, apart).ok());
    EXPECT_TRUE(engine->checkpoint().ok());
  }));
  for (const std::string_view question : kQuestions) {
    costs.push_back(cost_of([&] {
      const Result<QueryResult> result = engine->query(question);
      EXPECT_TRUE(result.ok()) << question << result.status().to_string();
    }));
  }
  return costs;
}

void expect_linear(TimeUs apart) {
  constexpr std::size_t kTimes = 8;
  constexpr double kTimesMost = 24;    // squares would be 64
  constexpr double kTooShort = 0.002;  // to be told from what else a question takes
  constexpr std::size_t kEventBytes = 300, kOtherBytes = std::size_t{32} << 20;
  const std::size_t count = run_size("ROLLCALL_HOSTILE_EVENTS", 160'000);
  const std::vector<Cost> few = costs(count / kTimes, apart), many = costs(count, apart);
  for (std::size_t i = 0; i < few.size(); ++i) {
    const std::string_view what = i == 0 ? "ingest" : kQuestions[i - 1];
    EXPECT_LE(many[i].seconds, kTimesMost * std::max(few[i].seconds, kTooShort))
        << what << ", after " << few[i].seconds;
    const std::size_t bytes_max = kEventBytes * count + kOtherBytes;
    EXPECT_LE(kIsSanitized ? 0 : many[i].bytes, bytes_max) << what;
    std::cout << many[i].seconds << " s (" << few[i].seconds << " s), " << many[i].bytes / count
              << " bytes an event: " << what << "\n";
  }
}

TEST(HostileHistory, OfOneUserAtOneInstant) { expect_linear(0); }
TEST(HostileHistory, OfOneUserInOneHour) { expect_linear(1'000); }

}  // namespace
}  // namespace rollcall::testing
