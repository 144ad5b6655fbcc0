// Stores whose writer was killed, and databases that lost or changed bytes: the last commit is
// there as it was written, or opening or reading says that it is not.

#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "rollcall/rocks_store.h"
#include "storage/key_codec.h"
#include "tests/storage/commits.h"
#include "tests/storage/history_checks.h"
#include "tests/storage/temporary_directory.h"
#include "tests/storage/writer_process.h"

namespace rollcall {
namespace {

namespace fs = std::filesystem;

std::uint64_t new_seed() {
  const std::uint64_t seed = std::random_device()();
  std::printf("seed=%llu\n", static_cast<unsigned long long>(seed));
  return seed;
}

// Holds the page keys in the database, and other keys but the commit record's.
std::set<std::string> keys_in_database(const std::string& store_path) {
  std::set<std::string> keys;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::OpenForReadOnly(rocksdb::Options(), store_path + "/rocksdb", &db);
  EXPECT_TRUE(status.ok()) << status.ToString();
  if (!status.ok()) return keys;
  {
    const std::unique_ptr<rocksdb::Iterator> entry(db->NewIterator(rocksdb::ReadOptions()));
    for (entry->SeekToFirst(); entry->Valid(); entry->Next()) keys.insert(entry->key().ToString());
  }
  delete db;
  keys.erase(std::string(kCommitRecordKey));
  return keys;
}

// Opens for writing and closes: what a crash left behind is to be gone then.
void expect_only_live_pages(const std::string& path, const History& history, Epoch epoch) {
  ASSERT_TRUE(open_rocks_store(path).ok());
  std::set<std::string> live;
  for (const PageAddress& address : history.live_pages(epoch)) {
    live.insert(encode_page_key(address));
  }
  EXPECT_EQ(keys_in_database(path), live);
}

Epoch last_epoch(const Store& store) {
  const auto last = store.last_commit();
  EXPECT_TRUE(last.ok()) << last.status().to_string();
  return last.ok() && *last ? (*last)->epoch : 0;
}

class CrashTest : public testing::Test {
 protected:
  TemporaryDirectory directory_;
  std::string path_ = directory_.path("store");
};

TEST_F(CrashTest, KilledWriterLosesNothingThatItAcknowledged) {
  const std::uint64_t seed = new_seed();
  std::mt19937_64 random(seed);
  // Commits take about 8 MiB, which is some batches of pages, and a flush of RocksDB's every few
  // commits.
  constexpr std::uint32_t kPageCount = 60;
  constexpr std::size_t kPageBytesMax = 800'000;
  const History history(seed, kPageCount, kPageBytesMax);
  Epoch acknowledged = 0;
  for (int kill = 0; kill < 16; ++kill) {
    SCOPED_TRACE(testing::Message() << "seed=" << seed << " kill " << kill);
    {
      WriterProcess writer(path_, seed, kPageCount, kPageBytesMax, 1'000'000);
      // The kill meets the store being made or opened, or its first commits, or later ones.
      for (int line = 0; line < kill % 3; ++line) {
        const std::string said = writer.next_line();
        ASSERT_EQ(said, line == 0 ? "opened" : std::to_string(acknowledged + 1));
        if (line == 1) ++acknowledged;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(random() % 150));
      writer.kill();
      ASSERT_TRUE(writer.was_killed());
      for (std::string line = writer.next_line(); !line.empty(); line = writer.next_line()) {
        if (line != "opened") acknowledged = std::stoull(line);
      }
    }
    {
      const auto reader = open_rocks_store(path_, {.read_only = true});
      if (reader.ok()) {
        ASSERT_NO_FATAL_FAILURE(expect_history(**reader, history, last_epoch(**reader)));
      } else {
        // Killed before the store was made.
        ASSERT_EQ(reader.status().code(), StatusCode::kNotFound) << reader.status().to_string();
        ASSERT_EQ(acknowledged, 0u);
        continue;
      }
    }
    Epoch epoch = 0;
    {
      const auto store = open_rocks_store(path_);
      ASSERT_TRUE(store.ok()) << store.status().to_string();
      epoch = last_epoch(**store);
      // A commit may have become durable with its acknowledgement still to be said.
      ASSERT_GE(epoch, acknowledged);
      ASSERT_LE(epoch, acknowledged + 1);
      ASSERT_NO_FATAL_FAILURE(expect_history(**store, history, epoch));
    }
    ASSERT_NO_FATAL_FAILURE(expect_only_live_pages(path_, history, epoch));
    acknowledged = epoch;
  }
  EXPECT_GT(acknowledged, 0u);
}

// Large commits, whose pages go into table files, cut short at each step.
class LargeCommitCrashTest : public CrashTest {
 protected:
  static constexpr std::size_t kLargeBytes = std::size_t{5} << 20;

