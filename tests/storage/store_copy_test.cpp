// Copies of a store: what is in them, what is refused, and what a crash leaves.

#include "rollcall/store_copy.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <typeinfo>

#include "rollcall/alert_log.h"
#include "rollcall/rocks_store.h"
#include "storage/anchor.h"
#include "storage/database_reader.h"
#include "storage/key_codec.h"
#include "storage/store_directory.h"
#include "storage/unfinished_copy.h"
#include "tests/storage/commits.h"
#include "tests/storage/file_bytes.h"
#include "tests/storage/history_checks.h"
#include "tests/storage/temporary_directory.h"
#include "tests/storage/writer_process.h"
#include "tests/support/error_text.h"

namespace rollcall {
namespace {

namespace fs = std::filesystem;

constexpr RocksStoreOptions kReadOnlyCopy{.read_only = true};

class StoreCopyTest : public testing::Test {
 protected:
  std::unique_ptr<Store> open(const std::string& path, const RocksStoreOptions& options = {}) {
    auto store = open_rocks_store(path, options);
    EXPECT_TRUE(store.ok()) << store.status().to_string();
    return store.ok() ? *std::move(store) : nullptr;
  }

  void make_store(Epoch last) {
    const auto store = open(from_);
    for (Epoch epoch = 1; epoch <= last; ++epoch) {
      const Status status = store->commit(history_.commit(epoch));
      ASSERT_TRUE(status.ok()) << status.to_string();
    }
  }

  StoreCopy copy() {
    const Result<StoreCopy> copied = copy_rocks_store(from_, to_);
    EXPECT_TRUE(copied.ok()) << copied.status().to_string();
    return copied.ok() ? *copied : StoreCopy{};
  }

  void expect_nothing_left() {
    EXPECT_FALSE(fs::exists(to_));
    EXPECT_FALSE(fs::exists(to_ + ".new"));
  }

  // Changes the database of the store, without the store around it.
  void with_database(const std::function<void(rocksdb::DB&)>& action) {
    rocksdb::DB* db = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(rocksdb::Options(), from_ + "/rocksdb", &db).ok());
    action(*db);
    delete db;
  }

  AnchorState anchor_of(const std::string& store) {
    const auto anchor = Anchor::open(anchor_path(store), Anchor::Access::kRead);
    EXPECT_TRUE(anchor.ok()) << anchor.status().to_string();
    return anchor.ok() ? anchor->state() : AnchorState{};
  }

