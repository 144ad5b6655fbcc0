// What must hold of comparisons whatever the data.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tests/support/event_generator.h"
#include "tests/support/history_generator.h"
#include "tests/support/test_engine.h"

namespace rollcall::testing {
namespace {

constexpr std::uint64_t kStreams = 1'000;
constexpr int kQuestionsPerStream = 40;

// Cells of one row by the names of their columns.
std::map<std::string, Cell> named_cells(const QueryResult& result, const std::string& variant) {
  std::map<std::string, Cell> cells;
  for (const std::vector<Cell>& row : result.rows) {
    if (row[0] != Cell(variant)) continue;
    for (std::size_t i = 0; i < row.size(); ++i) cells[result.columns[i].name] = row[i];
  }
  return cells;
}

Cell negated(const Cell& cell) {
  const double* const number = std::get_if<double>(&cell);
  return number == nullptr ? cell : Cell(-*number);
}

TEST(Comparisons, TurnRoundWithTheVariants) {
  int compared = 0, tested = 0;
  for (std::uint64_t seed = 0; seed < kStreams; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed=" << seed);
    Random random(seed);
    StreamKnobs knobs = random_knobs(random);
    knobs.settings.history = true;
    const Stream stream = random_stream(random, knobs);
    if (stream.events.empty()) continue;
    auto engine = TestEngine::open(stream.settings, {});
    ASSERT_TRUE(engine.ok()) << engine.status().to_string();
    for (const auto& [name, segment] : stream.saved) {
      ASSERT_TRUE((*engine)->save_segment(name, segment).ok());
    }
    ASSERT_TRUE((*engine)->ingest(stream.events).ok());
    for (int i = 0; i < kQuestionsPerStream; ++i) {
      Query query = random_compare(random, stream);
      query.common.breakdown.clear();
      auto& asked = std::get<CompareQuery>(query.ask);
      if (asked.values.size() < 2) continue;
      asked.values.resize(2);
      asked.split.clear();
      asked.control = asked.values[0];
      const std::string other = asked.values[1];
      if (asked.control.empty() || other.empty()) continue;  // no name of a control
      const auto there = (*engine)->query(query);
      Query swapped = query;
      std::get<CompareQuery>(swapped.ask).control = other;
      const auto back = (*engine)->query(swapped);
      ASSERT_EQ(there.ok(), back.ok()) << to_json(query);
      if (!there.ok() || there->rows.empty()) continue;
      std::map<std::string, Cell> of_other = named_cells(*there, other);
      std::map<std::string, Cell> of_control = named_cells(*back, asked.control);
      SCOPED_TRACE(to_json(query));
      EXPECT_EQ(of_control["difference"], negated(of_other["difference"]));
      EXPECT_EQ(of_control["statistic"], negated(of_other["statistic"]));
      EXPECT_EQ(of_control["low"], negated(of_other["high"]));
      EXPECT_EQ(of_control["high"], negated(of_other["low"]));
      EXPECT_EQ(of_control["p"], of_other["p"]);
      ++compared;
      tested += std::holds_alternative<double>(of_other["p"]);
    }
  }
  EXPECT_GT(compared, 50);
  EXPECT_GT(tested, 10);
}

}  // namespace
}  // namespace rollcall::testing