  // Writes commit 1 of the history, then `second`.
  void write(const Commit& second) {
    const auto store = open_rocks_store(path_);
    ASSERT_TRUE(store.ok()) << store.status().to_string();
    for (const Commit& commit : {history_.commit(1), second}) {
      const Status status = (*store)->commit(commit);
      ASSERT_TRUE(status.ok()) << status.to_string();
    }
  }

  void die_in_second_commit(const std::string& step) {
    WriterProcess writer(path_, kSeed, kPageCount, kPageBytesMax, 1, step);
    ASSERT_EQ(writer.next_line(), "opened");
    ASSERT_EQ(writer.next_line(), "1");
    writer.wait();
    ASSERT_TRUE(writer.was_killed());
  }

  static std::vector<std::string> new_files(const std::string& path) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(path)) {
      if (entry.path().extension() == ".new") names.push_back(entry.path().filename());
    }
    return names;
  }

  // Expects commit 1 and nothing else, and that another commit 2 may follow.
  void expect_first_commit_alone(const std::string& path) {
    ASSERT_NO_FATAL_FAILURE(
        expect_history(**open_rocks_store(path, {.read_only = true}), history_, 1));
    ASSERT_NO_FATAL_FAILURE(expect_only_live_pages(path, history_, 1));
    EXPECT_EQ(new_files(path), std::vector<std::string>());
    {
      const auto store = open_rocks_store(path);
      ASSERT_TRUE(store.ok()) << store.status().to_string();
      ASSERT_NO_FATAL_FAILURE(expect_history(**store, history_, 1));
      // An epoch is used again, with other contents, and fewer pages.
      const Commit other =
          make_commit(2, {{page_id(0), std::string(kLargeBytes, 'y')}}, {}, "other");
      ASSERT_TRUE((*store)->commit(other).ok());
      EXPECT_EQ(*(*(*store)->view())->read({page_id(0), 2}), std::string(kLargeBytes, 'y'));
    }
    std::set<std::string> live = {encode_page_key({page_id(0), 2})};
    for (const PageAddress& address : history_.live_pages(1)) live.insert(encode_page_key(address));
    EXPECT_EQ(keys_in_database(path), live);
  }

  // Each commit takes about 8 MiB.
  static constexpr std::uint64_t kSeed = 3;
  static constexpr std::uint32_t kPageCount = 60;
  static constexpr std::size_t kPageBytesMax = 800'000;
  const History history_{kSeed, kPageCount, kPageBytesMax};
};

TEST_F(LargeCommitCrashTest, WhileTablesAreWritten) {
  ASSERT_NO_FATAL_FAILURE(die_in_second_commit("encode"));
  EXPECT_EQ(new_files(path_).size(), 2u);  // one for each of the commit's threads
  expect_first_commit_alone(path_);
}

TEST_F(LargeCommitCrashTest, AfterTablesWereWritten) {
  ASSERT_NO_FATAL_FAILURE(write(history_.commit(2)));
  const std::string copy = directory_.path("copy");
  {
    const auto store = open_rocks_store(copy);
    ASSERT_TRUE(store.ok() && (*store)->commit(history_.commit(1)).ok());
  }
  // The tables of commit 2 are whole, but no part of the database; one of them is linked into it
  // already.
  int number = 0;
  for (const auto& entry : fs::directory_iterator(path_ + "/rocksdb")) {
    if (entry.path().extension() != ".sst") continue;
    fs::copy_file(entry.path(), copy + "/PAGES-" + std::to_string(number++ % 4) + ".new",
                  fs::copy_options::overwrite_existing);
  }
  ASSERT_GT(number, 1);
  fs::create_hard_link(copy + "/PAGES-0.new", copy + "/rocksdb/000777.sst");
  expect_first_commit_alone(copy);
  EXPECT_FALSE(fs::exists(copy + "/rocksdb/000777.sst"));
}

