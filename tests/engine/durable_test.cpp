// Batches that were acknowledged as durable survive whatever ends the process, each once.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/memory_store.h"
#include "rollcall/rocks_store.h"
#include "rollcall/store_copy.h"
#include "tests/storage/temporary_directory.h"
#include "tests/support/event_columns.h"
#include "tests/support/event_generator.h"
#include "tests/support/naive_engine.h"
#include "tests/support/random.h"
#include "tests/support/result_text.h"
#include "tests/support/times.h"

namespace rollcall::testing {
namespace {

namespace fs = std::filesystem;

constexpr const char* kQuestions[] = {
    R"({"kind": "active"})",
    R"({"kind": "counts"})",
    R"({"kind": "retention"})",
    R"({"kind": "idle"})",
    R"({"kind": "funnel", "steps": ["login", "view", "buy"], "total_seconds": true})",
    R"({"kind": "active", "breakdown": "session", "breakdown_limit": 100})",
    R"({"kind": "counts", "event": {"where": {"session": {"contains": "1"}, "country": "DE"}}})",
};

class Durable : public ::testing::TestWithParam<UserKind> {
 protected:
  Durable() {
    settings_.user_kind = GetParam();
    settings_.partition_count = 4;
    settings_.time_zone = "Europe/London";
    settings_.dimensions = {"country", "plan"};
    settings_.kept_properties = {"session"};
  }

  Status open(RocksStoreOptions store_options = {}) {
    engine_.reset();
    Result<std::unique_ptr<Store>> store = open_rocks_store(path_, store_options);
    ROLLCALL_RETURN_IF_ERROR(store.status());
    EngineOptions options;
    options.settings = settings_;
    options.checkpoint_seconds = 0;
    options.journal_bytes_max = journal_bytes_max_;
    options.memory_bytes_max = memory_bytes_max_;
    options.threads_max = 2;
    Result<std::unique_ptr<Engine>> engine = Engine::open(*std::move(store), options);
    ROLLCALL_RETURN_IF_ERROR(engine.status());
    engine_ = *std::move(engine);
    // A durable batch would have it made: records mean nothing without the settings.
    return engine_->info().epoch == 0 ? engine_->checkpoint() : Status();
  }
  // Opens the engine as after a crash, without a checkpoint.
  void crash() { ASSERT_TRUE(open().ok()); }

