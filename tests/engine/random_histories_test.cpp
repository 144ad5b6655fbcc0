// Random questions about the events themselves over random streams, of the engine and of the
// oracle, which sorts and scans. Funnels have a test of their own.
#include <gtest/gtest.h>

#include <array>
#include <iostream>
#include <string>
#include <vector>

#include "tests/support/event_generator.h"
#include "tests/support/history_generator.h"
#include "tests/support/naive_engine.h"
#include "tests/support/profile_generator.h"
#include "tests/support/query_file.h"
#include "tests/support/random.h"
#include "tests/support/result_text.h"
#include "tests/support/run_size.h"
#include "tests/support/test_engine.h"

namespace rollcall::testing {
namespace {

constexpr std::uint64_t kQueriesPerStream = 10;

// Moves events to whole minutes, hours or days, so that many come at once.
void bring_events_together(Random& random, std::vector<NaiveEvent>& events) {
  const std::vector<std::int64_t> units = {60'000'000, 3'600'000'000, 86'400'000'000};
  const std::int64_t unit = random.pick(units);
  for (NaiveEvent& event : events) {
    if (event.time > 0 && random.chance(70)) event.time -= event.time % unit;
  }
}

std::string text_or_error(const Result<QueryResult>& result) {
  return result.ok() ? to_text(*result) : result.status().to_string() + "\n";
}

void expect_agreement(const Stream& stream, const Query& query, const Result<QueryResult>& found,
                      const Result<QueryResult>& expected) {
  const bool agree = found.ok() && expected.ok()
                         ? to_text(*found) == to_text(*expected)
                         : found.status().code() == expected.status().code();
  ASSERT_TRUE(agree) << "found:\n"
                     << text_or_error(found) << "expected:\n"
                     << text_or_error(expected)
                     << query_file_text(stream.settings, stream.events, stream.saved, query, "");
}

// The users of a count of a random row.
void ask_members(Random& random, const QueryResult& answer, Query& query) {
  const std::vector<Cell>& row = random.pick(answer.rows);
  Members& members = query.common.members.emplace();
  for (std::size_t i = 0; i < row.size(); ++i) {
    const ColumnType type = answer.columns[i].type;
    if (type == ColumnType::kInt || type == ColumnType::kString) {
      members.where.emplace_back(answer.columns[i].name, cell_text(row[i]));
    }
  }
  if (random.chance(50)) members.of = "users";
  if (random.chance(50)) members.limit = 2;
}

EngineSetup random_setup(Random& random) {
  EngineSetup setup;
  setup.store = random.chance(30) ? StoreKind::kRocks : StoreKind::kMemory;
  setup.partition_count = std::uint32_t{1} << random.below(4);
  setup.batch_rows = random.below(60);
  setup.threads = static_cast<std::uint32_t>(1 + random.below(2));
  // With next to no memory every batch is written out, and every block is read back.
  if (setup.batch_rows >= 30 && random.chance(60)) setup.memory_bytes_max = 1;
  return setup;
}

TEST(RandomHistories, EngineAndOracleAgree) {
  const std::uint64_t seed = run_size("ROLLCALL_SEED", 0xc10c);
  const std::uint64_t pairs = run_size("ROLLCALL_RANDOM_PAIRS", 8'000);
  std::cout << "ROLLCALL_SEED=" << seed << " ROLLCALL_RANDOM_PAIRS=" << pairs << std::endl;
  Random random(seed);
  std::array<std::uint64_t, 3> answered{};
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
      Query query = kind == 0   ? random_clock(random, stream)
                    : kind == 1 ? random_paths(random, stream)
                                : random_profile(random, stream);
      const Result<QueryResult> found = (*engine)->query(query);
      ASSERT_NO_FATAL_FAILURE(expect_agreement(stream, query, found, oracle.query(query)));
      answered[kind] += found.ok();
      if (!found.ok() || found->rows.empty()) continue;
      with_breakdown += !query.common.breakdown.empty();
      ask_members(random, *found, query);
      ASSERT_NO_FATAL_FAILURE(
          expect_agreement(stream, query, (*engine)->query(query), oracle.query(query)));
    }
  }
  for (const std::uint64_t count : answered) EXPECT_GE(count, pairs / 8);
  EXPECT_GE(with_breakdown, pairs / 50);
}

}  // namespace
}  // namespace rollcall::testing
