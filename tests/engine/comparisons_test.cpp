// Comparisons keep to these rules whatever the data are, and whichever way they are answered.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tests/support/both_ways.h"
#include "tests/support/event_generator.h"
#include "tests/support/history_generator.h"
#include "tests/support/random_case.h"
#include "tests/support/result_text.h"
#include "tests/support/run_size.h"
#include "tests/support/test_engine.h"
#include "tests/support/times.h"

namespace rollcall::testing {
namespace {

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
  constexpr int kQuestionsPerStream = 40;
  const std::uint64_t first_seed = run_size("ROLLCALL_SEED", 0);
  const std::uint64_t streams = run_size("ROLLCALL_RANDOM_STREAMS", 500);
  std::cout << "ROLLCALL_SEED=" << first_seed << " ROLLCALL_RANDOM_STREAMS=" << streams
            << std::endl;
  int compared = 0, tested = 0;
  for (std::uint64_t seed = first_seed; seed < first_seed + streams; ++seed) {
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

// The users of days tell who is active so many days after, as the history does; on the day of the
// exposure itself, only the history does.
TEST(Comparisons, AreTheSameFromDaysAndFromHistory) {
  const std::uint64_t first_seed = run_size("ROLLCALL_SEED", 0xda75);
  const std::uint64_t streams = run_size("ROLLCALL_RANDOM_STREAMS", 150);
  std::cout << "ROLLCALL_SEED=" << first_seed << " ROLLCALL_RANDOM_STREAMS=" << streams
            << std::endl;
  int by_exposure = 0, by_segments = 0, with_hits = 0, with_members = 0, with_excluded = 0;
  for (std::uint64_t seed = first_seed; seed < first_seed + streams; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed=" << seed);
    Random random(seed);
    StreamKnobs knobs = random_knobs(random);
    knobs.settings.history = true;
    if (knobs.settings.dimensions.empty()) knobs.settings.dimensions.emplace_back("channel");
    Stream stream = random_stream(random, knobs);
    if (stream.events.empty()) continue;
    give_all_a_property(stream);
    auto engine = TestEngine::open(stream.settings, random_setup(random));
    ASSERT_TRUE(engine.ok()) << engine.status().to_string();
    for (const auto& [name, segment] : stream.saved) {
      ASSERT_TRUE((*engine)->save_segment(name, segment).ok());
    }
    ASSERT_TRUE((*engine)->ingest(stream.events).ok());
    for (int i = 0; i < 20; ++i) {
      Query query = random_compare(random, stream);
      auto& asked = std::get<CompareQuery>(query.ask);
      if (asked.metric.kind != CompareQuery::Metric::Kind::kActive) {
        asked.event = asked.metric.outcome;
        asked.metric = CompareQuery::Metric();
        asked.metric.from_day = random.between(0, 2);
        asked.metric.to_day = asked.metric.from_day + random.between(0, 2);
      }
      if (random.chance(50)) query.common.where.clear();
      const Result<Explanation> by_days = (*engine)->engine().explain(query);
      if (!by_days.ok() || by_days->history_events) continue;
      SCOPED_TRACE(to_json(query));
      const Query other_way = asked_of_history(query);
      const Result<Explanation> by_history = (*engine)->engine().explain(other_way);
      ASSERT_TRUE(by_history.ok()) << by_history.status().to_string();
      const Result<QueryResult> found = (*engine)->query(query);
      const Result<QueryResult> expected = (*engine)->query(other_way);
      ASSERT_TRUE(found.ok() && expected.ok()) << found.status().to_string();
      ASSERT_EQ(first_difference(*found, *expected), "") << to_text(*found) << to_text(*expected);
      if (!by_history->history_events || found->rows.empty()) continue;
      ASSERT_TRUE(!asked.variants.empty() || asked.metric.from_day > 0);
      ++(asked.variants.empty() ? by_exposure : by_segments);
      for (const std::vector<Cell>& row : found->rows) {
        with_hits += row[4] != Cell() && row[4] != Cell(0.0);
        with_excluded += row[2] != Cell() && row[2] != Cell(std::int64_t{0});
      }
      const std::optional<CountCell> cell = random_cell(random, *found);
      if (!cell) continue;
      Query users = query, users_other_way = other_way;
      users.common.members = users_other_way.common.members = cell->members;
      const Result<QueryResult> listed = (*engine)->query(users);
      const Result<QueryResult> expected_users = (*engine)->query(users_other_way);
      ASSERT_TRUE(listed.ok() && expected_users.ok()) << listed.status().to_string();
      ASSERT_EQ(first_difference(*listed, *expected_users), "");
      with_members += cell->count > 1;
    }
  }
  EXPECT_GT(by_exposure, 20);
  EXPECT_GT(by_segments, 20);
  EXPECT_GT(with_hits, 20);
  EXPECT_GT(with_excluded, 20);
  EXPECT_GT(with_members, 20);
}

// A set of each variant is held at once, which so many values as these would make too many of.
TEST(Comparisons, OfManyVariantsGoByHistory) {
  StoreSettings settings;
  settings.user_kind = UserKind::kInteger;
  settings.dimensions = {"arm"};
  settings.history = true;
  std::vector<NaiveEvent> events;
  for (std::uint64_t user = 0; user < 33 * 4; ++user) {
    NaiveEvent event{UserId(user), "join", 0, {}, {{"arm", "arm " + std::to_string(user % 33)}}};
    events.push_back(event);
    event.time = kDayUs * static_cast<TimeUs>(1 + user % 3);
    events.push_back(event);
  }
  auto engine = TestEngine::open(settings, {});
  ASSERT_TRUE(engine.ok() && (*engine)->ingest(events).ok());
  Query query;
  CompareQuery asked;
  asked.variant = "arm";
  query.ask = asked;
  const Result<QueryResult> all = (*engine)->query(query);
  ASSERT_TRUE(all.ok()) << all.status().to_string();
  ASSERT_EQ(all->rows.size(), 34u);
  EXPECT_TRUE((*engine)->engine().explain(query)->history_events);
  asked.values = {"arm 1", "arm 2"};
  query.ask = asked;
  EXPECT_FALSE((*engine)->engine().explain(query)->history_events);
  const Result<QueryResult> two = (*engine)->query(query);
  ASSERT_TRUE(two.ok()) << two.status().to_string();
  for (const std::string& variant : asked.values) {
    for (const std::string column : {"users", "excluded", "immature", "rate", "low_rate"}) {
      EXPECT_EQ(named_cells(*two, variant)[column], named_cells(*all, variant)[column]) << column;
    }
  }
  EXPECT_EQ(named_cells(*two, "arm 1")["users"], Cell(std::int64_t{4}));
}

}  // namespace
}  // namespace rollcall::testing
