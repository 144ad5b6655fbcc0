// Retention is the same from aggregates and from history, wherever both can answer.
#include <gtest/gtest.h>

#include <cstdint>
#include <iostream>
#include <optional>
#include <variant>
#include <vector>

#include "core/query/kinds/kind_table.h"
#include "core/query/kinds/retention_table.h"
#include "core/time/calendar.h"
#include "tests/core/query/split_store.h"
#include "tests/support/event_generator.h"
#include "tests/support/query_generator.h"
#include "tests/support/result_text.h"
#include "tests/support/run_size.h"
#include "tests/support/test_engine.h"

namespace rollcall::testing {
namespace {

// A question about retention that aggregates answer, of all values together.
std::optional<Query> random_retention(Random& random, const Stream& stream) {
  Query query = random_query(random, stream);
  auto* const ask = std::get_if<RetentionQuery>(&query.ask);
  if (ask == nullptr || is_by_clock(ask->period)) return {};
  ask->windows = RetentionQuery::Windows::kCalendar;
  ask->first_of = RetentionQuery::FirstOf::kMatching;
  ask->min_return_count = 1;
  ask->value_from = RetentionQuery::ValueFrom::kPeriod;
  query.common.breakdown.clear();
  return query;
}

TEST(RetentionHistory, AnswersAsAggregatesDo) {
  const std::uint64_t seed = run_size("ROLLCALL_SEED", 20261129);
  std::cout << "ROLLCALL_SEED=" << seed << std::endl;
  Random random(seed);
  int compared = 0;
  for (int round = 0; round < 150; ++round) {
    StreamKnobs knobs = random_knobs(random);
    knobs.settings.history = true;
    const Stream stream = random_stream(random, knobs);
    EngineSetup setup;
    setup.partition_count = random.pick(std::vector<std::uint32_t>{1, 2, 8});
    const auto engine = TestEngine::open(stream.settings, setup);
    ASSERT_TRUE(engine.ok()) << engine.status().to_string();
    for (const auto& [name, segment] : stream.saved) {
      ASSERT_TRUE((*engine)->save_segment(name, segment).ok());
    }
    ASSERT_TRUE((*engine)->ingest(stream.events).ok());
    auto store = (*engine)->close();
    ASSERT_TRUE(store.ok()) << store.status().to_string();
    const auto split = SplitStore::open(*std::move(store));
    ASSERT_TRUE(split.ok()) << split.status().to_string();
    for (int i = 0; i < 40; ++i) {
      const std::optional<Query> query = random_retention(random, stream);
      if (!query || !validate(*query).ok()) continue;
      const auto expected = (*split)->query(*query, make_retention_from_aggregates, random);
      if (!expected.ok()) continue;
      const auto found = (*split)->query(
          *query,
          [](const Query& asked, const PlanContext& context) {
            return make_retention_from_history(asked, context, "the test wants it");
          },
          random);
      ASSERT_TRUE(found.ok()) << found.status().to_string();
      ASSERT_EQ(to_text(*found), to_text(*expected)) << to_json(*query);
      ++compared;
    }
  }
  EXPECT_GT(compared, 600);
}

}  // namespace
}  // namespace rollcall::testing
