// Questions are asked while one thread ingests and another makes checkpoints. Each answer is that
// of a plain recount after some whole batch: none before the last that was acknowledged when the
// question began, and none after the last that had begun when it was answered.
//
// ROLLCALL_SEED=N draws other streams and questions.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/event_generator.h"
#include "tests/support/naive_engine.h"
#include "tests/support/query_generator.h"
#include "tests/support/result_text.h"
#include "tests/support/run_size.h"
#include "tests/support/test_engine.h"

namespace rollcall::testing {
namespace {

constexpr std::size_t kBatches = 60;
constexpr std::size_t kQuestions = 10;
constexpr std::size_t kReaders = 2;

constexpr std::uint64_t kSeedDefault = 20260501;

// A stream in batches, questions, and what a recount says after each batch.
struct Script {
  Stream stream;
  std::vector<std::vector<NaiveEvent>> batches;
  std::vector<Query> questions;
  std::vector<std::vector<Result<QueryResult>>> answers;  // by question, after 0, 1, ... batches
};

Script write_script(Random& random) {
  StreamKnobs knobs = random_knobs(random);
  knobs.days = 60;
  knobs.first_day = Day{20'454};  // 2026-01-01
  knobs.events = 300;
  Script script;
  knobs.settings.history = true;
  script.stream = random_stream(random, knobs);
  const std::vector<NaiveEvent>& events = script.stream.events;
  for (std::size_t i = 0; i < kBatches; ++i) {
    const auto at = [&](std::size_t batch) {
      return events.begin() + static_cast<std::ptrdiff_t>(events.size() * batch / kBatches);
    };
    script.batches.emplace_back(at(i), at(i + 1));
  }
  const std::string& zone = script.stream.settings.time_zone;
  script.questions = {
      *parse_query(R"({"kind": "active", "from": "2026-02-20", "to": "2026-02-20",
                       "window_days": 30})",
                   zone),
      *parse_query(R"({"kind": "active"})", zone),
      *parse_query(R"({"kind": "lifecycle", "from": "2026-02-20", "to": "2026-02-20"})", zone),
      *parse_query(R"({"kind": "counts"})", zone),
      *parse_query(R"({"kind": "funnel", "steps": ["*", "*"], "window": "1d"})", zone)};
  while (script.questions.size() < kQuestions) {
    script.questions.push_back(random_query(random, script.stream));
  }
  NaiveEngine oracle(script.stream.settings);
  for (const auto& [name, segment] : script.stream.saved) oracle.save_segment(name, segment);
  script.answers.resize(kQuestions);
  for (std::size_t batch = 0; batch <= kBatches; ++batch) {
    for (std::size_t i = 0; i < kQuestions; ++i) {
      script.answers[i].push_back(oracle.query(script.questions[i]));
    }
    if (batch < kBatches) oracle.ingest(script.batches[batch]);
  }
  return script;
}

// Asks until everything is ingested; returns how many answers it got.
std::size_t ask(const Script& script, const TestEngine& engine, Random random,
                const std::atomic<std::size_t>& begun, const std::atomic<std::size_t>& done) {
  std::size_t asked = 0;
  for (bool last = false; !last; ++asked) {
    last = done.load() == kBatches;
    const std::size_t question = random.below(kQuestions);
    const std::size_t first = done.load();
    const Result<QueryResult> found = engine.query(script.questions[question]);
    const std::size_t end = begun.load();
    bool agreed = false;
    for (std::size_t batch = first; batch <= end && !agreed; ++batch) {
      agreed = agree(found, script.answers[question][batch]);
    }
    if (agreed) continue;
    ADD_FAILURE() << "after batches " << first << " to " << end << " no recount says this of "
                  << to_json(script.questions[question]) << "\n"
                  << (found.ok() ? to_text(*found) : found.status().to_string())
                  << "but after the first of them\n"
                  << (script.answers[question][first].ok()
                          ? to_text(*script.answers[question][first])
                          : script.answers[question][first].status().to_string());
    break;
  }
  return asked;
}

TEST(ConcurrentAnswers, AreThoseOfSomeWholeBatch) {
  const std::uint64_t seed = run_size("ROLLCALL_SEED", kSeedDefault);
  const std::uint64_t streams = run_size("ROLLCALL_RANDOM_STREAMS", 15);
  std::cout << "ROLLCALL_SEED=" << seed << "\n";
  Random random(seed);
  std::atomic<std::size_t> asked{0};
  for (std::size_t number = 0; number < streams && !HasFailure(); ++number) {
    const Script script = write_script(random);
    EngineSetup setup;
    setup.store = number % 5 == 4 ? StoreKind::kRocks : StoreKind::kMemory;
    setup.partition_count = random.pick(std::vector<std::uint32_t>{1, 2, 16});
    setup.threads = 2;
    if (random.chance(30)) setup.memory_bytes_max = 100'000;
    SCOPED_TRACE("stream " + std::to_string(number) + " on " + to_string(setup));
    const auto opened = TestEngine::open(script.stream.settings, setup);
    ASSERT_TRUE(opened.ok()) << opened.status().to_string();
    TestEngine& engine = **opened;
    for (const auto& [name, segment] : script.stream.saved) {
      ASSERT_TRUE(engine.save_segment(name, segment).ok());
    }
    std::atomic<std::size_t> begun{0}, done{0};
    std::vector<std::thread> threads;
    for (std::size_t reader = 0; reader < kReaders; ++reader) {
      threads.emplace_back([&, reader_seed = random.bits()] {
        asked.fetch_add(ask(script, engine, Random(reader_seed), begun, done));
      });
    }
    threads.emplace_back([&] {
      while (done.load() < kBatches) {
        EXPECT_TRUE(engine.engine().checkpoint().ok());
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
      }
    });
    for (const std::vector<NaiveEvent>& batch : script.batches) {
      begun.fetch_add(1);
      EXPECT_TRUE(engine.ingest(batch).ok());
      done.fetch_add(1);
      // This makes questions fall between batches, too.
      std::this_thread::sleep_for(std::chrono::microseconds(random.below(1500)));
    }
    for (std::thread& thread : threads) thread.join();
  }
  std::cout << asked.load() << " answers agreed\n";
  EXPECT_GT(asked.load(), streams * kBatches);
}

}  // namespace
}  // namespace rollcall::testing
