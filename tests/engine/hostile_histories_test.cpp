// Histories that no friend would send: one user with everything, all of it late, and at one
// instant. What they take grows with the events, and not with their square.
#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/naive_engine.h"
#include "tests/support/test_engine.h"

namespace rollcall::testing {
namespace {

constexpr TimeUs kDay = 86'400'000'000;
constexpr TimeUs kLate = 20'454 * kDay + 5'000'000;  // on 2026-01-01

// One user does the first step again and again, on a day long before the latest one.
std::vector<NaiveEvent> one_users_events(std::size_t count, TimeUs apart) {
  std::vector<NaiveEvent> events;
  for (std::size_t i = 0; i < count; ++i) {
    NaiveEvent& event = events.emplace_back();
    event.user = std::string("ann");
    event.event = i + 1 == count ? "buy" : "view";
    event.time = kLate + static_cast<TimeUs>(i) * apart;
    if (i % 3 == 0) event.value = 1;
  }
  return events;
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
    R"({"kind": "profile", "user": "ann"})",
    R"({"kind": "milestones", "of": "event"})",
    R"({"kind": "retention", "windows": "rolling", "min_return_count": 2, "periods": 3})",
    R"({"kind": "segment", "segment": "times(view) >= 3 and sum(view) >= 2"})",
    R"({"kind": "counts", "event": {"event": "view", "where": {"value": {"gte": 1}}}})",
};

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Returns what each part takes: ingest with its checkpoint, and then each question.
std::vector<double> costs(std::size_t count, TimeUs apart) {
  const auto engine = *TestEngine::open({}, {.partition_count = 1, .batch_rows = 10'000});
  NaiveEvent latest;
  latest.user = std::string("bob");
  latest.event = "view";
  latest.time = kLate + 90 * kDay;
  EXPECT_TRUE(engine->ingest({&latest, 1}).ok());
  latest.event = "leave";
  EXPECT_TRUE(engine->ingest({&latest, 1}).ok());
  EXPECT_TRUE(engine->engine().checkpoint().ok());
  const std::vector<NaiveEvent> events = one_users_events(count, apart);
  std::vector<double> costs;
  double before = cpu_seconds();
  EXPECT_TRUE(engine->ingest(events).ok());
  EXPECT_TRUE(engine->engine().checkpoint().ok());
  costs.push_back(cpu_seconds() - before);
  for (const std::string_view question : kQuestions) {
    before = cpu_seconds();
    const Result<QueryResult> result = engine->query(question);
    EXPECT_TRUE(result.ok()) << question << result.status().to_string();
    costs.push_back(cpu_seconds() - before);
  }
  return costs;
}

void expect_linear(TimeUs apart) {
  constexpr std::size_t kFew = 20'000, kTimes = 8;
  constexpr double kTimesMost = 24;    // squares would be 64
  constexpr double kTooShort = 0.002;  // to be told from what else a question takes
  const std::vector<double> few = costs(kFew, apart), many = costs(kFew * kTimes, apart);
  for (std::size_t i = 0; i < few.size(); ++i) {
    EXPECT_LE(many[i], kTimesMost * std::max(few[i], kTooShort))
        << (i == 0 ? "ingest" : kQuestions[i - 1]) << ", after " << few[i];
  }
}

TEST(HostileHistory, OfOneUserAtOneInstant) { expect_linear(0); }
TEST(HostileHistory, OfOneUserInOneHour) { expect_linear(1'000); }

}  // namespace
}  // namespace rollcall::testing
