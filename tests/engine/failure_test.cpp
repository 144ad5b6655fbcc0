// What goes wrong beneath the engine, or is asked of it wrongly, is reported, and counts nothing
// twice.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <latch>
#include <limits>
#include <semaphore>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/memory_store.h"
#include "tests/support/faulty_store.h"
#include "tests/support/times.h"

namespace rollcall::testing {
namespace {

class Failure : public ::testing::Test {
 protected:
  Status open(EngineOptions options = {}) {
    if (!options.settings) options.settings.emplace().partition_count = 2;
    Result<std::unique_ptr<Engine>> engine =
        Engine::open(std::make_unique<FaultyStore>(open_memory_store(disk_), faults_), options);
    if (engine.ok()) engine_ = *std::move(engine);
    return engine.status();
  }
  Status ingest(const std::vector<std::string_view>& users, std::string_view name = "login",
                TimeUs time = 20'000 * kDayUs) {
    const std::vector<TimeUs> times(users.size(), time);
    const std::vector<std::string_view> names = {name};
    EventBatch batch;
    batch.user_strings = users;
    batch.event.values = names;
    batch.time = times;
    return engine_->ingest(batch).status();
  }
  // Each batch finds a checkpoint due, unless ingest rests.
  static EngineOptions always_due() {
    EngineOptions options;
    options.checkpoint_dirty_bytes_max = 0;
    return options;
  }
  // Returns whether it becomes so, while a checkpoint goes on beside.
  static bool soon(const std::function<bool()>& is_so) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!is_so()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }
  std::int64_t users_on_last_day() {
    const Result<QueryResult> result = engine_->query(R"({"kind": "active"})");
    if (!result.ok() || result->rows.empty()) return -1;
    return std::get<std::int64_t>(result->rows.back()[1]);
  }

  std::shared_ptr<MemoryDisk> disk_ = make_memory_disk();
  std::shared_ptr<Faults> faults_ = std::make_shared<Faults>();
  std::unique_ptr<Engine> engine_;
};

TEST_F(Failure, ABatchThatCannotBeStagedLeavesNothingBehind) {
  ASSERT_TRUE(open().ok());
  ASSERT_TRUE(ingest({"ann", "bob"}).ok());
  ASSERT_TRUE(engine_->close().ok());
  ASSERT_TRUE(open().ok());
  faults_->reads = true;  // the pages of that day have to be read first
  EXPECT_EQ(ingest({"ann", "cem", "dee", "eve"}, "new name").code(), StatusCode::kIoError);
  faults_->reads = false;
  EXPECT_EQ(engine_->info().user_count, 2u);
  EXPECT_EQ(engine_->info().events.size(), 1u);
  EXPECT_EQ(engine_->info().event_count, 2u);
  ASSERT_TRUE(ingest({"ann", "cem"}).ok());
  EXPECT_EQ(users_on_last_day(), 3);
  const Result<VerifyReport> report = (engine_->checkpoint().ok(), engine_->verify());
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->faults.empty()) << report->faults.front();
}

TEST_F(Failure, AFailedCommitEndsWritingAndQueriesGoOn) {
  ASSERT_TRUE(open().ok());
  ASSERT_TRUE(ingest({"ann"}).ok());
  ASSERT_TRUE(engine_->checkpoint().ok());
  ASSERT_TRUE(ingest({"bob"}).ok());
  faults_->commits = true;
  EXPECT_EQ(engine_->checkpoint().code(), StatusCode::kIoError);
  faults_->commits = false;
  EXPECT_EQ(engine_->checkpoint().code(), StatusCode::kIoError) << "not to be tried again";
  EXPECT_EQ(ingest({"cem"}).code(), StatusCode::kIoError);
  EXPECT_EQ(users_on_last_day(), 2);
  engine_.reset();
  ASSERT_TRUE(open().ok());
  EXPECT_EQ(users_on_last_day(), 1) << "what the last good checkpoint covered";
}

// The caller of the batch is told that it is in, because it is: told otherwise, it would come
// twice.
TEST_F(Failure, ABatchWhoseCheckpointFailsIsIn) {
  ASSERT_TRUE(open(always_due()).ok());
  faults_->commits = true;
  std::uint64_t accepted = 0;
  Status status;
  EXPECT_TRUE(soon([&] {
    status = ingest({"ann"});
    if (status.ok()) ++accepted;
    return !status.ok();
  }));
  EXPECT_EQ(status.code(), StatusCode::kIoError);
  EXPECT_GE(accepted, 1u);
  EXPECT_EQ(engine_->info().event_count, accepted);
  EXPECT_EQ(users_on_last_day(), 1);
}

