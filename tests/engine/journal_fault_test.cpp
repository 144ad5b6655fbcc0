// If what the journal asks of its files fails, a batch is in and durable, or it is neither and the
// caller is told so, and nothing that was acknowledged before is lost.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/rocks_store.h"
#include "tests/engine/pushed_batches.h"
#include "tests/storage/temporary_directory.h"
#include "tests/support/error_text.h"
#include "tests/support/file_calls.h"

namespace rollcall::testing {
namespace {

namespace fs = std::filesystem;

std::string_view failing_call;
Fate failing_fate = Fate::kFail;
int calls_until_failure = 0;  // 1: the next one; 0: none

Fate fate_of(std::string_view call) {
  if (call != failing_call || calls_until_failure == 0) return Fate::kGo;
  return --calls_until_failure == 0 ? failing_fate : Fate::kGo;
}

class JournalFault : public ::testing::Test {
 protected:
  JournalFault() { fate_of_file_call = fate_of; }
  ~JournalFault() override { fate_of_file_call = nullptr; }

  static void fail_next(std::string_view call, Fate fate, int error, int after = 0) {
    failing_call = call;
    failing_fate = fate;
    file_call_error = error;
    calls_until_failure = 1 + after;
  }

  Status open(RocksStoreOptions store_options = {}) {
    engine_.reset();
    Result<std::unique_ptr<Store>> store = open_rocks_store(path_, store_options);
    ROLLCALL_RETURN_IF_ERROR(store.status());
    EngineOptions options;
    options.settings = pushed_settings();
    options.threads_max = 2;
    options.checkpoint_seconds = 0;
    Result<std::unique_ptr<Engine>> engine = Engine::open(*std::move(store), options);
    ROLLCALL_RETURN_IF_ERROR(engine.status());
    engine_ = *std::move(engine);
    // A durable batch would have it made: records mean nothing without the settings.
    return engine_->info().epoch == 0 ? engine_->checkpoint() : Status();
  }

  Status push_next() {
    const Status status = push(*engine_, 0, count_).status();
    if (status.ok()) ++count_;
    return status;
  }

  // Returns the events of the batches that were acknowledged.
  std::uint64_t events_acknowledged() const {
    std::uint64_t events = 0;
    for (std::size_t i = 0; i < count_; ++i) events += pushed_events(0, i).size();
    return events;
  }

  std::vector<fs::path> journals() const {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator(path_)) {
      if (entry.path().filename().string().starts_with("JOURNAL-")) paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    return paths;
  }

