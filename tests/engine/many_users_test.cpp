// Enough users for several chunks in a partition, and for every form that a chunk's bits can take,
// on each instruction set that this machine has.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "kernels/kernel_table.h"
#include "tests/reliability/child.h"
#include "tests/support/event_generator.h"
#include "tests/support/naive_engine.h"
#include "tests/support/query_generator.h"
#include "tests/support/result_text.h"
#include "tests/support/run_size.h"
#include "tests/support/test_engine.h"

namespace rollcall::testing {
namespace {

struct Answered {
  Query query;
  Result<QueryResult> expected;
};

// Says what is wrong with an engine that is fed the stream and opened again half-way; empty:
// nothing is.
std::string fault(const Stream& stream, const EngineSetup& setup,
                  const std::vector<Answered>& questions) {
  const auto opened = TestEngine::open(stream.settings, setup);
  if (!opened.ok()) return opened.status().to_string();
  TestEngine& engine = **opened;
  for (const auto& [name, segment] : stream.saved) {
    if (const Status saved = engine.save_segment(name, segment); !saved.ok()) {
      return saved.to_string();
    }
  }
  const std::span<const NaiveEvent> events = stream.events;
  const std::size_t half = events.size() / 2;
  Status fed = engine.ingest(events.first(half));
  if (fed.ok()) fed = engine.reopen();
  if (fed.ok()) fed = engine.ingest(events.subspan(half));
  if (!fed.ok()) return fed.to_string();
  if (engine.engine().info().user_count <= 65'536) return "all users are in one chunk";
  for (const auto& [query, expected] : questions) {
    const Result<QueryResult> found = engine.query(query);
    if (agree(found, expected)) continue;
    return to_string(setup) + "\n" + to_json(query) + "\nfound:\n" + text_or_error(found) +
           "expected:\n" + text_or_error(expected);
  }
  return {};
}

// A process chooses its instruction set once, so each has a child of its own. The oracle, which
// takes longest, answers once for all of them.
TEST(ManyUsers, EngineAndOracleAgreeOnEveryInstructionSet) {
  const std::uint64_t seed = run_size("ROLLCALL_SEED", 20260105);
  std::cout << "ROLLCALL_SEED=" << seed << std::endl;
  Random random(seed);
  StreamKnobs knobs;
  knobs.settings.user_kind = UserKind::kInteger;
  knobs.settings.dimensions = {"channel"};
  knobs.first_day = Day{20'454};
  knobs.days = 8;
  knobs.users = 90'000;
  knobs.events = 180'000;
  const Stream stream = random_stream(random, knobs);
  NaiveEngine oracle(stream.settings);
  oracle.ingest(stream.events);
  for (const auto& [name, segment] : stream.saved) oracle.save_segment(name, segment);
  std::vector<Answered> questions;
  for (int i = 0; i < 4; ++i) {
    Query query = random_query(random, stream);
    // The oracle looks for everybody anew at the end of each period.
    if (auto* const ask = std::get_if<AtRiskQuery>(&query.ask)) ask->period.reset();
    query.common.from = query.common.to = std::nullopt;  // days without data cost the oracle much
    query.common.last = std::nullopt;
    questions.push_back({query, oracle.query(query)});
  }
  const auto expect_right = [&](const std::string& isa, const EngineSetup& setup) {
    SCOPED_TRACE("instruction set " + isa);
    const ChildEnd end = run_in_child(
        [&]() -> std::string {
          ::setenv("ROLLCALL_ISA", isa.c_str(), 1);
          if (kernels::active_table()->isa != isa) return "the instruction set is another one";
          return fault(stream, setup, questions);
        },
        600);
    EXPECT_EQ(end.how, ChildEnd::How::kReturned) << to_string(end);
    EXPECT_EQ(end.report, "");
  };
  const std::span<const kernels::KernelTable* const> tables = kernels::runnable_tables();
  for (const kernels::KernelTable* const table : tables) {
    std::cout << "instruction set " << table->isa << std::endl;
    expect_right(table->isa, {.partition_count = 1, .batch_rows = 20'000, .threads = 2});
  }
  // Where pages lie has nothing to do with the instruction set.
  expect_right(tables.back()->isa, {.store = StoreKind::kRocks,
                                    .partition_count = 2,
                                    .batch_rows = 50'000,
                                    .threads = 2,
                                    .memory_bytes_max = 1 << 20});
}

}  // namespace
}  // namespace rollcall::testing
