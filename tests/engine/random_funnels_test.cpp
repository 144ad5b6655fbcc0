// Random funnels over random streams are asked of the engine and of an oracle that tries every
// order of events and every attempt.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "tests/support/event_generator.h"
#include "tests/support/funnel_generator.h"
#include "tests/support/naive_engine.h"
#include "tests/support/query_file.h"
#include "tests/support/random.h"
#include "tests/support/random_case.h"
#include "tests/support/result_text.h"
#include "tests/support/run_size.h"
#include "tests/support/test_engine.h"
#include "tests/support/times.h"

namespace rollcall::testing {
namespace {

// Moves events to whole minutes, hours or days, so that many come at once; but no more of a user
// than the oracle can put in every order.
void bring_together(Random& random, std::vector<NaiveEvent>& events) {
  constexpr std::size_t kOrdersMost = 50;
  const std::vector<std::int64_t> units = {60 * kSecondUs, 3'600 * kSecondUs, kDayUs};
  const std::int64_t unit = random.pick(units);
  std::map<std::pair<UserId, TimeUs>, std::size_t> together;
  std::map<UserId, std::size_t> orders;
  std::vector<NaiveEvent> kept;
  for (NaiveEvent& event : events) {
    if (event.time > 0 && random.chance(70)) event.time -= event.time % unit;
    std::size_t& events_then = together[{event.user, event.time}];
    std::size_t& orders_of_user = orders.try_emplace(event.user, 1).first->second;
    if (orders_of_user * (events_then + 1) > kOrdersMost) continue;
    orders_of_user *= ++events_then;
    kept.push_back(event);
  }
  events = std::move(kept);
}

bool disagree(const Stream& stream, const Query& query) {
  NaiveEngine oracle(stream.settings);
  oracle.ingest(stream.events);
  for (const auto& [name, segment] : stream.saved) oracle.save_segment(name, segment);
  auto engine = TestEngine::open(stream.settings, EngineSetup{.partition_count = 1});
  if (!engine.ok() || !(*engine)->ingest(stream.events).ok()) return true;
  for (const auto& [name, segment] : stream.saved) {
    if (!(*engine)->save_segment(name, segment).ok()) return true;
  }
  return !agree((*engine)->query(query), oracle.query(query));
}

// Drops events for as long as the two still disagree.
Stream shrink(Stream stream, const Query& query) {
  for (std::size_t length = stream.events.size(); length > 0; length /= 2) {
    for (std::size_t begin = 0; begin < stream.events.size();) {
      Stream candidate = stream;
      const auto first = candidate.events.begin() + static_cast<std::ptrdiff_t>(begin);
      const std::size_t count = std::min(length, candidate.events.size() - begin);
      candidate.events.erase(first, first + static_cast<std::ptrdiff_t>(count));
      if (!candidate.events.empty() && disagree(candidate, query)) {
        stream = std::move(candidate);
      } else {
        begin += length;
      }
    }
  }
  return stream;
}

TEST(RandomFunnels, EngineAndOracleAgree) {
  constexpr std::uint64_t kQueriesPerStream = 10;
  const std::uint64_t seed = run_size("ROLLCALL_SEED", 0xf00d);
  const std::uint64_t pairs = run_size("ROLLCALL_RANDOM_PAIRS", 1'500);
  std::cout << "ROLLCALL_SEED=" << seed << " ROLLCALL_RANDOM_PAIRS=" << pairs << std::endl;
  Random random(seed);
  std::uint64_t answered = 0;
  for (std::uint64_t asked = 0; asked < pairs; asked += kQueriesPerStream) {
    SCOPED_TRACE(::testing::Message() << "pair " << asked);
    StreamKnobs knobs = random_knobs(random);
    knobs.settings.history = true;
    knobs.events = std::min<std::size_t>(knobs.events, 150);
    knobs.whole_day_percent = 0;
    Stream stream = random_stream(random, knobs);
    stream.settings.history = true;
    bring_together(random, stream.events);
    NaiveEngine oracle(stream.settings);
    oracle.ingest(stream.events);
    for (const auto& [name, segment] : stream.saved) oracle.save_segment(name, segment);
    const EngineSetup setup = random_setup(random);
    auto engine = TestEngine::open(stream.settings, setup);
    ASSERT_TRUE(engine.ok()) << engine.status().to_string();
    for (const auto& [name, segment] : stream.saved) {
      ASSERT_TRUE((*engine)->save_segment(name, segment).ok());
    }
    if (stream.events.empty()) continue;
    const std::span<const NaiveEvent> events = stream.events;
    const std::size_t half = random.below(events.size() + 1);
    ASSERT_TRUE((*engine)->ingest(events.first(half)).ok());
    if (random.chance(50)) {
      ASSERT_TRUE((*engine)->reopen().ok());
    }
    ASSERT_TRUE((*engine)->ingest(events.subspan(half)).ok());
    for (std::uint64_t i = 0; i < kQueriesPerStream; ++i) {
      SCOPED_TRACE(::testing::Message() << "question " << i);
      Query query = random_funnel(random, stream);
      const Result<QueryResult> found = (*engine)->query(query);
      answered += found.ok();
      const Result<QueryResult> expected = oracle.query(query);
      const auto explain = [&](const auto& engine_answer, const auto& oracle_answer) {
        const Stream least = disagree(stream, query) ? shrink(stream, query) : stream;
        return "on a " + to_string(setup) + "\nfound:\n" + text_or_error(engine_answer) +
               "expected, of all events:\n" + text_or_error(oracle_answer) +
               "those that it takes:\n" +
               query_file_text(least.settings, least.events, least.saved, query, "");
      };
      ASSERT_TRUE(agree(found, expected)) << explain(found, expected);
      if (!found.ok()) continue;
      const std::optional<CountCell> cell = random_cell(random, *found);
      if (!cell) continue;
      query.common.members = cell->members;
      const Result<QueryResult> users = (*engine)->query(query);
      const Result<QueryResult> expected_users = oracle.query(query);
      ASSERT_TRUE(agree(users, expected_users)) << explain(users, expected_users);
    }
  }
  EXPECT_GE(answered, pairs / 2) << "most questions should have an answer";
}

// Blocks end within the events of a user, which go on in the next one.
TEST(RandomFunnels, UsersWhoseEventsFillSeveralBlocks) {
  constexpr std::size_t kUsers = 3, kEvents = 25'000;
  std::vector<NaiveEvent> events;
  for (std::size_t user = 0; user < kUsers; ++user) {
    for (std::size_t i = 0; i < kEvents; ++i) {
      const bool is_first = user == 1 && i == 0, is_last = user == 1 && i + 1 == kEvents;
      events.push_back({.user = "user " + std::to_string(user),
                        .event = is_first  ? "first"
                                 : is_last ? "last"
                                           : "between",
                        .time = static_cast<TimeUs>(i) * 60 * kSecondUs,
                        .value = {},
                        .properties = {}});
    }
  }
  const auto engine = TestEngine::open({}, EngineSetup{.partition_count = 1});
  ASSERT_TRUE(engine.ok());
  ASSERT_TRUE((*engine)->ingest(events).ok());
  for (const bool is_stored : {false, true}) {
    if (is_stored) {
      ASSERT_TRUE((*engine)->reopen().ok());
    }
    for (const char* const order : {"ordered", "any"}) {
      const Result<QueryResult> answer = (*engine)->query(
          R"({"kind": "funnel", "steps": ["first", "last"], "window": "90d", "order": ")" +
          std::string(order) + "\"}");
      ASSERT_TRUE(answer.ok()) << answer.status().to_string();
      EXPECT_EQ(cell_text(answer->rows.at(0).at(2)), "1") << order;
      EXPECT_EQ(cell_text(answer->rows.at(1).at(2)), "1") << order;
    }
  }
}

// Two of the values past the limit are not known to be the same.
TEST(RandomFunnels, AHeldDimensionHasAllItsValues) {
  StoreSettings settings;
  settings.dimensions = {"plan"};
  settings.dimension_values_max = 2;
  std::vector<NaiveEvent> events;
  for (const char* const plan : {"free", "pro", "team"}) {
    for (const char* const name : {"pay", "refund"}) {
      events.push_back({.user = "user",
                        .event = name,
                        .time = static_cast<TimeUs>(events.size()) * kSecondUs,
                        .value = {},
                        .properties = {{"plan", plan}}});
    }
  }
  const auto engine = TestEngine::open(settings, EngineSetup{});
  ASSERT_TRUE(engine.ok());
  ASSERT_TRUE((*engine)->ingest(std::span(events).first(4)).ok());
  const std::string funnel = R"({"kind": "funnel", "steps": ["pay", "refund"], "hold": "plan"})";
  ASSERT_TRUE((*engine)->query(funnel).ok());
  ASSERT_TRUE((*engine)->ingest(std::span(events).subspan(4)).ok());
  const Status refused = (*engine)->query(funnel).status();
  EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(refused.hint(), OptionHint(Option::kDimensionValuesMax));
}

// The events of a user are in memory together, which has to be there.
TEST(RandomFunnels, AUserWithMoreEventsThanFitIsRefused) {
  std::vector<NaiveEvent> events;
  for (std::int64_t i = 0; i < 400'000; ++i) {
    events.push_back(
        {.user = "user", .event = "visit", .time = i * kSecondUs, .value = {}, .properties = {}});
  }
  const auto engine =
      TestEngine::open({}, EngineSetup{.partition_count = 1, .memory_bytes_max = 64 << 20});
  ASSERT_TRUE(engine.ok());
  ASSERT_TRUE((*engine)->ingest(events).ok());
  ASSERT_TRUE((*engine)->reopen().ok());  // sorting the last events takes memory, too
  const std::string funnel = R"({"kind": "funnel", "steps": ["visit", "visit"], "window": "10s")";
  EXPECT_EQ((*engine)->query(funnel + "}").status().code(), StatusCode::kResourceExhausted);
  const Status within = (*engine)->query(funnel + R"(, "to": "1970-01-01"})").status();
  EXPECT_TRUE(within.ok()) << within.to_string();
}

}  // namespace
}  // namespace rollcall::testing
