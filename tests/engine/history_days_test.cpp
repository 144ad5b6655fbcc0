// A history that reaches back so many days: what it lets go of, and when; what is answered, and
// what is refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "rollcall/dates.h"
#include "rollcall/kinds.h"
#include "rollcall/rocks_store.h"
#include "rollcall/store_copy.h"
#include "tests/storage/temporary_directory.h"
#include "tests/support/event_columns.h"
#include "tests/support/event_generator.h"
#include "tests/support/funnel_generator.h"
#include "tests/support/history_generator.h"
#include "tests/support/naive_engine.h"
#include "tests/support/query_file.h"
#include "tests/support/query_generator.h"
#include "tests/support/random.h"
#include "tests/support/random_case.h"
#include "tests/support/result_text.h"
#include "tests/support/run_size.h"
#include "tests/support/test_engine.h"
#include "tests/support/times.h"

namespace rollcall::testing {
namespace {

constexpr std::string_view kFunnel =
    R"({"kind": "funnel", "steps": ["view", "buy"], "window": "7d"})";

NaiveEvent event_at(std::string user, std::string name, Day day, TimeUs at = 0) {
  NaiveEvent event;
  event.user = std::move(user);
  event.event = std::move(name);
  event.time = TimeUs{day.value} * kDayUs + at;
  return event;
}

// Users u0 to u9 view and buy on each of so many days.
std::vector<NaiveEvent> daily_events(std::int32_t days, Day first = kFirstDay) {
  std::vector<NaiveEvent> events;
  for (std::int32_t day = 0; day < days; ++day) {
    for (int user = 0; user < 10; ++user) {
      events.push_back(event_at("u" + std::to_string(user), "view", first + day, user));
      events.push_back(event_at("u" + std::to_string(user), "buy", first + day, 1'000 + user));
    }
  }
  return events;
}

std::unique_ptr<TestEngine> opened(const EngineSetup& setup) {
  auto engine = TestEngine::open({}, setup);
  EXPECT_TRUE(engine.ok()) << engine.status().to_string();
  return *std::move(engine);
}

void ingest(TestEngine& engine, std::span<const NaiveEvent> events) {
  ASSERT_TRUE(engine.ingest(events).ok());
  ASSERT_TRUE(engine.engine().checkpoint().ok());
}

std::string answer(const TestEngine& engine, std::string_view json) {
  const Result<QueryResult> result = engine.query(json);
  return result.ok() ? to_text(*result) : result.status().message();
}

std::string definition_of(const TestEngine& engine, std::string_view json,
                          const std::string& field) {
  const Result<QueryResult> result = engine.query(json);
  if (!result.ok()) return result.status().to_string();
  for (const auto& [name, value] : result->definition) {
    if (name == field) return value;
  }
  return "none";
}

void expect_sound(TestEngine& engine) {
  const Result<VerifyReport> report = engine.engine().verify();
  ASSERT_TRUE(report.ok()) << report.status().to_string();
  EXPECT_TRUE(report->faults.empty()) << report->faults.front();
}

TEST(HistoryDays, WholeDaysAreLetGoOf) {
  for (const StoreKind store : {StoreKind::kMemory, StoreKind::kRocks}) {
    const auto engine =
        opened({.store = store, .partition_count = 2, .history_days = std::uint32_t{30}});
    ingest(*engine, daily_events(60));
    EngineInfo info = engine->engine().info();
    EXPECT_EQ(info.history_days, 30u);
    EXPECT_EQ(info.history_from, kFirstDay + 29) << "30 days before the 60th";
    EXPECT_EQ(info.history_events, 31u * 20) << "a first run has nothing older";
    EXPECT_EQ(info.event_count, 60u * 20);
    EXPECT_EQ(info.day_count, 60u);
    ASSERT_NO_FATAL_FAILURE(expect_sound(*engine));
    ingest(*engine, daily_events(30, kFirstDay + 60));
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(engine->engine().checkpoint().ok());
    ASSERT_TRUE(engine->reopen().ok());
    info = engine->engine().info();
    EXPECT_EQ(info.history_from, kFirstDay + 59);
    EXPECT_LE(info.history_events, 31u * 20 * 4 / 3);
    ASSERT_NO_FATAL_FAILURE(expect_sound(*engine));
  }
}

TEST(HistoryDays, QuestionsThatReachFurtherAreRefused) {
  const auto engine = opened({.partition_count = 4, .history_days = std::uint32_t{30}});
  ingest(*engine, daily_events(60));
  EXPECT_EQ(
      answer(*engine, R"({"kind": "funnel", "steps": ["view", "buy"], "from": "2026-01-29"})"),
      "funnel: needs the events from 2026-01-29 on, and history begins "
      "with 2026-01-30, as the store lets go of what is older than 30 days (allowed: what "
      "needs no earlier events)");
  EXPECT_EQ(answer(*engine, R"({"kind": "funnel", "steps": ["view", "buy"], "to": "2026-01-29"})"),
            "funnel: the range ends on 2026-01-29, and the history begins with "
            "2026-01-30 (allowed: a later end)");
  // A range before all data needs no more than there is.
  EXPECT_EQ(definition_of(*engine, kFunnel, "from"), "\"2026-01-30\"");
  EXPECT_EQ(definition_of(*engine, R"({"kind": "clock"})", "from"), "\"2026-01-30\"");
  EXPECT_EQ(definition_of(*engine, R"({"kind": "paths", "event": "view"})", "from"),
            "\"2026-01-30\"");
  // Whole periods: the first week of history begins on a Monday.
  const std::string counted = R"({"kind": "counts", "event": {"event": "buy", "where": )"
                              R"({"value": {"gte": 0}}}, "period": "week"})";
  EXPECT_EQ(definition_of(*engine, counted, "from"), "\"2026-02-02\"");
  // A window looks back.
  EXPECT_EQ(definition_of(*engine,
                          R"({"kind": "active", "window_days": 7, "event": {"where": )"
                          R"({"value": {"gte": 0}}}})",
                          "from"),
            "\"2026-02-05\"");
  EXPECT_EQ(answer(*engine, R"({"kind": "active", "window_days": 7, "to": "2026-02-02",
                               "event": {"where": {"value": {"gte": 0}}}})"),
            "active: needs the events from 2026-01-24 on, and history begins with 2026-01-30, as "
            "the store lets go of what is older than 30 days (allowed: what needs no earlier "
            "events)");
  const std::string sticky = R"({"kind": "stickiness", "per_period": {"gte": 2}})";
  EXPECT_EQ(definition_of(*engine, sticky, "from"), "\"2026-01-30\"");
  // All of history is needed.
  EXPECT_EQ(engine->query(R"({"kind": "retention", "windows": "rolling", "from": "2026-02-10"})")
                .status()
                .code(),
            StatusCode::kInvalidArgument);
  // Aggregates know all days.
  EXPECT_EQ(definition_of(*engine, R"({"kind": "retention", "cohort": "first_ever"})", "from"),
            "\"2026-01-01\"");
  EXPECT_EQ(definition_of(*engine, R"({"kind": "active"})", "from"), "\"2026-01-01\"");
  // A part of a segment that is left open begins where history does, too.
  EXPECT_TRUE(engine->query(R"({"kind": "segment", "segment": "times(view) >= 31"})").ok());
  EXPECT_EQ(
      std::get<std::int64_t>(
          engine->query(R"({"kind": "segment", "segment": "times(view) >= 31"})")->rows[0][0]),
      10);
  EXPECT_EQ(
      std::get<std::int64_t>(
          engine->query(R"({"kind": "segment", "segment": "times(view) >= 32"})")->rows[0][0]),
      0);
  EXPECT_FALSE(engine->query(R"({"kind": "segment", "segment": "times(view, 40d) >= 31"})").ok());
  const Result<Query> funnel = parse_query(kFunnel);
  EXPECT_EQ(engine->engine().explain(*funnel)->history_from, kFirstDay + 29);
}

// One clock a year ahead, whatever it sends, and whoever else sends nothing that far.
TEST(HistoryDays, AStrayFutureEventErasesNothing) {
  const auto engine = opened({.partition_count = 2, .history_days = std::uint32_t{30}});
  ingest(*engine, daily_events(60));
  const EngineInfo before = engine->engine().info();
  const std::string funnel =
      R"({"kind": "funnel", "steps": ["view", "buy"], "window": "7d", "as_of": "2026-03-01"})";
  const std::string answered = answer(*engine, funnel);
  std::vector<NaiveEvent> strays;
  for (int i = 0; i < 20; ++i) strays.push_back(event_at("u1", "view", kFirstDay + 425 + i));
  ingest(*engine, strays);
  const EngineInfo after = engine->engine().info();
  EXPECT_EQ(after.history_from, before.history_from);
  EXPECT_EQ(after.history_events, before.history_events + strays.size());
  EXPECT_EQ(answer(*engine, funnel), answered);
  // Time goes on.
  ingest(*engine, daily_events(1, kFirstDay + 60));
  EXPECT_EQ(engine->engine().info().history_from, kFirstDay + 30);
}

TEST(HistoryDays, LateEventsCountAndAreNotKept) {
  const auto engine = opened({.partition_count = 2, .history_days = std::uint32_t{30}});
  ingest(*engine, daily_events(60));
  const EngineInfo before = engine->engine().info();
  const std::string funnel = answer(*engine, kFunnel);
  ASSERT_TRUE(engine->ingest(daily_events(5)).ok());
  EXPECT_EQ(answer(*engine, kFunnel), funnel) << "before they are let go of";
  ASSERT_TRUE(engine->engine().checkpoint().ok());
  const EngineInfo after = engine->engine().info();
  EXPECT_EQ(after.event_count, before.event_count + 5 * 20);
  EXPECT_EQ(after.history_events, before.history_events);
  EXPECT_EQ(answer(*engine, kFunnel), funnel);
  ASSERT_NO_FATAL_FAILURE(expect_sound(*engine));
}

TEST(HistoryDays, TheStoreRemembersAndMayBeToldAnother) {
  StorePlace place(StoreKind::kRocks);
  const auto open = [&](std::optional<std::uint32_t> days) {
    EngineOptions options;
    options.history_days = days;
    return *Engine::open(*place.open(), options);
  };
  const std::vector<NaiveEvent> events = daily_events(60);
  {
    auto engine = open(10);
    const EventColumns columns(events, engine->settings());
    ASSERT_TRUE(engine->ingest(columns.batch()).ok());
    ASSERT_TRUE(engine->close().ok());
  }
  auto engine = open({});
  EXPECT_EQ(engine->info().history_days, 10u);
  EXPECT_EQ(engine->info().history_from, kFirstDay + 49);
  ASSERT_TRUE(engine->close().ok());
  // More days bring nothing back.
  engine = open(40);
  EXPECT_EQ(engine->info().history_days, 40u);
  ASSERT_TRUE(engine->checkpoint().ok());
  EXPECT_EQ(engine->info().history_from, kFirstDay + 49);
  ASSERT_TRUE(engine->close().ok());
  engine = open(5);
  ASSERT_TRUE(engine->close().ok());
  engine = open({});
  EXPECT_EQ(engine->info().history_days, 5u);
  EXPECT_EQ(engine->info().history_from, kFirstDay + 54);
  ASSERT_TRUE(engine->close().ok());
  engine = open(0);
  ASSERT_TRUE(engine->close().ok());
  engine = open({});
  EXPECT_EQ(engine->info().history_days, 0u);
  EXPECT_EQ(engine->info().history_from, kFirstDay + 54) << "what is gone stays away";
}

TEST(HistoryDays, NeedHistory) {
  EngineOptions options;
  options.settings.emplace().history = false;
  options.history_days = 3;
  const auto engine = Engine::open(open_memory_store(), options);
  ASSERT_FALSE(engine.ok());
  EXPECT_EQ(engine.status().message(),
            "engine: history_days is 3, and the store keeps no history (allowed: "
            "0)");
  EXPECT_TRUE(engine.status().hint().names(Option::kHistoryDays));
}

// The beginning and the answers depend on what came, and not on how.
TEST(HistoryDays, OrderAndBatchesChangeNothing) {
  const std::uint64_t seed = run_seed();
  SCOPED_TRACE(::testing::Message() << "ROLLCALL_SEED=" << seed);
  Random random(seed);
  std::vector<NaiveEvent> events = daily_events(40);
  for (int i = 0; i < 30; ++i) {
    events.push_back(event_at("u" + std::to_string(random.below(10)), "view",
                              kFirstDay + static_cast<std::int32_t>(random.below(40)), 5'000 + i));
  }
  events.push_back(event_at("u3", "view", kFirstDay + 300));
  std::optional<std::string> expected;
  for (int round = 0; round < 12; ++round) {
    EngineSetup setup;
    setup.store = random.chance(30) ? StoreKind::kRocks : StoreKind::kMemory;
    setup.partition_count = std::uint32_t{1} << random.below(5);
    setup.threads = static_cast<std::uint32_t>(1 + random.below(2));
    setup.history_days = 12;
    const auto engine = opened(setup);
    for (std::size_t begin = 0; begin < events.size();) {
      const std::size_t count = std::min<std::size_t>(1 + random.below(300), events.size() - begin);
      ASSERT_TRUE(engine->ingest(std::span(events).subspan(begin, count)).ok());
      if (random.chance(50)) {
        ASSERT_TRUE(engine->engine().checkpoint().ok());
      }
      if (random.chance(10)) {
        ASSERT_TRUE(engine->reopen().ok());
      }
      begin += count;
    }
    ASSERT_TRUE(engine->engine().checkpoint().ok());
    const std::string found = to_string(*engine->engine().info().history_from) + "\n" +
                              answer(*engine, kFunnel) + answer(*engine, R"({"kind": "clock"})") +
                              answer(*engine, R"({"kind": "retention"})");
    if (!expected) expected = found;
    EXPECT_EQ(found, *expected) << "round " << round << " on " << to_string(setup);
    ASSERT_NO_FATAL_FAILURE(expect_sound(*engine));
    random.shuffle(events);
  }
}

// The disk gets its space back while the stream goes on.
TEST(HistoryDays, TheDiskStaysSmall) {
  const auto disk_bytes_after = [](bool history, std::optional<std::uint32_t> history_days) {
    StoreSettings settings;
    settings.history = history;
    const auto engine = *TestEngine::open(
        settings, {.store = StoreKind::kRocks, .partition_count = 1, .history_days = history_days});
    Random random(7);
    for (std::int32_t day = 0; day < 40; ++day) {
      std::vector<NaiveEvent> events;
      for (int i = 0; i < 4'000; ++i) {
        events.push_back(event_at("u" + std::to_string(random.below(500)), "view", kFirstDay + day,
                                  static_cast<TimeUs>(random.below(kDayUs))));
      }
      EXPECT_TRUE(engine->ingest(events).ok());
      EXPECT_TRUE(engine->engine().checkpoint().ok());
    }
    EXPECT_TRUE(engine->engine().compact().ok());
    return engine->engine().info().store.disk_bytes;
  };
  const std::uint64_t none = disk_bytes_after(false, {}), all = disk_bytes_after(true, {}),
                      some = disk_bytes_after(true, 4);
  EXPECT_LT((some - none) * 3, all - none) << some << " bytes of " << all << ", " << none;
}

TEST(HistoryDays, ForgettingGoesOn) {
  const auto engine =
      opened({.store = StoreKind::kRocks, .partition_count = 2, .history_days = std::uint32_t{20}});
  ingest(*engine, daily_events(40));
  const std::vector<UserId> users = {UserId(std::string("u1")), UserId(std::string("u5"))};
  ASSERT_TRUE(engine->engine().forget(users).ok());
  ingest(*engine, daily_events(10, kFirstDay + 40));
  ASSERT_TRUE(engine->reopen().ok());
  EXPECT_EQ(engine->engine().info().history_from, kFirstDay + 29);
  const Result<QueryResult> result = engine->query(kFunnel);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(to_text(*result).find("u1"), std::string::npos);
  EXPECT_EQ(cell_text(result->rows[0][2]), "8");
  ASSERT_NO_FATAL_FAILURE(expect_sound(*engine));
}

// The commit that forgets users may also let go of days. It does not write another time what it
// wrote ahead, as it had no memory for all of it, or made anew without the users.
TEST(HistoryDays, ForgettingLetsGo) {
  for (const std::size_t memory_bytes_max : {std::size_t{1}, std::size_t{1} << 30}) {
    SCOPED_TRACE(memory_bytes_max);
    const TemporaryDirectory directory;
    const std::string path = directory.path("store");
    EngineOptions options;
    options.settings.emplace().partition_count = 2;
    options.history_days = 20;
    options.memory_bytes_max = memory_bytes_max;
    const auto engine = *Engine::open(*open_rocks_store(path), options);
    const auto ingest_day = [&](std::int32_t day) {
      const std::vector<NaiveEvent> events = daily_events(1, kFirstDay + day);
      const EventColumns columns(events, engine->settings());
      ASSERT_TRUE(engine->ingest(columns.batch()).ok());
    };
    for (std::int32_t day = 0; day < 20; ++day) {
      ingest_day(day);
      ASSERT_TRUE(engine->checkpoint().ok());
    }
    ingest_day(30);
    const std::vector<UserId> users = {UserId(std::string("u1"))};
    const Status forgotten = engine->forget(users).status();
    ASSERT_TRUE(forgotten.ok()) << forgotten.to_string();
    EXPECT_EQ(engine->info().history_from, kFirstDay + 10);

    const Status copied = copy_rocks_store(path, directory.path("copy")).status();
    ASSERT_TRUE(copied.ok()) << copied.to_string();
    const auto copy = Engine::open(*open_rocks_store(directory.path("copy")), {});
    ASSERT_TRUE(copy.ok()) << copy.status().to_string();
    const Result<VerifyReport> report = (*copy)->verify();
    ASSERT_TRUE(report.ok()) << report.status().to_string();
    EXPECT_TRUE(report->faults.empty()) << report->faults.front();
    const Result<QueryResult> result = (*copy)->query(kFunnel);
    ASSERT_TRUE(result.ok()) << result.status().to_string();
    EXPECT_EQ(cell_text(result->rows[0][2]), "9");
  }
}

// ---- Random questions ----

// Gives every range that is left open a beginning, for such a range means another in a store whose
// history begins later.
void close_range(DateRangeText& range, Day from) {
  if (!range.from && !range.last) range.from = from;
}
void close_ranges(Query& query, Day from);
void close_ranges(Segment& segment, Day from) {
  const bool has_range = segment.kind == Segment::Kind::kDid ||
                         segment.kind == Segment::Kind::kFirst ||
                         segment.kind == Segment::Kind::kFavourite;
  if (has_range && !(segment.range.to && std::holds_alternative<Day>(*segment.range.to) &&
                     std::get<Day>(*segment.range.to) < from)) {
    close_range(segment.range, from);
  }
  for (Segment& part : segment.parts) close_ranges(part, from);
  change_segments_of_question(segment, [&](Segment& part) { close_ranges(part, from); });
}
void close_ranges(Query& query, Day from) {
  const auto* const at_risk = std::get_if<AtRiskQuery>(&query.ask);
  const auto* const milestones = std::get_if<MilestonesQuery>(&query.ask);
  const auto* const profile = std::get_if<ProfileQuery>(&query.ask);
  const bool takes_range =
      !std::holds_alternative<SegmentQuery>(query.ask) &&
      !std::holds_alternative<IdleQuery>(query.ask) && (at_risk == nullptr || at_risk->period) &&
      (milestones == nullptr || !milestones->date) && (profile == nullptr || !profile->year);
  if (takes_range && !query.common.from && !query.common.last) query.common.from = from;
  if (query.common.among) close_ranges(*query.common.among, from);
  if (auto* const ask = std::get_if<SegmentQuery>(&query.ask)) close_ranges(ask->segment, from);
  if (auto* const ask = std::get_if<CompareQuery>(&query.ask)) {
    for (CompareQuery::Arm& arm : ask->variants) close_ranges(arm.segment, from);
  }
  if (auto* const ask = std::get_if<AtRiskQuery>(&query.ask)) {
    close_ranges(ask->base, from);
    for (AtRiskQuery::Rule& rule : ask->rules) close_ranges(rule.segment, from);
  }
}

// Questions of segments have no range of their own to close.
bool has_open_question(const Segment& segment) {
  return segment.funnel != nullptr || segment.comparison != nullptr ||
         std::ranges::any_of(segment.parts, has_open_question);
}
bool has_open_question(const Query& query) {
  return (query.common.among && has_open_question(*query.common.among)) ||
         std::ranges::any_of(segments_of(query),
                             [](const Segment* segment) { return has_open_question(*segment); });
}

// Drops events of a user and instant that has some, as the oracle of funnels tries every order.
void spread(std::vector<NaiveEvent>& events) {
  constexpr int kSharedMost = 5;  // instants of a user
  std::set<std::pair<UserId, TimeUs>> seen;
  std::map<UserId, int> shared;
  std::erase_if(events, [&](const NaiveEvent& event) {
    return !seen.emplace(event.user, event.time).second && ++shared[event.user] > kSharedMost;
  });
}

// The latest day with events of two users, by the oracle's own calendar.
std::optional<Day> latest_day(const Stream& stream) {
  NaiveData data(stream.settings);
  for (const NaiveEvent& event : stream.events) data.add(event);
  std::map<Day, std::set<NaiveUser>> users;
  for (std::size_t i = 0; i < data.events.size(); ++i) users[data.days[i]].insert(data.user_of[i]);
  for (auto day = users.rbegin(); day != users.rend(); ++day) {
    if (day->second.size() >= 2) return day->first;
  }
  return {};
}

// What is answered is what the oracle answers, which knows all events; and only questions that read
// the history are refused.
TEST(HistoryDays, EngineAndOracleAgree) {
  constexpr std::uint64_t kQueriesPerStream = 20;
  const std::uint64_t seed = run_size("ROLLCALL_SEED", 0xda15);
  const std::uint64_t pairs = run_size("ROLLCALL_RANDOM_PAIRS", 1'000);
  std::cout << "ROLLCALL_SEED=" << seed << " ROLLCALL_RANDOM_PAIRS=" << pairs << std::endl;
  Random random(seed);
  std::uint64_t from_history = 0, refused = 0, answered = 0;
  for (std::uint64_t asked = 0; asked < pairs; asked += kQueriesPerStream) {
    StreamKnobs knobs = random_knobs(random);
    knobs.settings.history = true;
    knobs.days = std::min(knobs.days, 60);
    knobs.events = std::min<std::size_t>(knobs.events, 150);
    knobs.whole_day_percent = 0;
    Stream stream = random_stream(random, knobs);
    stream.saved.clear();
    spread(stream.events);
    const std::optional<Day> latest = latest_day(stream);
    if (!latest) continue;
    NaiveEngine oracle(stream.settings);
    oracle.ingest(stream.events);
    EngineSetup setup = random_setup(random);
    auto whole = TestEngine::open(stream.settings, setup);
    setup.history_days = static_cast<std::uint32_t>(1 + random.below(20));
    auto engine = TestEngine::open(stream.settings, setup);
    SCOPED_TRACE(::testing::Message() << to_string(setup) << ", days " << *setup.history_days);
    ASSERT_TRUE(whole.ok() && engine.ok());
    ASSERT_TRUE((*whole)->ingest(stream.events).ok());
    const std::span<const NaiveEvent> events = stream.events;
    const std::size_t some = random.below(events.size() + 1);
    ASSERT_TRUE((*engine)->ingest(events.first(some)).ok());
    if (random.chance(70)) {
      ASSERT_TRUE((*engine)->engine().checkpoint().ok());
    }
    if (random.chance(30)) {
      ASSERT_TRUE((*engine)->reopen().ok());
    }
    ASSERT_TRUE((*engine)->ingest(events.subspan(some)).ok());
    ASSERT_TRUE((*engine)->engine().checkpoint().ok());
    const Day begin = *latest + -static_cast<std::int32_t>(*setup.history_days);
    ASSERT_EQ((*engine)->engine().info().history_from, begin);
    if (random.chance(50)) {
      ASSERT_TRUE((*engine)->reopen().ok());
    }
    for (std::uint64_t i = 0; i < kQueriesPerStream; ++i) {
      Query query = random.chance(50)   ? random_query(random, stream)
                    : random.chance(50) ? random_funnel(random, stream)
                                        : random_history_question(random, stream);
      if (has_open_question(query)) continue;
      close_ranges(query, begin + static_cast<std::int32_t>(random.below(8)));
      const Result<QueryResult> found = (*engine)->query(query);
      const Result<QueryResult> expected = oracle.query(query);
      const auto what = [&] {
        return query_file_text(stream.settings, stream.events, {}, query, "") + "found:\n" +
               text_or_error(found) + "expected:\n" + text_or_error(expected);
      };
      const Result<Explanation> explained = (*whole)->engine().explain(query);
      const bool reads_history = explained.ok() && explained->history_events.has_value();
      if (!found.ok() && expected.ok()) {
        ASSERT_TRUE(reads_history) << what();
        ++refused;
        continue;
      }
      ASSERT_EQ(found.ok(), expected.ok()) << what();
      if (!found.ok()) continue;
      ASSERT_TRUE(agree(found, expected)) << what();
      ++answered;
      from_history += reads_history;
    }
    ASSERT_NO_FATAL_FAILURE(expect_sound(**engine));
  }
  EXPECT_GE(answered, pairs / 3);
  EXPECT_GE(from_history, pairs / 8);
  EXPECT_GE(refused, pairs / 50);
}

}  // namespace
}  // namespace rollcall::testing