  // `count` events of a few users, countries and days.
  std::vector<NaiveEvent> events(std::size_t count, std::uint64_t seed) {
    Random random(seed);
    std::vector<NaiveEvent> events;
    for (std::size_t i = 0; i < count; ++i) {
      NaiveEvent event;
      const std::uint64_t user = random.below(300);
      if (settings_.user_kind == UserKind::kInteger) {
        event.user = user * 0x9e3779b97f4a7c15u;
      } else {
        event.user = "user " + std::to_string(user);
      }
      event.event = random.chance(60) ? "login" : random.chance(50) ? "buy" : "view";
      event.time =
          (kFirstDay.value + random.between(0, 9)) * kDayUs + random.between(0, 86'399) * kSecondUs;
      if (event.event == "buy") event.value = random.between(-500, 5'000);
      if (random.chance(70)) event.properties["country"] = random.chance(50) ? "DE" : "FR";
      if (random.chance(30)) event.properties["plan"] = "plan " + std::to_string(random.below(5));
      if (random.chance(60)) event.properties["session"] = std::to_string(random.below(count));
      events.push_back(std::move(event));
    }
    return events;
  }

  Result<IngestOutcome> ingest(const std::vector<NaiveEvent>& events, const Delivery& delivery) {
    const EventColumns columns(events, settings_);
    return engine_->ingest(columns.batch(), delivery);
  }

  // Checks that the engine holds exactly these events.
  void expect_recount(const std::vector<NaiveEvent>& events) {
    NaiveEngine naive(settings_);
    naive.ingest(events);
    EXPECT_EQ(engine_->info().event_count, events.size());
    for (const char* const question : kQuestions) {
      const auto expected = naive.query(question);
      const auto found = engine_->query(question);
      ASSERT_EQ(found.ok(), expected.ok()) << found.status().to_string();
      if (found.ok()) {
        EXPECT_EQ(to_text(*found), to_text(*expected)) << question;
      }
    }
  }

  std::vector<std::string> journals() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(path_)) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with("JOURNAL")) names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  TemporaryDirectory directory_;
  std::string path_ = directory_.path("store");
  StoreSettings settings_;
  std::size_t journal_bytes_max_ = EngineOptions{}.journal_bytes_max;
  std::size_t memory_bytes_max_ = EngineOptions{}.memory_bytes_max;
  std::unique_ptr<Engine> engine_;
};

void append(std::vector<NaiveEvent>& all, const std::vector<NaiveEvent>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

INSTANTIATE_TEST_SUITE_P(Users, Durable, ::testing::Values(UserKind::kInteger, UserKind::kString),
                         [](const auto& test) {
                           return test.param == UserKind::kInteger ? "Integer" : "String";
                         });

TEST_P(Durable, BatchesSurviveWithoutACheckpoint) {
  ASSERT_TRUE(open().ok());
  std::vector<NaiveEvent> all;
  for (std::uint64_t i = 0; i < 3; ++i) {
    const std::vector<NaiveEvent> batch = events(i == 1 ? 40'000 : 500, i);
    ASSERT_TRUE(ingest(batch, {.ack = Ack::kDurable}).ok());
    append(all, batch);
  }
  crash();
  expect_recount(all);
  EXPECT_EQ(engine_->info().epoch, 1u);
  crash();
  expect_recount(all);
  ASSERT_TRUE(engine_->checkpoint().ok());
  EXPECT_TRUE(journals().empty());
  crash();
  expect_recount(all);
  const Result<VerifyReport> report = engine_->verify();
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->faults.empty()) << report->faults.front();
}

// A record means nothing without the settings that it was made under.
TEST_P(Durable, FirstBatchBringsTheSettingsToTheStore) {
  EngineOptions options;
  options.settings = settings_;
  engine_ = *Engine::open(*open_rocks_store(path_), options);
  const std::vector<NaiveEvent> all = events(200, 1);
  ASSERT_TRUE(ingest(all, {.ack = Ack::kDurable}).ok());
  engine_.reset();
  engine_ = *Engine::open(*open_rocks_store(path_), {});
  EXPECT_TRUE(engine_->settings() == settings_);
  expect_recount(all);
}

// New users of a batch in memory have ordinals that a later, durable batch must not lean on.
TEST_P(Durable, BatchesInMemoryMayBeLostBetweenThem) {
  ASSERT_TRUE(open().ok());
  std::vector<NaiveEvent> durable;
  std::uint64_t seed = 0;
  for (int crashes = 0; crashes < 4; ++crashes) {
    for (int i = 0; i < 6; ++i) {
      const std::vector<NaiveEvent> batch = events(60, seed++);
      const bool in_memory = i % 2 == 0;
      ASSERT_TRUE(ingest(batch, {.ack = in_memory ? Ack::kMemory : Ack::kDurable}).ok());
      if (!in_memory) append(durable, batch);
    }
    crash();
    expect_recount(durable);
    if (crashes == 1) {
      ASSERT_TRUE(engine_->checkpoint().ok());
    }
  }
}

TEST_P(Durable, RecordsOutliveTheCheckpointBeforeThem) {
  ASSERT_TRUE(open().ok());
  std::vector<NaiveEvent> all = events(1'000, 1);
  ASSERT_TRUE(ingest(all, {}).ok());
  ASSERT_TRUE(engine_->checkpoint().ok());
  for (std::uint64_t i = 2; i < 6; ++i) {
    const std::vector<NaiveEvent> batch = events(300, i);
    ASSERT_TRUE(ingest(batch, {.ack = Ack::kDurable}).ok());
    append(all, batch);
    if (i == 3) {
      ASSERT_TRUE(engine_->checkpoint().ok());
    }
    EXPECT_EQ(journals().size(), 1u);
  }
  EXPECT_GT(engine_->info().store.journal_bytes, 0u);
  crash();
  expect_recount(all);
}

TEST_P(Durable, PositionsAndTokensComeBackWithTheirBatches) {
  ASSERT_TRUE(open().ok());
  const std::vector<NaiveEvent> batch = events(100, 1);
  const SourcePosition position{"topic", "17"};
  const BatchToken token{"app", "first"};
  ASSERT_TRUE(
      ingest(batch, {.positions = {&position, 1}, .token = &token, .ack = Ack::kDurable}).ok());
  for (int round = 0; round < 3; ++round) {
    crash();
    ASSERT_EQ(engine_->sources().size(), 1u);
    EXPECT_EQ(engine_->sources()[0].position, "17");
    const Ack ack = round == 1 ? Ack::kMemory : Ack::kDurable;
    const Result<IngestOutcome> outcome = ingest(batch, {.token = &token, .ack = ack});
    ASSERT_TRUE(outcome.ok());
    EXPECT_TRUE(outcome->was_skipped);
    expect_recount(batch);
    if (round == 1) {
      ASSERT_TRUE(engine_->checkpoint().ok());
    }
  }
}

// What a position or a token says of batches before is true after a crash, too.
TEST_P(Durable, EarlierBatchesOfTheSourceAreMadeDurableFirst) {
  ASSERT_TRUE(open().ok());
  const std::vector<NaiveEvent> first = events(100, 1);
  const std::vector<NaiveEvent> second = events(100, 2);
  SourcePosition position{"topic", "1"};
  ASSERT_TRUE(ingest(first, {.positions = {&position, 1}}).ok());
  position.position = "2";
  ASSERT_TRUE(ingest(second, {.positions = {&position, 1}, .ack = Ack::kDurable}).ok());
  EXPECT_EQ(engine_->info().epoch, 2u);
  const BatchToken token{"app", "1"};
  ASSERT_TRUE(ingest(first, {.token = &token}).ok());
  const Result<IngestOutcome> outcome = ingest(first, {.token = &token, .ack = Ack::kDurable});
  ASSERT_TRUE(outcome.ok());
  EXPECT_TRUE(outcome->was_skipped);
  EXPECT_EQ(engine_->info().epoch, 3u);
  std::vector<NaiveEvent> all = first;
  append(all, second);
  append(all, first);
  crash();
  expect_recount(all);
}

TEST_P(Durable, WhatDoesNotFitInMemoryIsInACommitAtOnce) {
  memory_bytes_max_ = 1;
  ASSERT_TRUE(open().ok());
  std::vector<NaiveEvent> all;
  const auto send = [&](std::uint64_t number, bool expected) {
    const std::vector<NaiveEvent> batch = events(500, number);
    const BatchToken token{"app", std::to_string(number)};
    const Result<IngestOutcome> outcome = ingest(batch, {.token = &token, .ack = Ack::kDurable});
    ASSERT_TRUE(outcome.ok());
    EXPECT_EQ(outcome->was_skipped, expected);
    if (!outcome->was_skipped) append(all, batch);
  };
  for (std::uint64_t number = 0; number < 3; ++number) {
    const Epoch before = engine_->info().epoch;
    ASSERT_NO_FATAL_FAILURE(send(number, false));
    EXPECT_EQ(engine_->info().epoch, before + 1);
    EXPECT_EQ(engine_->info().store.journal_bytes, 0u);
  }
  ASSERT_NO_FATAL_FAILURE(crash());
  ASSERT_NO_FATAL_FAILURE(expect_recount(all));
  ASSERT_NO_FATAL_FAILURE(send(2, true));
  // The batches of the journal are in as well, once there was memory for them.
  memory_bytes_max_ = EngineOptions{}.memory_bytes_max;
  ASSERT_TRUE(open().ok());
  ASSERT_NO_FATAL_FAILURE(send(3, false));
  ASSERT_NO_FATAL_FAILURE(send(4, false));
  EXPECT_GT(engine_->info().store.journal_bytes, 0u);
  memory_bytes_max_ = 1;
  for (int opening = 0; opening < 2; ++opening) {
    ASSERT_NO_FATAL_FAILURE(crash());
    ASSERT_NO_FATAL_FAILURE(expect_recount(all));
    ASSERT_NO_FATAL_FAILURE(send(4, true));
  }
}

TEST_P(Durable, AJournalThatGrowsStartsACheckpoint) {
  journal_bytes_max_ = 100'000;
  ASSERT_TRUE(open().ok());
  std::vector<NaiveEvent> all;
  std::uint64_t appended = 0;
  for (std::uint64_t i = 0; engine_->info().epoch < 2; ++i) {
    ASSERT_LT(i, 10'000u);
    const std::uint64_t before = engine_->info().store.journal_bytes;
    const std::vector<NaiveEvent> batch = events(1'000, i);
    ASSERT_TRUE(ingest(batch, {.ack = Ack::kDurable}).ok());
    const std::uint64_t after = engine_->info().store.journal_bytes;
    appended += after - std::min(before, after);
    append(all, batch);
  }
  EXPECT_GT(appended, journal_bytes_max_);
  EXPECT_LT(engine_->info().store.journal_bytes, appended);
  // This also holds while it is read again.
  journal_bytes_max_ = EngineOptions{}.journal_bytes_max;
  crash();
  for (std::uint64_t i = 0; i < 5; ++i) {
    const std::vector<NaiveEvent> batch = events(10'000, i);
    ASSERT_TRUE(ingest(batch, {.ack = Ack::kDurable}).ok());
    append(all, batch);
  }
  journal_bytes_max_ = 100'000;
  crash();
  expect_recount(all);
  crash();
  expect_recount(all);
}

TEST_P(Durable, AReaderSeesTheLastCheckpoint) {
  ASSERT_TRUE(open().ok());
  const std::vector<NaiveEvent> stored = events(100, 1);
  ASSERT_TRUE(ingest(stored, {.ack = Ack::kDurable}).ok());
  ASSERT_TRUE(engine_->checkpoint().ok());
  ASSERT_TRUE(ingest(events(100, 2), {.ack = Ack::kDurable}).ok());
  const std::unique_ptr<Engine> writer = std::move(engine_);
  ASSERT_TRUE(open({.read_only = true}).ok());
  expect_recount(stored);
  EXPECT_TRUE(engine_->verify()->faults.empty());
}

TEST_P(Durable, ACopyIsOfTheLastCheckpointAndBeginsAJournalOfItsOwn) {
  ASSERT_TRUE(open().ok());
  std::vector<NaiveEvent> stored = events(100, 1);
  ASSERT_TRUE(ingest(stored, {.ack = Ack::kDurable}).ok());
  ASSERT_TRUE(engine_->checkpoint().ok());
  ASSERT_TRUE(ingest(events(100, 2), {.ack = Ack::kDurable}).ok());
  const std::unique_ptr<Engine> writer = std::move(engine_);
  const std::string copy = directory_.path("copy");
  const auto copied = copy_rocks_store(path_, copy);
  ASSERT_TRUE(copied.ok()) << copied.status().to_string();
  path_ = copy;
  EXPECT_TRUE(journals().empty());
  ASSERT_TRUE(open().ok());
  expect_recount(stored);
  const std::vector<NaiveEvent> more = events(100, 3);
  ASSERT_TRUE(ingest(more, {.ack = Ack::kDurable}).ok());
  append(stored, more);
  crash();
  expect_recount(stored);
  EXPECT_TRUE(engine_->verify()->faults.empty());
}

TEST_P(Durable, ManyThreadsWhileCheckpointsRun) {
  ASSERT_TRUE(open().ok());
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kBatches = 25;
  std::vector<std::vector<NaiveEvent>> batches;
  for (std::size_t i = 0; i < kThreads * kBatches; ++i) batches.push_back(events(50, i));
  std::atomic<std::size_t> pushing{kThreads};
  std::vector<std::thread> threads;
  for (std::size_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (std::size_t i = 0; i < kBatches; ++i) {
        const BatchToken token{"thread " + std::to_string(thread), std::to_string(i)};
        const Result<IngestOutcome> outcome =
            ingest(batches[thread * kBatches + i], {.token = &token, .ack = Ack::kDurable});
        EXPECT_TRUE(outcome.ok()) << outcome.status().to_string();
      }
      pushing.fetch_sub(1);
    });
  }
  while (pushing.load() > 0) {
    const Status status = engine_->checkpoint();
    EXPECT_TRUE(status.ok()) << status.to_string();
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<NaiveEvent> all;
  for (const auto& batch : batches) append(all, batch);
  crash();
  expect_recount(all);
}

TEST(DurableInMemory, IsRefusedClearly) {
  const auto engine = Engine::open(open_memory_store(), {});
  ASSERT_TRUE(engine.ok());
  const Status status = (*engine)->ingest(EventBatch{}, {.ack = Ack::kDurable}).status();
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
}

}  // namespace
}  // namespace rollcall::testing