TEST_F(Failure, WhatIsOldStartsACheckpoint) {
  EngineOptions options;
  options.checkpoint_seconds = 1;
  ASSERT_TRUE(open(options).ok());
  ASSERT_TRUE(ingest({"ann"}).ok());
  std::this_thread::sleep_for(std::chrono::milliseconds(1'100));
  EXPECT_EQ(engine_->info().epoch, 0u);
  ASSERT_TRUE(ingest({"bob"}).ok());
  EXPECT_TRUE(soon([&] { return engine_->info().epoch == 1; }));
  ASSERT_TRUE(ingest({"cem"}).ok());
  // Waits for what a batch has started.
  engine_.reset();
  ASSERT_TRUE(open(options).ok());
  EXPECT_EQ(engine_->info().epoch, 1u) << "what came since is new";
}

TEST_F(Failure, ACheckpointThatIsDueRunsBesideBatchesAndQuestions) {
  std::latch batches_are_in(1);
  faults_->before_commit = [&] { batches_are_in.wait(); };
  ASSERT_TRUE(open(always_due()).ok());
  ASSERT_TRUE(ingest({"ann"}).ok());
  ASSERT_TRUE(ingest({"bob"}).ok());
  EXPECT_EQ(users_on_last_day(), 2);
  EXPECT_EQ(engine_->info().epoch, 0u);
  EXPECT_TRUE(engine_->info().checkpointing);
  batches_are_in.count_down();
  EXPECT_TRUE(soon([&] { return !engine_->info().checkpointing; }));
  EXPECT_EQ(engine_->info().epoch, 1u);
  EXPECT_EQ(users_on_last_day(), 2);
}

// What the checkpoint stores can leave memory afterwards, so a checkpoint of the batch's own would
// be one too many.
TEST_F(Failure, ABatchThatFindsNoRoomWaitsForTheCheckpointUnderWay) {
  std::counting_semaphore<> is_committing(0);
  std::latch may_commit(1);
  faults_->before_commit = [&] {
    is_committing.release();
    may_commit.wait();
  };
  EngineOptions options = always_due();
  options.memory_bytes_max = std::size_t{31} << 20;  // enough for both, if neither is there twice
  options.settings.emplace().history = false;
  ASSERT_TRUE(open(options).ok());
  const auto ingest_users = [&](std::uint32_t begin) {
    std::vector<std::string> ids;
    for (std::uint32_t i = 0; i < 100'000; ++i) ids.push_back("user " + std::to_string(begin + i));
    return ingest({ids.begin(), ids.end()});
  };
  ASSERT_TRUE(ingest_users(0).ok());
  is_committing.acquire();
  ASSERT_TRUE(ingest({"ann"}).ok());
  std::atomic<bool> is_in{false};
  std::jthread second([&] {
    EXPECT_TRUE(ingest_users(100'000).ok());
    is_in = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_FALSE(is_in);
  may_commit.count_down();
  second.join();
  EXPECT_EQ(engine_->info().epoch, 1u);
  EXPECT_EQ(users_on_last_day(), 200'001);
}

// A caller who leaves does not leave a checkpoint behind that uses what is gone.
TEST_F(Failure, AnEngineThatIsDestroyedWaitsForItsCheckpoint) {
  std::latch is_destroyed_soon(1);
  faults_->before_commit = [&] { is_destroyed_soon.wait(); };
  ASSERT_TRUE(open(always_due()).ok());
  ASSERT_TRUE(ingest({"ann"}).ok());
  std::jthread release([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    is_destroyed_soon.count_down();
  });
  engine_.reset();
  faults_->before_commit = nullptr;
  ASSERT_TRUE(open().ok());
  EXPECT_EQ(engine_->info().event_count, 1u);
}

// However soon pages are dirty again: ingest rests fourteen times as long as a checkpoint took.
TEST_F(Failure, SlowCheckpointsTakeAFifteenthOfTheTime) {
  ASSERT_TRUE(open(always_due()).ok());
  constexpr std::chrono::milliseconds kCommitTime(10);
  faults_->before_commit = [&] { std::this_thread::sleep_for(kCommitTime); };
  const auto begin = std::chrono::steady_clock::now();
  const auto first_epoch = engine_->info().epoch;
  constexpr std::uint64_t kCheckpoints = 3;
  while (engine_->info().epoch < first_epoch + kCheckpoints) ASSERT_TRUE(ingest({"ann"}).ok());
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 15 * (kCheckpoints - 1) * kCommitTime);
}

TEST_F(Failure, KnownUntilIsHeldAgainstTheCalendar) {
  ASSERT_TRUE(open().ok());
  const std::vector<std::string_view> users = {"ann"};
  const std::vector<std::string_view> names = {"login"};
  const std::vector<TimeUs> times = {20'000 * kDayUs};
  EventBatch batch;
  batch.user_strings = users;
  batch.event.values = names;
  batch.time = times;
  batch.known_until = std::numeric_limits<TimeUs>::max();
  EXPECT_EQ(engine_->ingest(batch).status().code(), StatusCode::kInvalidArgument);
  batch.known_until = 1;  // earlier than the event itself: the event is known
  ASSERT_TRUE(engine_->ingest(batch).ok());
  EXPECT_EQ(engine_->info().known_until, times[0]);
}

TEST_F(Failure, ABatchPreparedForAnotherStoreIsRefused) {
  ASSERT_TRUE(open().ok());
  EngineOptions options;
  options.settings.emplace().partition_count = 4;
  const Result<std::unique_ptr<Engine>> other = Engine::open(open_memory_store(), options);
  ASSERT_TRUE(other.ok());
  Result<PreparedBatch> batch = (*other)->prepare({});
  ASSERT_TRUE(batch.ok());
  EXPECT_EQ(engine_->ingest(*std::move(batch)).status().message(),
            "engine: the batch was prepared for a store of other settings");
}

TEST_F(Failure, OptionsOutOfRangeAreNamed) {
  EngineOptions options;
  options.threads_max = 2000;
  EXPECT_EQ(open(options).message(), "options: threads_max is 2000 (allowed: 0 to 1024)");
}

}  // namespace
}  // namespace rollcall::testing
