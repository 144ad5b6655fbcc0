// This tests what an engine promises from `open` to `close`.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/memory_store.h"
#include "tests/support/event_columns.h"
#include "tests/support/event_generator.h"
#include "tests/support/naive_engine.h"
#include "tests/support/result_text.h"
#include "tests/support/test_engine.h"
#include "tests/support/times.h"

namespace rollcall::testing {
namespace {

NaiveEvent event(std::string user, std::int32_t day, std::string name = "login") {
  NaiveEvent event;
  event.user = std::move(user);
  event.event = std::move(name);
  event.time = (kFirstDay + day).value * kDayUs;
  return event;
}

Result<std::unique_ptr<Engine>> open_on(const std::shared_ptr<MemoryDisk>& disk,
                                        std::optional<StoreSettings> settings = std::nullopt) {
  EngineOptions options;
  options.settings = std::move(settings);
  options.threads_max = 2;
  return Engine::open(open_memory_store(disk), options);
}

Result<IngestOutcome> ingest(Engine& engine, const std::vector<NaiveEvent>& events,
                             const Delivery& delivery = {}) {
  const EventColumns columns(events, engine.settings());
  return engine.ingest(columns.batch(), delivery);
}

std::string users_by_day(const Engine& engine) {
  const Result<QueryResult> result = engine.query(R"({"kind": "active"})");
  return result.ok() ? to_text(*result) : result.status().to_string();
}

// ---- Options and settings ----

TEST(EngineOpen, NewStoreTakesTheSettings) {
  StoreSettings settings;
  settings.user_kind = UserKind::kInteger;
  settings.partition_count = 4;
  settings.time_zone = "Europe/London";
  settings.week_start = WeekStart::kSunday;
  settings.dimensions = {"channel"};
  const auto engine = open_on(make_memory_disk(), settings);
  ASSERT_TRUE(engine.ok()) << engine.status().to_string();
  EXPECT_EQ((*engine)->settings(), settings);
}

TEST(EngineOpen, StoreKeepsItsSettings) {
  const auto disk = make_memory_disk();
  StoreSettings settings;
  settings.partition_count = 4;
  settings.dimensions = {"channel"};
  {
    const auto engine = open_on(disk, settings);
    ASSERT_TRUE(engine.ok());
    ASSERT_TRUE((*engine)->close().ok());
  }
  const auto with_none = open_on(disk);
  ASSERT_TRUE(with_none.ok());
  EXPECT_EQ((*with_none)->settings(), settings);
  EXPECT_TRUE(open_on(disk, settings).ok());
}

TEST(EngineOpen, OtherSettingsThanTheStoresAreRefused) {
  const auto disk = make_memory_disk();
  const StoreSettings made_with;
  ASSERT_TRUE((*open_on(disk, made_with))->close().ok());
  std::map<std::string, StoreSettings> others;  // by the error
  others["user_kind is integer (the store was made with string)"].user_kind = UserKind::kInteger;
  others["partition_count is 2 (the store was made with 64)"].partition_count = 2;
  others["time_zone is Europe/London (the store was made with UTC)"].time_zone = "Europe/London";
  others["week_start is sunday (the store was made with monday)"].week_start = WeekStart::kSunday;
  others["value_decimals is 2 (the store was made with 6)"].value_decimals = 2;
  others["dimensions is channel (the store was made with none)"].dimensions = {"channel"};
  others["event_names_max is 5 (the store was made with 10000)"].event_names_max = 5;
  others["dimension_values_max is 5 (the store was made with 10000)"].dimension_values_max = 5;
  for (const auto& [text, other] : others) {
    const auto engine = open_on(disk, other);
    ASSERT_FALSE(engine.ok()) << text;
    EXPECT_EQ(engine.status().code(), StatusCode::kInvalidArgument) << text;
    EXPECT_EQ(engine.status().message(), "settings: " + text);
  }
}

TEST(EngineOpen, ImpossibleSettingsAreRefused) {
  std::map<std::string, StoreSettings> impossible;
  impossible["no partition"].partition_count = 0;
  impossible["three partitions"].partition_count = 3;
  impossible["too many partitions"].partition_count = 8192;
  impossible["no such zone"].time_zone = "Europe/Lundon";
  impossible["too many decimals"].value_decimals = 13;
  impossible["a dimension twice"].dimensions = {"channel", "channel"};
  impossible["a dimension without a name"].dimensions = {""};
  for (const auto& [what, settings] : impossible) {
    const auto engine = open_on(make_memory_disk(), settings);
    ASSERT_FALSE(engine.ok()) << what;
    EXPECT_EQ(engine.status().code(), StatusCode::kInvalidArgument) << what;
  }
}

// ---- Batches ----

// Column by column, so that each can be wrong by itself.
struct RawBatch {
  std::vector<std::string_view> users = {"ann", "bob"};
  std::vector<std::uint64_t> integers;
  std::vector<std::string_view> names = {"login"};
  std::vector<std::uint32_t> name_codes = {0, 0};
  std::vector<TimeUs> times = {kFirstDay.value * kDayUs, kFirstDay.value* kDayUs};
  std::vector<Amount> values;
  std::vector<std::string_view> channels = {"ads"};
  std::vector<std::uint32_t> channel_codes = {0, 0};
  std::string_view property = "channel";