  TemporaryDirectory directory_;
  std::string path_ = directory_.path("store");
  std::unique_ptr<Engine> engine_;
  std::size_t count_ = 0;
};

TEST_F(JournalFault, ABatchThatCannotBeWrittenHasNotHappened) {
  ASSERT_TRUE(open().ok());
  ASSERT_TRUE(push_next().ok());
  for (const Fate fate : {Fate::kFail, Fate::kFailHalfway}) {
    for (const int after : {0, 1}) {  // the record's header, the record
      const EngineInfo before = engine_->info();
      fail_next("record", fate, ENOSPC, after);
      const Status status = push_next();
      EXPECT_EQ(status.code(), StatusCode::kIoError);
      EXPECT_EQ(status.message(), path_ + "/JOURNAL-1: cannot write: " + std::strerror(ENOSPC))
          << status.message();
      const EngineInfo now = engine_->info();
      EXPECT_EQ(now.event_count, before.event_count);
      EXPECT_EQ(now.user_count, before.user_count);
      EXPECT_EQ(now.series_count, before.series_count);
      ASSERT_TRUE(push_next().ok()) << "there is room again";
    }
  }
  EXPECT_EQ(engine_->info().event_count, events_acknowledged());
  ASSERT_TRUE(open().ok());
  EXPECT_EQ(engine_->info().event_count, events_acknowledged());
}

TEST_F(JournalFault, AJournalThatCannotBeWrittenIsMadeOnceThereIsRoom) {
  for (const Fate fate : {Fate::kFail, Fate::kFailHalfway}) {
    ASSERT_TRUE(open().ok());
    fail_next("make", fate, ENOSPC);
    EXPECT_EQ(push_next().code(), StatusCode::kIoError);
    EXPECT_EQ(engine_->info().event_count, events_acknowledged());
    ASSERT_TRUE(push_next().ok()) << "there is room again";
    // The same holds for the file that a checkpoint begins.
    fail_next("make", fate, ENOSPC);
    EXPECT_EQ(engine_->checkpoint().code(), StatusCode::kIoError);
    ASSERT_TRUE(push_next().ok()) << "the file before goes on";
    ASSERT_TRUE(open().ok());
    EXPECT_EQ(engine_->info().event_count, events_acknowledged());
    fail_next("make", fate, ENOSPC);
    EXPECT_EQ(push_next().code(), StatusCode::kIoError);
    ASSERT_TRUE(push_next().ok());
    ASSERT_TRUE(engine_->checkpoint().ok());
    EXPECT_EQ(engine_->info().event_count, events_acknowledged());
  }
}

TEST_F(JournalFault, AJournalThatCannotBeMadeDurableRefusesTheBatch) {
  for (const char* const call : {"sync", "anchor", "anchor sync"}) {
    SCOPED_TRACE(call);
    ASSERT_TRUE(open().ok());
    fail_next(call, Fate::kFail, ENOSPC);
    EXPECT_EQ(push_next().code(), StatusCode::kIoError);
    EXPECT_EQ(engine_->info().event_count, events_acknowledged());
    EXPECT_EQ(push_next().code(), StatusCode::kIoError) << "not to be tried again";
    ASSERT_TRUE(open().ok());
    EXPECT_EQ(engine_->info().event_count, events_acknowledged());
    ASSERT_TRUE(push_next().ok());
    ASSERT_TRUE(engine_->checkpoint().ok());
  }
}

// Its number is not to be used again by a file that the anchor takes for an older one.
TEST_F(JournalFault, AFileThatTheAnchorWasNotToldOfIsNoTrap) {
  ASSERT_TRUE(open().ok());
  fail_next("anchor", Fate::kFail, EIO);
  EXPECT_EQ(push_next().code(), StatusCode::kIoError);
  ASSERT_EQ(journals().size(), 1u);
  ASSERT_TRUE(open().ok());
  ASSERT_TRUE(engine_->checkpoint().ok());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(open().ok());
    EXPECT_EQ(engine_->info().event_count, events_acknowledged());
    ASSERT_TRUE(push_next().ok());
  }
}

TEST_F(JournalFault, AFailedSyncIsNeverTriedAgain) {
  for (const char* const call : {"sync", "mark", "anchor mark"}) {
    SCOPED_TRACE(call);
    ASSERT_TRUE(open().ok());
    ASSERT_TRUE(push_next().ok());
    fail_next(call, Fate::kFail, EIO);
    EXPECT_EQ(push_next().code(), StatusCode::kUncertain);
    EXPECT_EQ(push_next().code(), StatusCode::kIoError) << "not to be tried again";
    EXPECT_EQ(engine_->checkpoint().code(), StatusCode::kIoError);
    EXPECT_TRUE(engine_->query(R"({"kind": "active"})").ok()) << "queries go on";
    ASSERT_TRUE(open().ok());
    // The batch may be in or not; sent again, it is in once.
    ASSERT_TRUE(push_next().ok());
    EXPECT_EQ(engine_->info().event_count, events_acknowledged());
  }
}

class JournalDamage : public JournalFault {
 protected:
  void make_store() {
    ASSERT_TRUE(open().ok());
    for (int i = 0; i < 6; ++i) ASSERT_TRUE(push_next().ok());
    engine_.reset();
    ASSERT_EQ(journals().size(), 1u);
  }

  void flip(const fs::path& path, std::uint64_t offset) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(offset));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(offset));
    file.put(static_cast<char>(byte ^ 4));
    ASSERT_TRUE(file.good());
  }

  // The error names the file, and the option that goes on without what is lost.
  void expect_corruption() {
    const Status status = open();
    EXPECT_EQ(status.code(), StatusCode::kCorruption) << status.to_string();
    EXPECT_EQ(status.hint(), OptionHint(Option::kAcceptRollback, "true")) << status.to_string();
    EXPECT_TRUE(repeats(status, path_ + "/JOURNAL-")) << status.message();
  }

  // Going on without what is lost, for good.
  void expect_rollback(std::size_t batches_at_most) {
    ASSERT_TRUE(open({.accept_rollback = true}).ok());
    std::size_t batches = 0;
    std::uint64_t events = 0;
    while (events < engine_->info().event_count) events += pushed_events(0, batches++).size();
    EXPECT_EQ(events, engine_->info().event_count) << "a part of a batch";
    EXPECT_LE(batches, batches_at_most);
    count_ = batches;
    ASSERT_TRUE(push_next().ok());
    ASSERT_TRUE(open().ok()) << "without accepting anything";
    EXPECT_EQ(engine_->info().event_count, events_acknowledged());
  }
};

