// Random questions about the events themselves over random streams, of the engine and of the
// oracle, which sorts and scans. Funnels have a test of their own.
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/engine/agreement.h"
#include "tests/support/event_generator.h"
#include "tests/support/feature_generator.h"
#include "tests/support/history_generator.h"
#include "tests/support/naive_engine.h"
#include "tests/support/profile_generator.h"
#include "tests/support/random.h"
#include "tests/support/random_case.h"
#include "tests/support/result_text.h"
#include "tests/support/risk_generator.h"
#include "tests/support/run_size.h"
#include "tests/support/test_engine.h"
#include "tests/support/times.h"

namespace rollcall::testing {
namespace {

using Generator = Query (*)(Random& random, const Stream& stream);
constexpr Generator kGenerators[] = {random_clock,   random_paths, random_adoption, random_aha,
                                     random_at_risk, random_nps,   random_compare,  random_profile};

// Moves events to whole minutes, hours or days, so that many come at once.
void bring_events_together(Random& random, std::vector<NaiveEvent>& events) {
  const std::vector<std::int64_t> units = {60'000'000, 3'600'000'000, kDayUs};
  const std::int64_t unit = random.pick(units);
  for (NaiveEvent& event : events) {
    if (event.time > 0 && random.chance(70)) event.time -= event.time % unit;
  }
}

TEST(RandomHistories, EngineAndOracleAgree) {
  constexpr std::uint64_t kQueriesPerStream = 10;
  const std::uint64_t seed = run_size("ROLLCALL_SEED", 0xc10c);
  const std::uint64_t pairs = run_size("ROLLCALL_RANDOM_PAIRS", 1'500);
  std::cout << "ROLLCALL_SEED=" << seed << " ROLLCALL_RANDOM_PAIRS=" << pairs << std::endl;
  Random random(seed);
  std::array<std::uint64_t, std::size(kGenerators)> answered{};
  std::uint64_t with_breakdown = 0;
  for (std::uint64_t asked = 0; asked < pairs; asked += kQueriesPerStream) {
    SCOPED_TRACE(::testing::Message() << "pair " << asked);
    StreamKnobs knobs = random_knobs(random);
    knobs.settings.history = true;
    knobs.days = std::min(knobs.days, 60);
    Stream stream = random_stream(random, knobs);
    if (stream.events.empty()) continue;
    if (random.chance(70)) bring_events_together(random, stream.events);
    NaiveEngine oracle(stream.settings);
    oracle.ingest(stream.events);
    const EngineSetup setup = random_setup(random);
    SCOPED_TRACE(to_string(setup));
    auto engine = TestEngine::open(stream.settings, setup);
    ASSERT_TRUE(engine.ok()) << engine.status().to_string();
    for (const auto& [name, segment] : stream.saved) {
      oracle.save_segment(name, segment);
      ASSERT_TRUE((*engine)->save_segment(name, segment).ok());
    }
    const std::span<const NaiveEvent> events = stream.events;
    const std::size_t half = random.below(events.size() + 1);
    ASSERT_TRUE((*engine)->ingest(events.first(half)).ok());
    if (random.chance(50)) {
      ASSERT_TRUE((*engine)->reopen().ok());
    }
    ASSERT_TRUE((*engine)->ingest(events.subspan(half)).ok());
    for (std::uint64_t i = 0; i < kQueriesPerStream; ++i) {
      const std::size_t kind = random.below(answered.size());
      Query query = kGenerators[kind](random, stream);
      const Result<QueryResult> found = (*engine)->query(query);
      const Result<QueryResult> expected = oracle.query(query);
      if (is_too_large(found, expected)) continue;
      ASSERT_NO_FATAL_FAILURE(expect_agreement(stream, query, found, expected));
      answered[kind] += found.ok();
      if (!found.ok()) continue;
      with_breakdown += !query.common.breakdown.empty();
      const std::optional<CountCell> cell = random_cell(random, *found);
      if (!cell) continue;
      query.common.members = cell->members;
      if (random.chance(50)) query.common.members->limit = 2;
      ASSERT_NO_FATAL_FAILURE(
          expect_agreement(stream, query, (*engine)->query(query), oracle.query(query)));
    }
  }
  for (const std::uint64_t count : answered) EXPECT_GE(count, pairs / 20);
  EXPECT_GE(with_breakdown, pairs / 50);
}

}  // namespace
}  // namespace rollcall::testing
