// Asks engines about random streams, for what must hold of their answers whatever the data.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <utility>
#include <variant>

#include "tests/support/event_generator.h"
#include "tests/support/test_engine.h"

namespace rollcall::testing {

inline constexpr int kStreams = 40;
inline constexpr int kQuestionsPerStream = 8;

// Returns an engine that has been fed the stream, or null if that fails.
inline std::unique_ptr<TestEngine> engine_of(const Stream& stream, const EngineSetup& setup = {}) {
  auto engine = TestEngine::open(stream.settings, setup);
  if (!engine.ok() || !(*engine)->ingest(stream.events).ok()) return nullptr;
  for (const auto& [name, segment] : stream.saved) {
    if (!(*engine)->save_segment(name, segment).ok()) return nullptr;
  }
  return *std::move(engine);
}

// Calls `check(stream, random)` for random streams, each with its seed in the trace.
template <class Check>
void for_streams(Check check) {
  for (int seed = 0; seed < kStreams; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed=" << seed);
    Random random(static_cast<std::uint64_t>(seed));
    const StreamKnobs knobs = random_knobs(random);
    check(random_stream(random, knobs), random);
    if (::testing::Test::HasFatalFailure()) return;
  }
}

inline std::int64_t count(const Cell& cell) { return std::get<std::int64_t>(cell); }

// Returns the answer to a question that random streams can always answer.
inline QueryResult ask(TestEngine& engine, const Query& query) {
  const Result<QueryResult> result = engine.query(query);
  EXPECT_TRUE(result.ok()) << result.status().to_string() << "\n" << to_json(query);
  return result.ok() ? *result : QueryResult{};
}

template <class Ask>
Query query_of(Ask ask) {
  Query query;
  query.ask = std::move(ask);
  return query;
}

}  // namespace rollcall::testing
