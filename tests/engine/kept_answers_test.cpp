// What an engine keeps from one question to the next (totals of days, unions over days) is never
// older than what it was told since. The same questions are asked again and again while events
// arrive, late ones among them, and compared with the oracle.
//
// ROLLCALL_SEED=N draws other streams and questions.
#include <gtest/gtest.h>

#include <cstdint>
#include <iostream>
#include <span>
#include <string>
#include <vector>

#include "tests/support/event_generator.h"
#include "tests/support/naive_engine.h"
#include "tests/support/query_generator.h"
#include "tests/support/random_case.h"
#include "tests/support/result_text.h"
#include "tests/support/run_size.h"
#include "tests/support/test_engine.h"

namespace rollcall::testing {
namespace {

constexpr std::size_t kStreams = 40;
constexpr std::size_t kSlices = 8;       // of a stream
constexpr std::size_t kQuestions = 12;   // drawn for a stream
constexpr std::size_t kAskedInARow = 3;  // with nothing new between: the third finds all kept

constexpr std::uint64_t kSeedDefault = 20260301;

// Questions that are answered from what is kept are among them.
std::vector<Query> questions_about(const Stream& stream, Random& random) {
  std::vector<Query> questions;
  for (const char* text : {R"({"kind": "active"})", R"({"kind": "active", "period": "month"})",
                           R"({"kind": "active", "window_days": 30, "last": "1d"})",
                           R"({"kind": "counts"})", R"({"kind": "lifecycle", "last": "1d"})",
                           R"({"kind": "churn", "rule": {"gap_days": 7}, "last": "1d"})",
                           R"({"kind": "churn", "rule": {"gap_days": 9}, "from": "2026-01-10",
                               "to": "2026-01-10"})"}) {
    Result<Query> query = parse_query(text, stream.settings.time_zone);
    EXPECT_TRUE(query.ok()) << text << ": " << query.status().to_string();
    if (query.ok()) questions.push_back(*std::move(query));
  }
  while (questions.size() < kQuestions) questions.push_back(random_query(random, stream));
  return questions;
}

TEST(KeptAnswers, AreThoseOfARecountWhileEventsArrive) {
  const std::uint64_t seed = run_size("ROLLCALL_SEED", kSeedDefault);
  std::cout << "ROLLCALL_SEED=" << seed << "\n";
  Random random(seed);
  std::size_t asked = 0;
  for (std::size_t number = 0; number < kStreams; ++number) {
    StreamKnobs knobs = random_knobs(random);
    knobs.days = 60;
    knobs.first_day = Day{20'454};  // 2026-01-01
    knobs.events = 400;
    const Stream stream = random_stream(random, knobs);
    const EngineSetup setup = random_setup(random);
    SCOPED_TRACE("stream " + std::to_string(number) + " on " + to_string(setup));
    const auto engine = TestEngine::open(stream.settings, setup);
    ASSERT_TRUE(engine.ok()) << engine.status().to_string();
    NaiveEngine oracle(stream.settings);
    for (const auto& [name, segment] : stream.saved) {
      oracle.save_segment(name, segment);
      ASSERT_TRUE((*engine)->save_segment(name, segment).ok());
    }
    const std::vector<Query> questions = questions_about(stream, random);
    for (std::size_t slice = 0; slice < kSlices; ++slice) {
      const std::size_t begin = stream.events.size() * slice / kSlices;
      const std::size_t end = stream.events.size() * (slice + 1) / kSlices;
      const std::vector<NaiveEvent> events(
          stream.events.begin() + static_cast<std::ptrdiff_t>(begin),
          stream.events.begin() + static_cast<std::ptrdiff_t>(end));
      ASSERT_TRUE((*engine)->ingest(events).ok());
      oracle.ingest(events);
      if (random.chance(20)) {
        ASSERT_TRUE((*engine)->engine().checkpoint().ok());
      }
      if (random.chance(10)) {
        ASSERT_TRUE((*engine)->reopen().ok());
      }
      for (const Query& query : questions) {
        const Result<QueryResult> expected = oracle.query(query);
        for (std::size_t time = 0; time < kAskedInARow; ++time, ++asked) {
          const Result<QueryResult> found = (*engine)->query(query);
          ASSERT_EQ(found.ok(), expected.ok()) << to_json(query);
          if (!found.ok()) continue;
          ASSERT_EQ(first_difference(*found, *expected), "")
              << to_json(query) << "\nslice " << slice << ", time " << time;
        }
      }
    }
  }
  std::cout << asked << " answers agreed\n";
}

}  // namespace
}  // namespace rollcall::testing