TEST_F(JournalDamage, AnyFlippedByteOfWhatWasSyncedIsNoticed) {
  ASSERT_NO_FATAL_FAILURE(make_store());
  const std::uint64_t size = fs::file_size(journals().front());
  Random random(7);
  for (int i = 0; i < 60; ++i) {
    const std::uint64_t offset = 4096 + random.below(size - 4096);
    SCOPED_TRACE(offset);
    flip(journals().front(), offset);
    expect_corruption();
    flip(journals().front(), offset);
  }
  const std::vector<std::vector<std::uint64_t>> beginnings = {{3}, {30}, {515, 1027}};
  for (const std::vector<std::uint64_t>& offsets : beginnings) {
    for (const std::uint64_t offset : offsets) flip(journals().front(), offset);
    expect_corruption();
    for (const std::uint64_t offset : offsets) flip(journals().front(), offset);
  }
  flip(journals().front(), 515);  // one of two marks
  ASSERT_TRUE(open().ok());
  EXPECT_EQ(engine_->info().event_count, events_acknowledged());
}

TEST_F(JournalDamage, WhatIsDamagedIsGoneOnceAccepted) {
  ASSERT_NO_FATAL_FAILURE(make_store());
  flip(journals().front(), fs::file_size(journals().front()) - 10);
  expect_corruption();
  expect_rollback(5);
}

TEST_F(JournalDamage, ACutFileIsNoticed) {
  ASSERT_NO_FATAL_FAILURE(make_store());
  const std::uint64_t size = fs::file_size(journals().front());
  fs::resize_file(journals().front(), size - 1);
  expect_corruption();
  fs::resize_file(journals().front(), 4096);
  expect_corruption();
  fs::resize_file(journals().front(), 100);
  expect_corruption();
  expect_rollback(0);
}

TEST_F(JournalDamage, AMissingFileIsNoticed) {
  ASSERT_NO_FATAL_FAILURE(make_store());
  fs::remove(journals().front());
  expect_corruption();
  expect_rollback(0);
}

TEST_F(JournalDamage, AnOlderCopyIsNoticed) {
  ASSERT_TRUE(open().ok());
  ASSERT_TRUE(push_next().ok());
  const fs::path journal = journals().front();
  fs::copy_file(journal, directory_.path("older"));
  ASSERT_TRUE(push_next().ok());
  engine_.reset();
  fs::copy_file(directory_.path("older"), journal, fs::copy_options::overwrite_existing);
  expect_corruption();
  expect_rollback(1);
}

TEST_F(JournalDamage, AnUnsyncedTailIsDropped) {
  ASSERT_NO_FATAL_FAILURE(make_store());
  std::ofstream(journals().front(), std::ios::binary | std::ios::app) << std::string(1000, 'x');
  ASSERT_TRUE(open().ok());
  EXPECT_EQ(engine_->info().event_count, events_acknowledged());
  ASSERT_TRUE(push_next().ok());
  ASSERT_TRUE(open().ok());
  EXPECT_EQ(engine_->info().event_count, events_acknowledged());
}

TEST_F(JournalDamage, VerifyNamesIt) {
  ASSERT_TRUE(open().ok());
  ASSERT_TRUE(push_next().ok());
  ASSERT_TRUE(engine_->checkpoint().ok());
  ASSERT_TRUE(push_next().ok());
  flip(journals().back(), 4096 + 40);
  const Result<VerifyReport> report = engine_->verify();
  ASSERT_TRUE(report.ok());
  ASSERT_EQ(report->faults.size(), 1u);
  EXPECT_TRUE(repeats(report->faults[0], journals().back().string()));
}

}  // namespace
}  // namespace rollcall::testing