TEST_F(LargeCommitCrashTest, AfterTablesWereAdded) {
  ASSERT_NO_FATAL_FAILURE(die_in_second_commit("manifest"));
  const Commit commit = history_.commit(2);
  const std::set<std::string> left = keys_in_database(path_);
  EXPECT_TRUE(left.contains(encode_page_key({commit.pages.front().id, 2})));
  EXPECT_TRUE(left.contains(encode_page_key({commit.pages.back().id, 2})));
  EXPECT_TRUE(left.contains(written_list_key(2, 0)));
  expect_first_commit_alone(path_);
}

TEST_F(LargeCommitCrashTest, BeforeTheirSecondNamesWereRemoved) {
  ASSERT_NO_FATAL_FAILURE(write(history_.commit(2)));
  const auto add_names = [&] {
    int number = 0;
    for (const auto& entry : fs::directory_iterator(path_ + "/rocksdb")) {
      if (entry.path().extension() != ".sst" || number == 4) continue;
      fs::create_hard_link(entry.path(), path_ + "/PAGES-" + std::to_string(number++) + ".new");
    }
    ASSERT_GT(number, 0);
  };
  {
    const auto store = open_rocks_store(path_);
    ASSERT_TRUE(store.ok()) << store.status().to_string();
    // This also holds if they appear later: the next commit must not write through them.
    ASSERT_NO_FATAL_FAILURE(add_names());
    ASSERT_TRUE((*store)->commit(history_.commit(3)).ok());
    ASSERT_NO_FATAL_FAILURE(expect_history(**store, history_, 3));
  }
  for (const std::string& name : new_files(path_)) fs::remove(path_ + "/" + name);
  ASSERT_NO_FATAL_FAILURE(add_names());
  ASSERT_NO_FATAL_FAILURE(expect_only_live_pages(path_, history_, 3));
  EXPECT_EQ(new_files(path_), std::vector<std::string>());
  expect_history(**open_rocks_store(path_), history_, 3);
}

TEST_F(LargeCommitCrashTest, RollbackPastSeveralCommitsRemovesTheirPages) {
  ASSERT_NO_FATAL_FAILURE(write(history_.commit(2)));
  // Two large commits added, and the record of neither: what a lost log leaves.
  {
    rocksdb::DB* db = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(rocksdb::Options(), path_ + "/rocksdb", &db).ok());
    for (const Epoch epoch : {Epoch{3}, Epoch{4}}) {
      const std::string key = encode_page_key({page_id(0), epoch});
      ASSERT_TRUE(db->Put({}, key, "a page").ok());
      ASSERT_TRUE(db->Put({}, written_list_key(epoch, 0), key).ok());
    }
    delete db;
  }
  ASSERT_NO_FATAL_FAILURE(expect_only_live_pages(path_, history_, 2));
  expect_history(**open_rocks_store(path_), history_, 2);
}

class DamageTest : public CrashTest {
 protected:
  static constexpr Epoch kLastEpoch = 6;

  void make_store() {
    const auto store = open_rocks_store(path_);
    ASSERT_TRUE(store.ok()) << store.status().to_string();
    for (Epoch epoch = 1; epoch <= kLastEpoch; ++epoch) {
      ASSERT_TRUE((*store)->commit(history_.commit(epoch)).ok());
    }
  }

  // Returns the files of the database that are not empty, with this extension, or every file for
  // "".
  std::vector<fs::path> files(const std::string& path, const std::string& extension) {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(path + "/rocksdb")) {
      if ((extension.empty() || entry.path().extension() == extension) && entry.file_size() > 0) {
        found.push_back(entry.path());
      }
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  std::string fresh_copy() {
    const std::string copy = directory_.path("copy");
    fs::remove_all(copy);
    fs::copy(path_, copy, fs::copy_options::recursive);
    return copy;
  }

  static void flip_bit(const fs::path& path, std::uint64_t random) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    const auto offset = static_cast<std::streamoff>(random / 8 % fs::file_size(path));
    file.seekg(offset);
    const int byte = file.get();
    file.seekp(offset);
    file.put(static_cast<char>(byte ^ (1 << (random % 8))));
    ASSERT_TRUE(file.good());
  }

