// These identities of recency, frequency and monetary value must hold of the engine's answers
// whatever the data.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tests/engine/stream_engines.h"
#include "tests/support/event_generator.h"
#include "tests/support/funnel_generator.h"
#include "tests/support/result_text.h"
#include "tests/support/test_engine.h"

namespace rollcall::testing {
namespace {

// ---- Recency, frequency and monetary value ----

TEST(RfmIdentities, RfmUsersAddUpToUsersWithAnEvent) {
  for_streams([](const Stream& stream, Random& random) {
    const auto engine = engine_of(stream);
    ASSERT_NE(engine, nullptr);
    const bool has_history = stream.settings.history && !stream.events.empty();
    for (int i = 0; i < kQuestionsPerStream; ++i) {
      RfmQuery rfm;
      if (!stream.events.empty() && random.chance(70)) {
        rfm.event = {Selector::Names::kAnyOf, {random.pick(stream.events).event}, {}};
      }
      if (!has_history || random.chance(50)) rfm.frequency = RfmRules::Frequency::kDays;
      if (has_history && random.chance(30)) rfm.monetary = RfmRules::Monetary::kMean;
      if (random.chance(30)) {
        rfm.edges = {{1, 3, 7, 20}, {2, 3, 5, 8}, {"-1", "0", "2.5", "100"}};
      }
      if (random.chance(40)) rfm.by = RfmQuery::By::kCell;
      Query query = query_of(rfm);
      SegmentQuery segment;
      segment.segment.event = rfm.event;
      if (random.chance(50)) {
        query.common.last = LastSpan{random.between(1, 40)};
        segment.segment.range.last = query.common.last;
      }
      const std::size_t users = rfm.by == RfmQuery::By::kCell ? 3 : 1;
      std::int64_t all = 0;
      for (const auto& row : ask(*engine, query).rows) all += count(row[users]);
      std::int64_t expected = 0;
      for (const auto& row : ask(*engine, query_of(segment)).rows) expected += count(row[0]);
      ASSERT_EQ(all, expected) << to_json(query);
    }
  });
}

// Amounts turned round turn the scores round, where no rank falls on a cut: where the users, and
// those with each amount, are such numbers that 5 (worse + equal / 2) / all is never whole.
TEST(RfmIdentities, QuantileScoresTurnRoundWithTheOrder) {
  std::size_t compared = 0;
  for (int seed = 0; seed < kStreams; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed=" << seed);
    Random random(static_cast<std::uint64_t>(seed));
    StreamKnobs knobs = random_knobs(random);
    knobs.settings.history = true;
    knobs.extreme_amounts = false;
    knobs.users = 5 + random.below(60);
    knobs.events = 300;
    Stream stream = random_stream(random, knobs);
    const bool few = random.chance(50);  // amounts, so that many users have equal ones
    for (NaiveEvent& event : stream.events) {
      event.value = static_cast<Amount>(few ? random.below(3) : random.below(1'000'000)) - 1;
    }
    Stream turned = stream;
    for (NaiveEvent& event : turned.events) *event.value = -*event.value;
    const auto engine = engine_of(stream), turned_engine = engine_of(turned);
    ASSERT_TRUE(engine && turned_engine);
    for (const RfmRules::Monetary monetary :
         {RfmRules::Monetary::kSum, RfmRules::Monetary::kMean}) {
      RfmUsersQuery rfm;
      rfm.monetary = monetary;
      const QueryResult here = ask(*engine, query_of(rfm));
      const QueryResult there = ask(*turned_engine, query_of(rfm));
      ASSERT_EQ(here.rows.size(), there.rows.size());
      constexpr std::size_t kMonetary = 3, kScore = 6;
      const auto all = static_cast<std::int64_t>(here.rows.size());
      std::map<Cell, std::vector<std::size_t>> by_amount;
      for (std::size_t row = 0; row < here.rows.size(); ++row) {
        by_amount[here.rows[row][kMonetary]].push_back(row);
      }
      for (const auto& [amount, rows] : by_amount) {
        // Amounts are in the order of their texts here, so that each is compared with all others.
        const auto number_of = [](const Cell& cell) {
          if (const auto* mean = std::get_if<double>(&cell)) return *mean;
          const auto* text = std::get_if<std::string>(&cell);
          return text == nullptr ? 0.0 : std::stod(*text);
        };
        std::int64_t worse = 0, equal = 0;
        for (const auto& [other, others] : by_amount) {
          const double a = number_of(other), b = number_of(amount);
          (a < b ? worse : equal) += a > b ? 0 : static_cast<std::int64_t>(others.size());
        }
        if (5 * (2 * worse + equal) % (2 * all) == 0) continue;
        for (const std::size_t row : rows) {
          ASSERT_EQ(count(here.rows[row][kScore]), 6 - count(there.rows[row][kScore]));
          ++compared;
        }
      }
    }
  }
  EXPECT_GE(compared, 500u);
}

// What pages tell of days and amounts, history tells too.
TEST(RfmIdentities, RfmFromHistoryIsRfmFromAggregates) {
  for (int seed = 0; seed < kStreams; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed=" << seed);
    Random random(static_cast<std::uint64_t>(seed));
    StreamKnobs knobs = random_knobs(random);
    knobs.settings.history = true;
    knobs.whole_day_percent = 0;
    const Stream stream = random_stream(random, knobs);
    if (stream.events.empty()) continue;
    NaiveEvent next = *std::ranges::max_element(stream.events, {}, &NaiveEvent::time);
    const TimeUs as_of = next.time;
    next.time += 1'000'000;  // an as_of is a whole second
    Stream longer = stream;
    longer.events.push_back(next);
    const auto engine = engine_of(stream), longer_engine = engine_of(longer);
    ASSERT_TRUE(engine && longer_engine);
    for (const RfmRules::Frequency frequency :
         {RfmRules::Frequency::kEvents, RfmRules::Frequency::kDays}) {
      for (const RfmRules::Monetary monetary :
           {RfmRules::Monetary::kSum, RfmRules::Monetary::kMean}) {
        RfmQuery rfm;
        rfm.frequency = frequency;
        rfm.monetary = monetary;
        RfmUsersQuery users;
        users.frequency = frequency;
        users.monetary = monetary;
        for (Query query : {query_of(rfm), query_of(users)}) {
          query.common.as_of = as_of;
          if (random.chance(50)) query.common.last = LastSpan{random.between(1, 20)};
          const QueryResult expected = ask(*engine, query);
          QueryResult found = ask(*longer_engine, query);
          ASSERT_EQ(first_difference(found, expected), "") << to_json(query);
        }
      }
    }
  }
}

}  // namespace
}  // namespace rollcall::testing