  Status ingest(Engine& engine) const {
    const PropertyColumn column{property, {channels, channel_codes}};
    return engine
        .ingest({.user_integers = integers,
                 .user_strings = users,
                 .event = {names, name_codes},
                 .time = times,
                 .value = values,
                 .properties = {&column, 1},
                 .known_until = {}})
        .status();
  }
};

TEST(EngineIngest, BadBatchIsRefusedAndChangesNothing) {
  StoreSettings settings;
  settings.dimensions = {"channel"};
  const auto opened = open_on(make_memory_disk(), settings);
  ASSERT_TRUE(opened.ok());
  Engine& engine = **opened;
  ASSERT_TRUE(RawBatch().ingest(engine).ok());
  const std::string before = users_by_day(engine);
  const EngineInfo info_before = engine.info();

  const std::string long_name(1025, 'x');
  const std::string long_user(65'537, 'x');
  std::map<std::string, RawBatch> bad;
  bad["fewer users"].users = {"cat"};
  bad["more users"].users = {"cat", "dan", "eve"};
  bad["users of both kinds"].integers = {1, 2};
  bad["users of the other kind"].users.clear();
  bad["users of the other kind"].integers = {1, 2};
  bad["no users"].users.clear();
  bad["a user without a name"].users = {"cat", ""};
  bad["a user too long"].users = {"cat", long_user};
  bad["a user that is not UTF-8"].users = {"cat", "\xFF"};
  bad["half a character for a user"].users = {"\xC3", "\xA9"};
  bad["fewer event codes"].name_codes = {0};
  bad["an event code past its values"].name_codes = {0, 1};
  bad["no event names"].names.clear();
  bad["an event without a name"].names = {""};
  bad["an event name too long"].names = {long_name};
  bad["an event name that is not UTF-8"].names = {"\xC3("};
  bad["fewer values"].values = {1};
  bad["a time before the year 1"].times[1] = std::numeric_limits<TimeUs>::min();
  bad["a time after the year 9999"].times[1] = std::numeric_limits<TimeUs>::max();
  bad["a property that is not declared"].property = "chanel";
  bad["fewer property codes"].channel_codes = {0};
  bad["a property code past its values"].channel_codes = {0, 7};
  bad["a property that is not UTF-8"].channels = {"\xED\xA0\x80"};
  for (auto& [what, batch] : bad) {
    // Were any of it taken, this would show.
    if (batch.names == std::vector<std::string_view>{"login"}) batch.names = {"new"};
    const Status status = batch.ingest(engine);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << what;
    EXPECT_FALSE(status.message().empty()) << what;
    EXPECT_EQ(users_by_day(engine), before) << what;
    EXPECT_EQ(engine.info().user_count, info_before.user_count) << what;
    EXPECT_EQ(engine.info().event_count, info_before.event_count) << what;
    EXPECT_EQ(engine.info().events.size(), info_before.events.size()) << what;
  }
  EXPECT_TRUE(RawBatch().ingest(engine).ok()) << "a good batch after bad ones";
}

TEST(EngineIngest, UnusedDictionaryValueMayBeAnything) {
  StoreSettings settings;
  settings.dimensions = {"channel"};
  const auto engine = open_on(make_memory_disk(), settings);
  ASSERT_TRUE(engine.ok());
  RawBatch batch;
  batch.names = {"login", "", "\xFF"};
  ASSERT_TRUE(batch.ingest(**engine).ok());
  EXPECT_EQ((*engine)->info().events.size(), 1u);
}

TEST(EngineIngest, EmptyCodesMeanTheFirstValueInEveryRow) {
  StoreSettings settings;
  settings.dimensions = {"channel"};
  const auto engine = open_on(make_memory_disk(), settings);
  ASSERT_TRUE(engine.ok());
  RawBatch batch;
  batch.name_codes.clear();
  batch.channel_codes.clear();
  ASSERT_TRUE(batch.ingest(**engine).ok());
  const auto result = (*engine)->query(
      R"({"kind": "active", "event": {"event": "login", "where": {"channel": "ads"}}})");
  ASSERT_TRUE(result.ok()) << result.status().to_string();
  EXPECT_EQ(std::get<std::int64_t>(result->rows[0][1]), 2);
}

TEST(EngineIngest, EmptyBatchChangesNothing) {
  const auto engine = open_on(make_memory_disk());
  ASSERT_TRUE(engine.ok());
  ASSERT_TRUE((*engine)->ingest(EventBatch{}).ok());
  EXPECT_EQ((*engine)->info().event_count, 0u);
  EXPECT_EQ((*engine)->info().known_until, std::nullopt);
  EXPECT_TRUE((*engine)->info().days.empty());
}

TEST(EngineIngest, TimePastTheLimitIsRefused) {
  EngineOptions options;
  options.time_max = kFirstDay.value * kDayUs;
  const auto engine = Engine::open(open_memory_store(), options);
  ASSERT_TRUE(engine.ok());
  EXPECT_TRUE(ingest(**engine, {event("ann", 0)}).ok());
  EXPECT_EQ(ingest(**engine, {event("ann", 0), event("ann", 1)}).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ((*engine)->info().event_count, 1u);
}

TEST(EngineIngest, BatchSizeDoesNotMatter) {
  Random random(7);
  StreamKnobs knobs;
  knobs.first_day = kFirstDay;
  knobs.users = 200;
  knobs.events = 20'000;
  const Stream stream = random_stream(random, knobs);
  std::string expected;
  for (const std::size_t batch_rows : {0u, 17u, 1000u, 4096u, 9999u}) {
    const auto engine = TestEngine::open(stream.settings, {.batch_rows = batch_rows, .threads = 2});
    ASSERT_TRUE(engine.ok());
    ASSERT_TRUE((*engine)->ingest(stream.events).ok());
    const auto result = (*engine)->query(R"({"kind": "retention", "cohort": "recurring"})");
    ASSERT_TRUE(result.ok()) << result.status().to_string();
    if (expected.empty()) expected = to_text(*result);
    EXPECT_EQ(to_text(*result), expected) << "batch_rows=" << batch_rows;
  }
}

TEST(EngineIngest, PreparedBatchesEnterInTheOrderOfTheirIngest) {
  const auto engine = open_on(make_memory_disk());
  ASSERT_TRUE(engine.ok());
  const std::vector<NaiveEvent> first = {event("ann", 0, "a")};
  const std::vector<NaiveEvent> second = {event("bob", 1, "b")};
  const EventColumns first_columns(first, (*engine)->settings());
  const EventColumns second_columns(second, (*engine)->settings());
  auto first_prepared = (*engine)->prepare(first_columns.batch());
  auto second_prepared = (*engine)->prepare(second_columns.batch());
  ASSERT_TRUE(first_prepared.ok() && second_prepared.ok());
  EXPECT_EQ((*engine)->info().event_count, 0u) << "preparing changes nothing";
  ASSERT_TRUE((*engine)->ingest(*std::move(second_prepared)).ok());
  EXPECT_EQ((*engine)->info().event_count, 1u);
  ASSERT_TRUE((*engine)->ingest(*std::move(first_prepared)).ok());
  const EngineInfo info = (*engine)->info();
  ASSERT_EQ(info.events.size(), 2u);
  EXPECT_EQ(info.events[0].name, "b");
  EXPECT_EQ(info.events[1].name, "a");
}

// ---- Checkpoints ----

TEST(EngineCheckpoint, WhatCameAfterItIsLostWithoutClose) {
  const auto disk = make_memory_disk();
  {
    const auto engine = open_on(disk);
    ASSERT_TRUE(engine.ok());
    const SourcePosition one{"file", "1"};
    const SourcePosition two{"file", "2"};
    ASSERT_TRUE(ingest(**engine, {event("ann", 0)}, {.positions = {&one, 1}}).ok());
    ASSERT_TRUE((*engine)->checkpoint().ok());
    ASSERT_TRUE(
        ingest(**engine, {event("bob", 0), event("ann", 1, "view")}, {.positions = {&two, 1}})
            .ok());
  }
  const auto engine = open_on(disk);
  ASSERT_TRUE(engine.ok());
  const EngineInfo info = (*engine)->info();
  EXPECT_EQ(info.event_count, 1u);
  EXPECT_EQ(info.user_count, 1u);
  EXPECT_EQ(info.days, (DayRange{kFirstDay, kFirstDay}));
  EXPECT_EQ(info.events.size(), 1u);
  ASSERT_EQ((*engine)->sources().size(), 1u);
  EXPECT_EQ((*engine)->sources()[0].position, "1");
}

TEST(EngineCheckpoint, WithoutChangesMakesNoNewEpoch) {
  const auto engine = open_on(make_memory_disk());
  ASSERT_TRUE(engine.ok());
  ASSERT_TRUE(ingest(**engine, {event("ann", 0)}).ok());
  ASSERT_TRUE((*engine)->checkpoint().ok());
  const Epoch epoch = (*engine)->info().epoch;
  ASSERT_TRUE((*engine)->checkpoint().ok());
  EXPECT_EQ((*engine)->info().epoch, epoch);
  EXPECT_EQ((*engine)->info().dirty_bytes, 0u);
}

TEST(EngineCheckpoint, StoreVerifiesAfterIt) {
  Random random(11);
  const Stream stream = random_stream(random, random_knobs(random));
  for (const StoreKind store : {StoreKind::kMemory, StoreKind::kRocks}) {
    const auto engine = TestEngine::open(stream.settings, {.store = store, .partition_count = 2});
    ASSERT_TRUE(engine.ok());
    ASSERT_TRUE((*engine)->ingest(stream.events).ok());
    ASSERT_TRUE((*engine)->reopen().ok());
    const auto report = (*engine)->engine().verify();
    ASSERT_TRUE(report.ok()) << report.status().to_string();
    EXPECT_TRUE(report->faults.empty()) << report->faults.front();
    EXPECT_GT(report->page_count, 0u);
  }
}

TEST(EngineCheckpoint, CompactMakesOneFirst) {
  for (const StoreKind store : {StoreKind::kMemory, StoreKind::kRocks}) {
    const auto engine = TestEngine::open({}, {.store = store});
    ASSERT_TRUE(engine.ok());
    ASSERT_TRUE((*engine)->ingest(std::vector{event("ann", 0), event("bob", 1)}).ok());
    const Status status = (*engine)->engine().compact();
    ASSERT_TRUE(status.ok()) << status.to_string();
    EXPECT_EQ((*engine)->engine().info().dirty_bytes, 0u);
    EXPECT_EQ((*engine)->engine().info().epoch, 1u);
    ASSERT_TRUE((*engine)->engine().compact().ok());
    const auto report = (*engine)->engine().verify();
    ASSERT_TRUE(report.ok()) << report.status().to_string();
    EXPECT_TRUE(report->faults.empty());
  }
}

// ---- What a store holds ----

TEST(EngineInfo, TellsWhatTheStoreHolds) {
  StoreSettings settings;
  settings.dimensions = {"channel", "plan"};
  settings.partition_count = 2;
  const auto disk = make_memory_disk();
  auto engine = open_on(disk, settings);
  ASSERT_TRUE(engine.ok());
  EXPECT_EQ((*engine)->info().event_count, 0u);
  EXPECT_TRUE((*engine)->info().days.empty());

  std::vector<NaiveEvent> events = {event("ann", 0), event("bob", 0, "view"), event("ann", 3),
                                    event("cat", 3)};
  events[0].properties["channel"] = "ads";
  events[1].properties["channel"] = "seo";
  ASSERT_TRUE(ingest(**engine, events).ok());
  for (const bool reopened : {false, true}) {
    if (reopened) {
      ASSERT_TRUE((*engine)->close().ok());
      engine = open_on(disk);
      ASSERT_TRUE(engine.ok());
    }
    const EngineInfo info = (*engine)->info();
    EXPECT_EQ(info.settings, settings);
    EXPECT_FALSE(info.isa.empty());
    EXPECT_EQ(info.event_count, 4u);
    EXPECT_EQ(info.user_count, 3u);
    EXPECT_EQ(info.days, (DayRange{kFirstDay, kFirstDay + 3}));
    EXPECT_EQ(info.day_count, 2u);
    EXPECT_EQ(info.known_until, (kFirstDay + 3).value * kDayUs);
    ASSERT_EQ(info.events.size(), 2u);
    EXPECT_EQ(info.events[0].name, "login");
    EXPECT_EQ(info.events[0].events, 3u);
    EXPECT_EQ(info.events[1].name, "view");
    EXPECT_EQ(info.events[1].events, 1u);
    EXPECT_FALSE(info.event_names_overflowed);
    ASSERT_EQ(info.dimensions.size(), 2u);
    EXPECT_EQ(info.dimensions[0].name, "channel");
    EXPECT_EQ(info.dimensions[0].value_count, 3u);  // ads, seo and absent
    EXPECT_EQ(info.dimensions[1].value_count, 1u);
    EXPECT_EQ(info.epoch, reopened ? 1u : 0u);
  }
}

// The growth of pages by the rows of a batch counts from that batch on, because the budget depends
// on it.
TEST(EngineInfo, ResidentBytesIncludeTheSumsThatABatchBrought) {
  constexpr std::size_t kUsers = 60'000;
  std::vector<std::uint64_t> users(kUsers);
  for (std::size_t i = 0; i < kUsers; ++i) users[i] = i;
  const std::vector<std::string_view> names = {"buy"};
  const std::vector<TimeUs> times(kUsers, kFirstDay.value * kDayUs);
  const std::vector<Amount> values(kUsers, 5);
  StoreSettings settings;
  settings.user_kind = UserKind::kInteger;
  settings.partition_count = 1;
  const auto resident_bytes = [&](bool valued) {
    EngineOptions options;
    options.settings = settings;
    const auto engine = *Engine::open(open_memory_store(), options);
    EventBatch batch;
    batch.user_integers = users;
    batch.event = {names, {}};
    batch.time = times;
    if (valued) batch.value = values;
    EXPECT_TRUE(engine->ingest(batch).ok());
    return engine->info().resident_bytes;
  };
  // A staged value takes 16 bytes as well.
  EXPECT_GE(resident_bytes(true), resident_bytes(false) + kUsers * (16 + sizeof(Amount)));
}

TEST(EngineInfo, NamesPastTheLimitCountAsOther) {
  StoreSettings settings;
  settings.event_names_max = 2;
  settings.dimensions = {"channel"};
  settings.dimension_values_max = 2;
  const auto engine = open_on(make_memory_disk(), settings);
  ASSERT_TRUE(engine.ok());
  std::vector<NaiveEvent> events = {event("ann", 0, "a"), event("bob", 0, "b"),
                                    event("cat", 0, "c"), event("dan", 0, "d")};
  events[1].properties["channel"] = "ads";
  events[2].properties["channel"] = "seo";
  events[3].properties["channel"] = "tv";
  ASSERT_TRUE(ingest(**engine, events).ok());
  const EngineInfo info = (*engine)->info();
  EXPECT_TRUE(info.event_names_overflowed);
  ASSERT_EQ(info.events.size(), 3u);
  EXPECT_EQ(info.events[2].name, "$other");
  EXPECT_EQ(info.events[2].events, 2u);
  EXPECT_TRUE(info.dimensions[0].overflowed);

  const auto of = [&](std::string_view json) -> std::string {
    const auto result = (*engine)->query(json);
    if (!result.ok()) return "refused";
    return std::to_string(std::get<std::int64_t>(result->rows.at(0)[1]));
  };
  EXPECT_EQ(of(R"({"kind": "active"})"), "4");
  EXPECT_EQ(of(R"({"kind": "active", "event": "$other"})"), "2");
  EXPECT_EQ(of(R"({"kind": "active", "event": "c"})"), "refused");
  EXPECT_EQ(of(R"({"kind": "active", "where": {"channel": "ads"}})"), "1");
  EXPECT_EQ(of(R"({"kind": "active", "where": {"channel": "$other"}})"), "2");
  EXPECT_EQ(of(R"({"kind": "active", "where": {"channel": "seo"}})"), "refused");
}

// ---- Sources ----

TEST(EngineSources, LatestPositionOfEachIsKeptWithItsBatches) {
  const auto disk = make_memory_disk();
  auto engine = open_on(disk);
  ASSERT_TRUE(engine.ok());
  EXPECT_TRUE((*engine)->sources().empty());
  const std::string binary("\0\xFF\n", 3);
  const SourcePosition positions[] = {{"b.csv", "10"}, {"a.csv", binary}, {"b.csv", "20"}};
  for (const SourcePosition& position : positions) {
    ASSERT_TRUE(ingest(**engine, {event("ann", 0)}, {.positions = {&position, 1}}).ok());
  }
  for (const bool reopened : {false, true}) {
    if (reopened) {
      ASSERT_TRUE((*engine)->close().ok());
      engine = open_on(disk);
      ASSERT_TRUE(engine.ok());
    }
    const std::vector<SourcePosition> sources = (*engine)->sources();
    ASSERT_EQ(sources.size(), 2u);
    EXPECT_EQ(sources[0].id, "b.csv");
    EXPECT_EQ(sources[0].position, "20");
    EXPECT_EQ(sources[1].id, "a.csv");
    EXPECT_EQ(sources[1].position, binary);
    EXPECT_EQ((*engine)->info().source_count, 2u);
  }
}

TEST(EngineSources, PositionOfARefusedBatchIsNotTaken) {
  const auto engine = open_on(make_memory_disk());
  ASSERT_TRUE(engine.ok());
  const SourcePosition position{"file", "1"};
  std::vector<NaiveEvent> bad = {event("ann", 0)};
  bad[0].event = "";
  EXPECT_FALSE(ingest(**engine, bad, {.positions = {&position, 1}}).ok());
  EXPECT_TRUE((*engine)->sources().empty());
}

TEST(EngineSources, ABatchOfAKnownTokenIsSkipped) {
  const auto disk = make_memory_disk();
  auto engine = open_on(disk);
  ASSERT_TRUE(engine.ok());
  const BatchToken token{"app", std::string("\0\xFF", 2)};
  const BatchToken same_of_other_source{"web", token.token};
  const SourcePosition first{"file", "1"};
  const SourcePosition second{"file", "2"};
  const auto outcome =
      ingest(**engine, {event("ann", 0)}, {.positions = {&first, 1}, .token = &token});
  ASSERT_TRUE(outcome.ok());
  EXPECT_FALSE(outcome->was_skipped);
  for (const bool reopened : {false, true}) {
    if (reopened) {
      ASSERT_TRUE((*engine)->close().ok());
      engine = open_on(disk);
      ASSERT_TRUE(engine.ok());
    }
    const auto again = ingest(**engine, {event("bob", 0), event("cem", 1, "view")},
                              {.positions = {&second, 1}, .token = &token});
    ASSERT_TRUE(again.ok());
    EXPECT_TRUE(again->was_skipped);
    EXPECT_EQ((*engine)->info().event_count, 1u);
    EXPECT_EQ((*engine)->info().events.size(), 1u);
    EXPECT_EQ((*engine)->sources().at(0).position, "1");
  }
  const auto other = ingest(**engine, {event("bob", 0)}, {.token = &same_of_other_source});
  ASSERT_TRUE(other.ok());
  EXPECT_FALSE(other->was_skipped);
  EXPECT_EQ((*engine)->info().event_count, 2u);
}

TEST(EngineSources, OneBatchMovesSeveralSources) {
  const auto disk = make_memory_disk();
  const SourcePosition positions[] = {{"log/0", "10"}, {"log/1", "7"}, {"log/2", "0"}};
  const SourcePosition later[] = {{"log/2", "5"}, {"log/0", "11"}};
  {
    const auto engine = open_on(disk);
    ASSERT_TRUE(engine.ok());
    ASSERT_TRUE(ingest(**engine, {event("ann", 0)}, {.positions = positions}).ok());
    ASSERT_TRUE((*engine)->checkpoint().ok());
    ASSERT_TRUE(ingest(**engine, {event("bob", 0)}, {.positions = later}).ok());
    ASSERT_TRUE((*engine)->close().ok());
  }
  const auto engine = open_on(disk);
  ASSERT_TRUE(engine.ok());
  std::string found;
  for (const SourcePosition& source : (*engine)->sources()) {
    found += source.id + "=" + source.position + " ";
  }
  EXPECT_EQ(found, "log/0=11 log/1=7 log/2=5 ");

  const SourcePosition twice[] = {{"log/0", "12"}, {"log/0", "13"}};
  EXPECT_EQ(ingest(**engine, {event("cem", 0)}, {.positions = twice}).status().to_string(),
            "invalid argument: delivery: two positions of source \"log/0\" (allowed: one of each)");
  EXPECT_EQ((*engine)->info().event_count, 2u);
}

TEST(EngineSources, TokensAreLostWithTheirBatches) {
  const auto disk = make_memory_disk();
  const BatchToken token{"app", "1"};
  {
    const auto engine = open_on(disk);
    ASSERT_TRUE(engine.ok());
    ASSERT_TRUE(ingest(**engine, {event("ann", 0)}, {.token = &token}).ok());
  }
  const auto engine = open_on(disk);
  ASSERT_TRUE(engine.ok());
  ASSERT_TRUE(ingest(**engine, {event("ann", 0)}, {.token = &token}).ok());
  EXPECT_EQ((*engine)->info().event_count, 1u);
}

TEST(EngineSources, TokenOfARefusedBatchIsNotTaken) {
  const auto engine = open_on(make_memory_disk());
  ASSERT_TRUE(engine.ok());
  const BatchToken token{"app", "1"};
  std::vector<NaiveEvent> bad = {event("ann", 0)};
  bad[0].event = "";
  EXPECT_FALSE(ingest(**engine, bad, {.token = &token}).ok());
  ASSERT_TRUE(ingest(**engine, {event("ann", 0)}, {.token = &token}).ok());
  EXPECT_EQ((*engine)->info().event_count, 1u);
}

TEST(EngineSources, TheLast1024TokensOfASourceAreKnown) {
  const auto disk = make_memory_disk();
  auto engine = open_on(disk);
  ASSERT_TRUE(engine.ok());
  const auto deliver = [&](int number) {
    const BatchToken token{"app", std::to_string(number)};
    const Result<IngestOutcome> outcome = ingest(**engine, {}, {.token = &token});
    EXPECT_TRUE(outcome.ok());
    return outcome.ok() && outcome->was_skipped;
  };
  for (int i = 0; i < 1025; ++i) EXPECT_FALSE(deliver(i)) << i;
  ASSERT_TRUE((*engine)->close().ok());
  engine = open_on(disk);
  ASSERT_TRUE(engine.ok());
  for (int i = 1; i < 1025; ++i) EXPECT_TRUE(deliver(i)) << i;
  EXPECT_FALSE(deliver(0));
  EXPECT_FALSE(deliver(1)) << "the oldest went";
  EXPECT_TRUE(deliver(3));
}

TEST(EngineSources, OneTokenFromManyThreadsIsInOnce) {
  const auto engine = open_on(make_memory_disk());
  ASSERT_TRUE(engine.ok());
  std::atomic<int> skips{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int number = 0; number < 50; ++number) {
        const BatchToken token{"app", std::to_string(number)};
        const auto outcome = ingest(**engine, {event("ann", 0)}, {.token = &token});
        EXPECT_TRUE(outcome.ok());
        skips += outcome.ok() && outcome->was_skipped ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ((*engine)->info().event_count, 50u);
  EXPECT_EQ(skips.load(), 150);
}

TEST(EngineSources, TokensAreOfOneTo256Bytes) {
  const auto engine = open_on(make_memory_disk());
  ASSERT_TRUE(engine.ok());
  const BatchToken longest{"app", std::string(256, 'x')};
  EXPECT_TRUE(ingest(**engine, {event("ann", 0)}, {.token = &longest}).ok());
  for (const std::size_t size : {std::size_t{0}, std::size_t{257}}) {
    const BatchToken token{"app", std::string(size, 'x')};
    const Status status = ingest(**engine, {event("ann", 0)}, {.token = &token}).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(status.message(), "delivery: the token of source \"app\" has " +
                                    std::to_string(size) + " bytes (allowed: 1 to 256)");
  }
  EXPECT_EQ((*engine)->info().event_count, 1u);
}

TEST(EngineSources, PositionMayMoveWithoutEvents) {
  const auto disk = make_memory_disk();
  auto engine = open_on(disk);
  ASSERT_TRUE(engine.ok());
  const SourcePosition position{"file", "end"};
  ASSERT_TRUE((*engine)->ingest(EventBatch{}, {.positions = {&position, 1}}).ok());
  ASSERT_TRUE((*engine)->close().ok());
  engine = open_on(disk);
  ASSERT_TRUE(engine.ok());
  ASSERT_EQ((*engine)->sources().size(), 1u);
  EXPECT_EQ((*engine)->sources()[0].position, "end");
}

}  // namespace
}  // namespace rollcall::testing
