// Random questions about recency, frequency and monetary value over random streams, with history
// and without, of the engine and of the oracle, which sorts and scans.
#include <gtest/gtest.h>

#include <array>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "tests/engine/agreement.h"
#include "tests/support/event_generator.h"
#include "tests/support/naive_engine.h"
#include "tests/support/random.h"
#include "tests/support/random_case.h"
#include "tests/support/result_text.h"
#include "tests/support/rfm_generator.h"
#include "tests/support/run_size.h"
#include "tests/support/test_engine.h"

namespace rollcall::testing {
namespace {

TEST(RandomRfm, EngineAndOracleAgree) {
  constexpr std::uint64_t kQueriesPerStream = 10;
  const std::uint64_t seed = run_size("ROLLCALL_SEED", 0xf4a);
  const std::uint64_t pairs = run_size("ROLLCALL_RANDOM_PAIRS", 1'200);
  std::cout << "ROLLCALL_SEED=" << seed << " ROLLCALL_RANDOM_PAIRS=" << pairs << std::endl;
  Random random(seed);
  std::array<std::array<std::uint64_t, 2>, 2> answered{};  // without and with history, by kind
  std::uint64_t pages = 0;
  for (std::uint64_t asked = 0; asked < pairs; asked += kQueriesPerStream) {
    SCOPED_TRACE(::testing::Message() << "pair " << asked);
    StreamKnobs knobs = random_knobs(random);
    knobs.settings.history = random.chance(60);
    if (!knobs.settings.history) knobs.settings.kept_properties.clear();
    const Stream stream = random_stream(random, knobs);
    if (stream.events.empty()) continue;
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
      const std::size_t kind = random.below(2);
      Query query = kind == 0 ? random_rfm(random, stream) : random_rfm_users(random, stream);
      const Result<QueryResult> found = (*engine)->query(query);
      ASSERT_NO_FATAL_FAILURE(expect_agreement(stream, query, found, oracle.query(query)));
      answered[stream.settings.history ? 1 : 0][kind] += found.ok();
      if (!found.ok() || found->rows.empty()) continue;
      if (found->next) {
        std::get<RfmUsersQuery>(query.ask).after = *found->next;
        ++pages;
      } else {
        const std::optional<CountCell> cell = random_cell(random, *found);
        if (!cell) continue;
        query.common.members = cell->members;
        if (random.chance(50)) query.common.members->limit = 2;
      }
      ASSERT_NO_FATAL_FAILURE(
          expect_agreement(stream, query, (*engine)->query(query), oracle.query(query)));
    }
  }
  for (const auto& by_kind : answered) {
    for (const std::uint64_t count : by_kind) EXPECT_GE(count, pairs / 20);
  }
  EXPECT_GE(pages, pairs / 50);
}

}  // namespace
}  // namespace rollcall::testing