  TemporaryDirectory directory_;
  std::string from_ = directory_.path("store");
  std::string to_ = directory_.path("copy");
  History history_{5, 12, 3'000};
};

TEST_F(StoreCopyTest, IsTheLastCommitAndNothingElse) {
  // Pages go through the log, and as tables.
  for (const std::size_t page_bytes_max : {std::size_t{3'000}, std::size_t{800'000}}) {
    SCOPED_TRACE(page_bytes_max);
    history_ = History(5, 60, page_bytes_max);
    make_store(4);
    const StoreCopy copied = copy();
    const std::vector<PageAddress> live = history_.live_pages(4);
    EXPECT_EQ(copied.epoch, 4u);
    EXPECT_EQ(copied.page_count, live.size());
    EXPECT_GT(copied.bytes, live.size() * page_bytes_max / 3);
    EXPECT_EQ(anchor_of(to_), anchor_of(from_));
    EXPECT_FALSE(fs::exists(to_ + ".new"));
    expect_history(*open(to_, kReadOnlyCopy), history_, 4);
    for (Epoch epoch = 1; epoch <= 4; ++epoch) {
      for (const PageAddress& address : history_.live_pages(epoch)) {
        const std::string bytes = history_.page_bytes(address);
        if (bytes.size() < 64) continue;
        const bool is_live = std::find(live.begin(), live.end(), address) != live.end();
        EXPECT_EQ(!files_with(bytes.substr(0, 64), to_).empty(), is_live);
      }
    }
    fs::remove_all(from_);
    fs::remove_all(to_);
  }
}

TEST_F(StoreCopyTest, GoesOnWhereTheStoreStood) {
  make_store(3);
  copy();
  const auto store = open(to_);
  ASSERT_TRUE(store->commit(history_.commit(4)).ok());
  expect_history(*store, history_, 4);
  expect_history(*open(from_), history_, 3);
}

TEST_F(StoreCopyTest, TakesAlongWhatBecameOfAlerts) {
  make_store(1);
  copy();
  EXPECT_FALSE(fs::exists(to_ + "/ALERTS"));
  fs::remove_all(to_);
  ASSERT_TRUE(AlertLog::open(from_)->append(std::vector<std::string>{"fired"}).ok());
  copy();
  EXPECT_EQ(*read_alert_log(to_), std::vector<std::string>{"fired"});
  EXPECT_FALSE(fs::exists(to_ + "/ALERTS.LOCK"));
  fs::remove_all(to_);
  // A log that is damaged is no backup.
  fs::resize_file(from_ + "/ALERTS", fs::file_size(from_ + "/ALERTS") - 1);
  EXPECT_EQ(copy_rocks_store(from_, to_).status().code(), StatusCode::kCorruption);
  EXPECT_FALSE(fs::exists(to_));
}

TEST_F(StoreCopyTest, RefusesAStoreWithoutACommit) {
  make_store(0);
  const Status status = copy_rocks_store(from_, to_).status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound) << status.to_string();
  EXPECT_FALSE(fs::exists(to_));
  EXPECT_FALSE(fs::exists(to_ + ".new"));
}

TEST_F(StoreCopyTest, ReplacesAnEmptyDirectoryWhoseNameMayEndWithASlash) {
  make_store(2);
  fs::create_directory(to_);
  to_ += "/";
  copy();
  expect_history(*open(to_), history_, 2);
}

TEST_F(StoreCopyTest, IsOfOneCommitWhileAnotherProcessWrites) {
  constexpr Epoch kCommits = 60;
  constexpr std::size_t kPageBytesMax = 200'000;
  const History history(7, 40, kPageBytesMax);  // commits of both kinds
  WriterProcess writer(from_, 7, 40, kPageBytesMax, kCommits);
  ASSERT_EQ(writer.next_line(), "opened");
  ASSERT_EQ(writer.next_line(), "1");
  Epoch before = 0;
  for (int i = 0; before < kCommits && i < 200; ++i) {
    const StoreCopy copied = copy();
    ASSERT_GE(copied.epoch, before);
    before = copied.epoch;
    expect_history(*open(to_), history, copied.epoch);
    fs::remove_all(to_);
  }
  EXPECT_EQ(before, kCommits);
}

TEST_F(StoreCopyTest, LeavesOutWhatAKilledWriterHadBegun) {
  constexpr std::size_t kPageBytesMax = 800'000;  // of commits that are written as tables
  const History history(7, 40, kPageBytesMax);
  for (const char* step : {"encode", "manifest"}) {
    SCOPED_TRACE(step);
    WriterProcess writer(from_, 7, 40, kPageBytesMax, 3, step);
    while (!writer.next_line().empty()) {
    }
    writer.wait();
    ASSERT_TRUE(writer.was_killed());
    EXPECT_EQ(copy().epoch, 3u);
    expect_history(*open(to_), history, 3);
    fs::remove_all(from_);
    fs::remove_all(to_);
  }
}

TEST_F(StoreCopyTest, RefusesAStoreWithADamagedPage) {
  make_store(3);
  const PageAddress damaged = history_.live_pages(3).at(5);
  with_database([&](rocksdb::DB& db) {
    std::string value;
    ASSERT_TRUE(db.Get({}, encode_page_key(damaged), &value).ok());
    value.back() = static_cast<char>(value.back() + 1);
    ASSERT_TRUE(db.Put({}, encode_page_key(damaged), value).ok());
  });
  const Status status = copy_rocks_store(from_, to_).status();
  EXPECT_EQ(status.code(), StatusCode::kCorruption);
  EXPECT_TRUE(repeats(status, from_) && repeats(status, to_string(damaged.id))) << status.message();
  expect_nothing_left();
}

TEST_F(StoreCopyTest, RefusesAStoreThatLacksAPage) {
  make_store(3);
  with_database([&](rocksdb::DB& db) {
    ASSERT_TRUE(db.Delete({}, encode_page_key(history_.live_pages(3).at(5))).ok());
  });
  const Status status = copy_rocks_store(from_, to_).status();
  EXPECT_EQ(status.code(), StatusCode::kCorruption);
  const std::size_t count = history_.live_pages(3).size();
  EXPECT_EQ(status.message(), from_ + "/rocksdb: commit 3 has " + std::to_string(count) +
                                  " pages, but " + std::to_string(count - 1) + " are there");
  expect_nothing_left();
}

TEST_F(StoreCopyTest, RefusesAStoreThatLostCommits) {
  make_store(2);
  fs::copy(from_, directory_.path("old"), fs::copy_options::recursive);
  ASSERT_TRUE(open(from_)->commit(history_.commit(3)).ok());
  fs::copy(from_ + "/ANCHOR", directory_.path("old/ANCHOR"), fs::copy_options::overwrite_existing);
  from_ = directory_.path("old");
  // The anchor is one commit ahead of its database, which it never is otherwise.
  EXPECT_EQ(copy_rocks_store(from_, to_).status().code(), StatusCode::kCorruption);
  expect_nothing_left();
}

// RocksDB has a mode for compacted databases in which single reads do not see what a writer adds to
// the log while the database is opened, and a scan does: a copy needs both to see one commit.
TEST_F(StoreCopyTest, ReadsACompactedStoreAsAnyOther) {
  const auto mode = [&]() -> std::string {
    const auto opened = open_database_for_reading(from_, kReadOnlyCopy);
    EXPECT_TRUE(opened.ok()) << opened.status().to_string();
    if (!opened.ok()) return "";
    const rocksdb::DB& db = *opened->database->db;
    return typeid(db).name();
  };
  make_store(3);
  const std::string usual = mode();
  {
    const auto store = open(from_);
    ASSERT_TRUE(store->compact().ok());
  }
  EXPECT_EQ(mode(), usual);
  copy();
  expect_history(*open(to_), history_, 3);
}

// Nothing in a copy has a sequence number (storage/commit.h, begin_sequence).
TEST_F(StoreCopyTest, KeepsEverythingWhenItIsCompacted) {
  make_store(3);
  copy();
  {
    const auto store = open(to_);
    const auto view = store->view();
    ASSERT_TRUE(store->compact().ok());
    expect_history(*store, history_, 3);
  }
  expect_history(*open(to_), history_, 3);
}

TEST_F(StoreCopyTest, RefusesToReplaceAnything) {
  make_store(2);
  const auto refused = [&](const std::string& path) {
    const Status status = copy_rocks_store(from_, to_).status();
    EXPECT_EQ(status.code(), StatusCode::kAlreadyExists) << status.to_string();
    EXPECT_TRUE(repeats(status, path)) << status.message();
    EXPECT_TRUE(fs::exists(path));
    fs::remove_all(to_);
    fs::remove_all(to_ + ".new");
  };
  std::ofstream(to_) << "a file";
  refused(to_);
  fs::create_directory(to_);
  std::ofstream(to_ + "/precious") << "a file";
  refused(to_);
  copy();
  refused(to_);
  fs::create_directory_symlink(directory_.path("nowhere"), to_);
  EXPECT_EQ(copy_rocks_store(from_, to_).status().code(), StatusCode::kAlreadyExists);
  fs::remove(to_);

  std::ofstream(to_ + ".new") << "a file";
  refused(to_ + ".new");
  fs::create_directory(to_ + ".new");
  std::ofstream(to_ + ".new/precious") << "a file";
  refused(to_ + ".new");
  copy();
  fs::rename(to_, to_ + ".new");
  refused(to_ + ".new");
}

TEST_F(StoreCopyTest, NeedsAStoreAndAPlace) {
  EXPECT_EQ(copy_rocks_store(from_, to_).status().code(), StatusCode::kNotFound);
  expect_nothing_left();
  make_store(1);
  const std::string nowhere = directory_.path("no/such/copy");
  const Status status = copy_rocks_store(from_, nowhere).status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_TRUE(repeats(status, nowhere)) << status.message();
}

TEST_F(StoreCopyTest, OneCopyAtATimeToAPlace) {
  make_store(1);
  {
    const auto other = UnfinishedCopy::begin(to_);
    ASSERT_TRUE(other.ok()) << other.status().to_string();
    EXPECT_EQ(copy_rocks_store(from_, to_).status().code(), StatusCode::kBusy);
  }
  expect_nothing_left();
  copy();
}

TEST_F(StoreCopyTest, KilledCopyIsNoStoreAndTheNextOneReplacesIt) {
  make_store(3);
  const std::size_t step_count = 2 * (history_.live_pages(3).size() + 1);  // with the record
  for (std::size_t step = 1; step <= step_count + 1; ++step) {
    SCOPED_TRACE(step);
    const std::string command =
        std::string(ROLLCALL_STORE_COPIER) + " " + from_ + " " + to_ + " " + std::to_string(step);
    const int ended = std::system(command.c_str());
    ASSERT_TRUE(WIFEXITED(ended));
    if (step > step_count) {
      EXPECT_EQ(WEXITSTATUS(ended), 0);
      expect_history(*open(to_), history_, 3);
      break;
    }
    ASSERT_EQ(WEXITSTATUS(ended), 128 + SIGKILL);  // as the shell says it
    EXPECT_FALSE(fs::exists(to_));
    for (const RocksStoreOptions& options : {RocksStoreOptions{}, kReadOnlyCopy}) {
      const Status status = open_rocks_store(to_ + ".new", options).status();
      EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
      EXPECT_TRUE(repeats(status, to_ + ".new")) << status.message();
    }
    if (step % 5 != 0) continue;
    copy();
    expect_history(*open(to_), history_, 3);
    EXPECT_FALSE(fs::exists(to_ + ".new"));
    fs::remove_all(to_);
  }
}

// A crash may come once the copy has its name, and before it is a store.
TEST_F(StoreCopyTest, WhatACrashLeavesUnderTheNameIsReplaced) {
  make_store(3);
  fs::create_directory(to_);
  ASSERT_TRUE(mark_as_copy(to_).ok());
  std::ofstream(to_ + "/PAGES-1.new") << "part of a copy";
  EXPECT_EQ(open_rocks_store(to_, kReadOnlyCopy).status().code(), StatusCode::kInvalidArgument);
  copy();
  expect_history(*open(to_), history_, 3);
}

}  // namespace
}  // namespace rollcall