  // Expects the last commit, or an error; returns whether it was an error.
  bool expect_truth(const std::string& path, const RocksStoreOptions& options) {
    const auto store = open_rocks_store(path, options);
    if (!store.ok()) return true;
    const auto last = (*store)->last_commit();
    if (!last.ok()) return true;
    EXPECT_TRUE(last->has_value());
    EXPECT_EQ((*last)->epoch, kLastEpoch);
    EXPECT_EQ((*last)->manifest, history_.manifest(kLastEpoch));
    bool error = false;
    for (const PageAddress& address : history_.live_pages(kLastEpoch)) {
      const Result<std::string> bytes = (*(*store)->view())->read(address);
      error = error || !bytes.ok();
      if (bytes.ok()) {
        EXPECT_EQ(*bytes, history_.page_bytes(address));
      }
    }
    return error;
  }

  History history_{3, 10, 2'000};
};

TEST_F(DamageTest, LostOrChangedLogIsNoticed) {
  const std::uint64_t seed = new_seed();
  std::mt19937_64 random(seed);
  make_store();
  int refused = 0;
  for (int i = 0; i < 40; ++i) {
    SCOPED_TRACE(testing::Message() << "seed=" << seed << " case " << i);
    const std::string copy = fresh_copy();
    const std::vector<fs::path> logs = files(copy, ".log");
    ASSERT_EQ(logs.size(), 1u);
    if (i == 0) {
      fs::remove(logs.front());
    } else if (i % 2 == 0) {
      fs::resize_file(logs.front(), random() % fs::file_size(logs.front()));
    } else {
      flip_bit(logs.front(), random());
    }
    const bool reader_refused = expect_truth(copy, {.read_only = true});
    const bool writer_refused = expect_truth(copy, {});
    EXPECT_EQ(reader_refused, writer_refused);
    refused += writer_refused;

    // The rollback, once accepted, is to a commit as it was written, and goes on from there.
    Epoch epoch = 0;
    {
      const auto store = open_rocks_store(copy, {.accept_rollback = true});
      ASSERT_TRUE(store.ok()) << store.status().to_string();
      epoch = last_epoch(**store);
      ASSERT_LE(epoch, kLastEpoch);
      ASSERT_EQ(epoch < kLastEpoch, writer_refused);
      ASSERT_NO_FATAL_FAILURE(expect_history(**store, history_, epoch));
    }
    ASSERT_NO_FATAL_FAILURE(expect_only_live_pages(copy, history_, epoch));
    const auto store = open_rocks_store(copy);
    ASSERT_TRUE(store.ok()) << store.status().to_string();
    ASSERT_TRUE((*store)->commit(history_.commit(epoch + 1)).ok());
    ASSERT_NO_FATAL_FAILURE(expect_history(**store, history_, epoch + 1));
  }
  EXPECT_GT(refused, 0);
}

TEST_F(DamageTest, ChangedByteAnywhereIsNoticedOrHarmless) {
  const std::uint64_t seed = new_seed();
  std::mt19937_64 random(seed);
  make_store();
  ASSERT_TRUE(open_rocks_store(path_).ok());  // RocksDB moves the log's pages to a table file
  ASSERT_FALSE(files(path_, ".sst").empty());
  int noticed = 0;
  for (int i = 0; i < 120; ++i) {
    const std::string copy = fresh_copy();
    const std::vector<fs::path> all = files(copy, "");
    const fs::path& file = all[random() % all.size()];
    SCOPED_TRACE(testing::Message() << "seed=" << seed << " case " << i << ": " << file.filename());
    flip_bit(file, random());
    noticed += expect_truth(copy, {.read_only = true});
    noticed += expect_truth(copy, {});
  }
  EXPECT_GT(noticed, 0);
}

}  // namespace
}  // namespace rollcall
