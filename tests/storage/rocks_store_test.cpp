// This tests what a store in a directory does beyond the contract of every store: its files, one
// writer and many readers, and everything that can be wrong with a directory.

#include "rollcall/rocks_store.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string>

#include "storage/key_codec.h"
#include "tests/storage/commits.h"
#include "tests/storage/file_bytes.h"
#include "tests/storage/history_checks.h"
#include "tests/storage/temporary_directory.h"
#include "tests/storage/writer_process.h"
#include "tests/support/error_text.h"

namespace rollcall {
namespace {

namespace fs = std::filesystem;

constexpr RocksStoreOptions kReadOnly{.read_only = true};
constexpr RocksStoreOptions kNoCreate{.create_if_missing = false};
constexpr RocksStoreOptions kAcceptRollback{.accept_rollback = true};

class RocksStoreTest : public testing::Test {
 protected:
  std::unique_ptr<Store> open(const RocksStoreOptions& options = {}) {
    auto store = open_rocks_store(path_, options);
    EXPECT_TRUE(store.ok()) << store.status().to_string();
    return store.ok() ? *std::move(store) : nullptr;
  }

  Status open_status(const RocksStoreOptions& options = {}) {
    return open_rocks_store(path_, options).status();
  }

  void commit(Store& store, Epoch first, Epoch last) {
    for (Epoch epoch = first; epoch <= last; ++epoch) {
      const Status status = store.commit(history_.commit(epoch));
      ASSERT_TRUE(status.ok()) << status.to_string();
    }
  }

  void make_store(Epoch last) { commit(*open(), 1, last); }

  // Opens the database without the store around it.
  void with_database(const std::function<void(rocksdb::DB&)>& action) {
    rocksdb::DB* db = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(rocksdb::Options(), path_ + "/rocksdb", &db).ok());
    action(*db);
    delete db;
  }

  TemporaryDirectory directory_;
  std::string path_ = directory_.path("store");
  History history_{5, 12, 3'000};
};

TEST_F(RocksStoreTest, MakesTheFilesThatItsHeaderNames) {
  history_ = History(5, 60, 800'000);  // whose commits are large enough for table files
  make_store(2);
  for (const char* name : {"FORMAT", "LOCK", "ANCHOR", "rocksdb/CURRENT"}) {
    EXPECT_TRUE(fs::exists(path_ + "/" + name)) << name;
  }
  EXPECT_TRUE(file_bytes(path_ + "/FORMAT").starts_with("rollcall store, format 2\n"));
  EXPECT_EQ(std::distance(fs::directory_iterator(path_), fs::directory_iterator()), 4);
}

TEST_F(RocksStoreTest, FewPagesGoToTheLogAndManyToTables) {
  const auto store = open();
  const auto bytes_in = [&](const std::string& extension) {
    std::uintmax_t bytes = 0;
    for (const auto& entry : fs::directory_iterator(path_ + "/rocksdb")) {
      if (entry.path().extension() == extension) bytes += entry.file_size();
    }
    return bytes;
  };
  constexpr std::uintmax_t kMiB = 1 << 20;
  std::string random;
  for (Epoch epoch = 1; random.size() < 5 * kMiB; ++epoch) {
    random += History(epoch, 1, 200'000).page_bytes({page_id(0), epoch});
  }
  ASSERT_TRUE(store->commit(make_commit(1, {{page_id(0), random}}, {}, "")).ok());
  EXPECT_LT(bytes_in(".log"), kMiB);
  EXPECT_GT(bytes_in(".sst"), 5 * kMiB);
  const std::string few = random.substr(0, 3 * kMiB);
  ASSERT_TRUE(store->commit(make_commit(2, {{page_id(1), few}}, {}, "")).ok());
  EXPECT_GT(bytes_in(".log"), 3 * kMiB);
}

TEST_F(RocksStoreTest, DirectoryMayBeEmptyOrEndWithASlash) {
  fs::create_directory(path_);
  path_ += "/";
  make_store(2);
  expect_history(*open(), history_, 2);
}

TEST_F(RocksStoreTest, MissingStoreIsNotFoundAndNotMade) {
  for (const RocksStoreOptions& options : {kReadOnly, kNoCreate}) {
    const Status status = open_status(options);
    EXPECT_EQ(status.code(), StatusCode::kNotFound);
    EXPECT_TRUE(repeats(status, path_)) << status.message();
    EXPECT_FALSE(fs::exists(path_));
  }
  fs::create_directory(path_);
  for (const RocksStoreOptions& options : {kReadOnly, kNoCreate}) {
    EXPECT_EQ(open_status(options).code(), StatusCode::kNotFound);
    EXPECT_TRUE(fs::is_empty(path_));
  }
}

TEST_F(RocksStoreTest, MissingParentIsNotFound) {
  path_ = directory_.path("no/such/store");
  const Status status = open_status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_TRUE(repeats(status, path_)) << status.message();
}

TEST_F(RocksStoreTest, DirectoryOfSomethingElseIsLeftAlone) {
  fs::create_directory(path_);
  write_file(path_ + "/CURRENT", "somebody else's database");
  const auto before = all_files(path_);
  for (const RocksStoreOptions& options : {RocksStoreOptions{}, kReadOnly, kNoCreate}) {
    const Status status = open_status(options);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_TRUE(repeats(status, path_)) << status.message();
    EXPECT_EQ(all_files(path_), before);
  }
}

TEST_F(RocksStoreTest, FileIsNoDirectory) {
  write_file(path_, "text");
  EXPECT_EQ(open_status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(open_status(kReadOnly).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(file_bytes(path_), "text");
}

TEST_F(RocksStoreTest, NewerFormatIsRefusedAndLeftAlone) {
  make_store(1);
  write_file(path_ + "/FORMAT", "rollcall store, format 3\nwith news\n");
  const auto before = all_files(path_);
  for (const RocksStoreOptions& options : {RocksStoreOptions{}, kReadOnly, kAcceptRollback}) {
    const Status status = open_status(options);
    EXPECT_EQ(status.code(), StatusCode::kUnsupported);
    EXPECT_EQ(status.message(), path_ +
                                    "/FORMAT: the store has format 3, this program reads up to 2; "
                                    "use a newer one");
    EXPECT_EQ(all_files(path_), before);
  }
}

TEST_F(RocksStoreTest, UnreadableFormatIsRefused) {
  make_store(1);
  for (const std::string& text :
       {std::string(), std::string("rollcall store, format 1"), std::string("rollcall store\n"),
        std::string("rollcall store, format 0\n"), std::string("rollcall store, format -1\n"),
        std::string("PG_VERSION 15\n")}) {
    write_file(path_ + "/FORMAT", text);
    EXPECT_EQ(open_status().code(), StatusCode::kInvalidArgument) << text;
  }
}

TEST_F(RocksStoreTest, InterruptedMakingIsFinished) {
  const auto finishes = [&](const char* left_over) {
    SCOPED_TRACE(left_over);
    EXPECT_EQ(open_status(kReadOnly).code(), StatusCode::kNotFound);
    make_store(2);
    expect_history(*open(), history_, 2);
    fs::remove_all(path_);
    fs::create_directory(path_);
  };
  fs::create_directory(path_);
  write_file(path_ + "/LOCK", "");
  finishes("LOCK");
  write_file(path_ + "/LOCK", "");
  write_file(path_ + "/FORMAT.new", "rollcall st");
  finishes("FORMAT.new");
  write_file(path_ + "/FORMAT", "rollcall store, format 1\n");
  finishes("FORMAT");
  write_file(path_ + "/FORMAT", "rollcall store, format 1\n");
  fs::create_directory(path_ + "/rocksdb");
  write_file(path_ + "/rocksdb/MANIFEST-000001", "");
  finishes("half a database");
}

TEST_F(RocksStoreTest, DatabaseWithoutCommitAndAnchorIsFinished) {
  make_store(0);
  fs::remove(path_ + "/ANCHOR");
  make_store(1);
  expect_history(*open(), history_, 1);
}

TEST_F(RocksStoreTest, MissingAnchorIsNoticed) {
  make_store(2);
  fs::remove(path_ + "/ANCHOR");
  for (const RocksStoreOptions& options : {RocksStoreOptions{}, kReadOnly}) {
    const Status status = open_status(options);
    EXPECT_EQ(status.code(), StatusCode::kCorruption);
    EXPECT_TRUE(repeats(status, path_ + "/ANCHOR")) << status.message();
  }
  expect_history(*open(kAcceptRollback), history_, 2);
  expect_history(*open(), history_, 2);
}

TEST_F(RocksStoreTest, DamagedAnchorIsNoticed) {
  make_store(2);
  write_file(path_ + "/ANCHOR", std::string(8192, 'x'));
  for (const RocksStoreOptions& options : {RocksStoreOptions{}, kReadOnly}) {
    const Status status = open_status(options);
    EXPECT_EQ(status.code(), StatusCode::kCorruption);
    EXPECT_TRUE(repeats(status, path_ + "/ANCHOR")) << status.message();
  }
  expect_history(*open(kAcceptRollback), history_, 2);
  expect_history(*open(), history_, 2);
}

TEST_F(RocksStoreTest, OldDatabaseUnderANewAnchorIsRefused) {
  make_store(2);
  const std::string old_database = directory_.path("old");
  fs::copy(path_ + "/rocksdb", old_database, fs::copy_options::recursive);
  commit(*open(), 3, 5);
  fs::remove_all(path_ + "/rocksdb");
  fs::copy(old_database, path_ + "/rocksdb", fs::copy_options::recursive);

  for (const RocksStoreOptions& options : {RocksStoreOptions{}, kReadOnly}) {
    const Status status = open_status(options);
    EXPECT_EQ(status.code(), StatusCode::kCorruption);
    EXPECT_EQ(status.hint(), OptionHint(Option::kAcceptRollback, "true"));
    EXPECT_EQ(status.message(), "the store went back in time: " + path_ +
                                    "/rocksdb holds commit 2, but " + path_ +
                                    "/ANCHOR has seen commit 5; put the newer database back, or "
                                    "accept the rollback and ingest again what it lost");
  }
  expect_history(*open({.read_only = true, .accept_rollback = true}), history_, 2);
  EXPECT_EQ(open_status().code(), StatusCode::kCorruption);  // a reader accepts for itself alone

  expect_history(*open(kAcceptRollback), history_, 2);
  commit(*open(), 3, 3);
  expect_history(*open(), history_, 3);
}

TEST_F(RocksStoreTest, AnchorOneCommitBehindIsRepaired) {
  make_store(3);
  const std::string behind = file_bytes(path_ + "/ANCHOR");
  commit(*open(), 4, 4);
  const std::string current = file_bytes(path_ + "/ANCHOR");
  ASSERT_NE(behind, current);
  write_file(path_ + "/ANCHOR", behind);
  expect_history(*open(kReadOnly), history_, 4);
  EXPECT_EQ(file_bytes(path_ + "/ANCHOR"), behind);

  expect_history(*open(), history_, 4);
  // Were it still behind, this commit would be the second that it has not seen.
  commit(*open(), 5, 5);
  expect_history(*open(), history_, 5);
}

TEST_F(RocksStoreTest, AnchorFarBehindIsRefused) {
  make_store(3);
  const std::string behind = file_bytes(path_ + "/ANCHOR");
  commit(*open(), 4, 5);
  write_file(path_ + "/ANCHOR", behind);
  const Status status = open_status();
  EXPECT_EQ(status.code(), StatusCode::kCorruption);
  EXPECT_EQ(status.hint(), OptionHint(Option::kAcceptRollback, "true")) << status.message();
  expect_history(*open(kAcceptRollback), history_, 5);
}

TEST_F(RocksStoreTest, FilesOfTwoStoresAreRefused) {
  make_store(2);
  const std::string other = directory_.path("other");
  ASSERT_TRUE(open_rocks_store(other).ok());
  fs::copy_file(other + "/ANCHOR", path_ + "/ANCHOR", fs::copy_options::overwrite_existing);
  for (const RocksStoreOptions& options : {RocksStoreOptions{}, kReadOnly, kAcceptRollback}) {
    const Status status = open_status(options);
    EXPECT_EQ(status.code(), StatusCode::kCorruption);
    EXPECT_TRUE(status.hint().empty()) << status.message();
  }
}

TEST_F(RocksStoreTest, MissingDatabaseIsNoticed) {
  make_store(2);
  fs::remove_all(path_ + "/rocksdb");
  for (const RocksStoreOptions& options : {RocksStoreOptions{}, kReadOnly, kAcceptRollback}) {
    EXPECT_EQ(open_status(options).code(), StatusCode::kCorruption);
    EXPECT_FALSE(fs::exists(path_ + "/rocksdb"));
  }
}

TEST_F(RocksStoreTest, SecondWriterIsTurnedAway) {
  const auto first = open();
  const Status status = open_status();
  EXPECT_EQ(status.code(), StatusCode::kBusy);
  EXPECT_TRUE(repeats(status, " " + std::to_string(::getpid()) + " ")) << status.message();
}

TEST_F(RocksStoreTest, WriterInAnotherProcessIsNamedAndFreesTheStoreByDying) {
  WriterProcess writer(path_, 5, 12, 3'000, 3);
  for (const char* line : {"opened", "1", "2", "3"}) ASSERT_EQ(writer.next_line(), line);
  const Status status = open_status();
  EXPECT_EQ(status.code(), StatusCode::kBusy);
  EXPECT_TRUE(repeats(status, " " + std::to_string(writer.pid()) + " ")) << status.message();
  expect_history(*open(kReadOnly), history_, 3);
  writer.kill();
  expect_history(*open(), history_, 3);
}

TEST_F(RocksStoreTest, ReaderWritesNothing) {
  make_store(3);
  const auto before = all_files(path_);
  const auto reader = open(kReadOnly);
  EXPECT_TRUE(reader->read_only());
  expect_history(*reader, history_, 3);
  const Status status = reader->commit(history_.commit(4));
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(repeats(status, path_)) << status.message();
  EXPECT_EQ(all_files(path_), before);
}

TEST_F(RocksStoreTest, ReaderStaysAtTheCommitItFound) {
  const auto writer = open();
  commit(*writer, 1, 2);
  const auto reader = open(kReadOnly);
  commit(*writer, 3, 4);
  expect_history(*reader, history_, 2);
  expect_history(*open(kReadOnly), history_, 4);
}

TEST_F(RocksStoreTest, ReaderKeepsPagesWhoseFilesTheWriterRemoves) {
  // Enough for several table files, rewritten until compaction has removed them.
  history_ = History(9, 48, 2'000'000);
  const auto writer = open();
  commit(*writer, 1, 4);
  auto reader = open(kReadOnly);
  const auto table_files = [&] {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(path_ + "/rocksdb")) {
      if (entry.path().extension() == ".sst") names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  };
  const std::vector<std::string> before = table_files();
  ASSERT_FALSE(before.empty());
  Epoch epoch = 4;
  for (std::vector<std::string> now = before;
       std::includes(now.begin(), now.end(), before.begin(), before.end()) && epoch < 60;
       now = table_files()) {
    ++epoch;
    commit(*writer, epoch, epoch);
  }
  ASSERT_LT(epoch, 60u) << "no file of the reader's was removed";
  expect_history(*reader, history_, 4);
  reader.reset();
  expect_history(*writer, history_, epoch);
}

TEST_F(RocksStoreTest, ReadersOpenWhileAnotherProcessWrites) {
  // A commit takes about 4 MiB, so the writer flushes and compacts all the time.
  const History history(9, 40, 600'000);
  WriterProcess writer(path_, 9, 40, 600'000, 1'000'000);
  for (const char* line : {"opened", "1", "2"}) ASSERT_EQ(writer.next_line(), line);
  Epoch seen = 1;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(3);
  while (std::chrono::steady_clock::now() < end || seen < 2) {
    const auto reader = open_rocks_store(path_, kReadOnly);
    ASSERT_TRUE(reader.ok()) << reader.status().to_string();
    const Epoch epoch = (**(*reader)->last_commit()).epoch;
    ASSERT_GE(epoch, seen);
    seen = epoch;
    ASSERT_NO_FATAL_FAILURE(expect_history(**reader, history, epoch));
  }
}

TEST_F(RocksStoreTest, ViewMayBeTheLastToLetGo) {
  auto store = open();
  commit(*store, 1, 1);
  auto view = *store->view();
  store.reset();
  const PageAddress address = history_.live_pages(1).front();
  EXPECT_EQ(*view->read(address), history_.page_bytes(address));
  EXPECT_EQ(open_status().code(), StatusCode::kBusy);
  view.reset();
  expect_history(*open(), history_, 1);
}

TEST_F(RocksStoreTest, DamagedPageIsAnErrorThatNamesIt) {
  make_store(1);
  const PageAddress damaged = history_.live_pages(1).front();
  const PageAddress missing = history_.live_pages(1).back();
  with_database([&](rocksdb::DB& db) {
    std::string value;
    ASSERT_TRUE(db.Get({}, encode_page_key(damaged), &value).ok());
    value.back() = static_cast<char>(value.back() ^ 1);
    ASSERT_TRUE(db.Put({}, encode_page_key(damaged), value).ok());
    ASSERT_TRUE(db.Delete({}, encode_page_key(missing)).ok());
  });
  const auto store = open();
  for (const PageAddress& address : {damaged, missing}) {
    const Status status = (*store->view())->read(address).status();
    EXPECT_EQ(status.code(), StatusCode::kCorruption);
    EXPECT_EQ(status.message(), path_ + ": " + to_string(address.id) + ", epoch 1: " +
                                    (address == damaged ? "its bytes do not match their checksum"
                                                        : "the page is missing"));
  }
}

TEST_F(RocksStoreTest, DamagedCommitRecordIsRefused) {
  make_store(2);
  with_database([&](rocksdb::DB& db) {
    const rocksdb::Slice key(kCommitRecordKey.data(), kCommitRecordKey.size());
    std::string value;
    ASSERT_TRUE(db.Get({}, key, &value).ok());
    value.back() = static_cast<char>(value.back() ^ 1);
    ASSERT_TRUE(db.Put({}, key, value).ok());
  });
  for (const RocksStoreOptions& options : {RocksStoreOptions{}, kReadOnly, kAcceptRollback}) {
    const Status status = open_status(options);
    EXPECT_EQ(status.code(), StatusCode::kCorruption);
    EXPECT_TRUE(repeats(status, path_)) << status.message();
  }
}

TEST_F(RocksStoreTest, FailedCommitStopsTheStoreUntilItIsOpenedAgain) {
  auto store = open();
  commit(*store, 1, 2);
  Commit failing = history_.commit(3);
  failing.encode = [](std::size_t, std::string&) { return Status::resource_exhausted("no page"); };
  EXPECT_EQ(store->commit(failing).code(), StatusCode::kResourceExhausted);
  const Status status = store->commit(history_.commit(3));
  EXPECT_EQ(status.code(), StatusCode::kIoError);
  EXPECT_TRUE(repeats(status, path_)) << status.message();
  expect_history(*store, history_, 2);
  store.reset();
  store = open();
  commit(*store, 3, 3);
  expect_history(*store, history_, 3);
}

TEST_F(RocksStoreTest, MoreSupersededPagesThanExistAreRefused) {
  const auto store = open();
  commit(*store, 1, 1);
  const std::size_t count = history_.live_pages(1).size() + 1;
  const Status status =
      store->commit(make_commit(2, {}, std::vector<PageAddress>(count, {page_id(0), 1}), ""));
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  expect_history(*store, history_, 1);
}

// Files of this process cannot grow past a limit while one of these exists.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    previous_handler_ = ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &previous_);
    const rlimit limited{bytes, previous_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limited);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &previous_);
    ::signal(SIGXFSZ, previous_handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit previous_{};
  void (*previous_handler_)(int) = nullptr;
};

class RefusedWriteTest : public RocksStoreTest, public testing::WithParamInterface<History> {};

TEST_P(RefusedWriteTest, LeavesTheLastCommit) {
  history_ = GetParam();
  Epoch epoch = 2;
  make_store(epoch);
  bool one_succeeded = false;
  // The limits go from one that stops the first batch to one that stops nothing.
  for (rlim_t limit = 100'000; !one_succeeded; limit *= 3) {
    SCOPED_TRACE(limit);
    auto store = open();
    const auto view_before = *store->view();
    {
      const FileSizeLimit file_size_limit(limit);
      const Status status = store->commit(history_.commit(epoch + 1));
      one_succeeded = status.ok();
      if (!status.ok()) {
        EXPECT_EQ(status.code(), StatusCode::kIoError) << status.to_string();
        EXPECT_TRUE(repeats(status, path_)) << status.message();
      }
    }
    if (one_succeeded) {
      ++epoch;
    } else {
      EXPECT_EQ(store->commit(history_.commit(epoch + 1)).code(), StatusCode::kIoError);
    }
    expect_history(*store, history_, epoch);
    for (const auto& entry : fs::directory_iterator(path_)) {
      EXPECT_NE(entry.path().extension(), ".new") << entry.path();
    }
    store.reset();
  }
  EXPECT_GT(epoch, 2u);
  commit(*open(), epoch + 1, epoch + 2);
  expect_history(*open(), history_, epoch + 2);
}

INSTANTIATE_TEST_SUITE_P(FewAndManyPages, RefusedWriteTest,
                         testing::Values(History(9, 30, 300'000), History(9, 60, 800'000)));

TEST_F(RocksStoreTest, FailureInTheBackgroundFailsALaterCommit) {
  // The limit lets the log and the tables made from it pass, but not those of a compaction.
  history_ = History(9, 48, 2'000'000);
  Epoch epoch = 0;
  {
    const auto store = open();
    const FileSizeLimit file_size_limit(rlim_t{48} << 20);
    Status status;
    while (status.ok() && epoch < 100) {
      status = store->commit(history_.commit(epoch + 1));
      if (status.ok()) ++epoch;
    }
    EXPECT_EQ(status.code(), StatusCode::kIoError) << status.to_string();
    EXPECT_TRUE(repeats(status, path_)) << status.message();
    expect_history(*store, history_, epoch);
  }
  expect_history(*open(), history_, epoch);
  commit(*open(), epoch + 1, epoch + 1);
}

TEST_F(RocksStoreTest, NothingCanBeWrittenAtAll) {
  make_store(2);
  const auto store = open();
  const FileSizeLimit file_size_limit(1);
  EXPECT_EQ(store->commit(history_.commit(3)).code(), StatusCode::kIoError);
  expect_history(*store, history_, 2);
  EXPECT_EQ(open_rocks_store(directory_.path("another")).status().code(), StatusCode::kIoError);
}

TEST_F(RocksStoreTest, AnchorThatCannotBeWrittenFailsTheCommit) {
  history_ = History(5, 12, 40);
  Epoch epoch = 2;
  make_store(epoch);
  {
    const auto store = open();
    // The anchor's first slot lies below the limit and its second beyond, so one of two commits
    // fails; the log has room for both.
    const FileSizeLimit file_size_limit(4096);
    Status status = store->commit(history_.commit(epoch + 1));
    if (status.ok()) status = store->commit(history_.commit(++epoch + 1));
    EXPECT_EQ(status.code(), StatusCode::kIoError);
    EXPECT_TRUE(repeats(status, path_ + "/ANCHOR")) << status.message();
    expect_history(*store, history_, epoch);
    EXPECT_EQ(store->commit(history_.commit(epoch + 2)).code(), StatusCode::kIoError);
  }
  // As rocks_store.h says, only now is it known that the commit was durable.
  expect_history(*open(kReadOnly), history_, epoch + 1);
  expect_history(*open(), history_, epoch + 1);
  commit(*open(), epoch + 2, epoch + 2);
}

// This tells the bytes of a page from all others.
std::string marker_of(const History& history, const PageAddress& address) {
  return history.page_bytes(address).substr(0, 64);
}

TEST_F(RocksStoreTest, CompactLeavesNoBytesOfSupersededPagesInAnyFile) {
  // Pages go through the log, and as tables.
  for (const std::size_t page_bytes_max : {std::size_t{3'000}, std::size_t{800'000}}) {
    SCOPED_TRACE(page_bytes_max);
    history_ = History(5, 30, page_bytes_max);
    make_store(3);  // and opened again, so that a log becomes a table
    const auto store = open();
    commit(*store, 4, 6);
    std::size_t found_before = 0;
    const auto look = [&](bool compacted) {
      const std::vector<PageAddress> live = history_.live_pages(6);
      for (Epoch epoch = 1; epoch <= 6; ++epoch) {
        for (const PageAddress& address : history_.live_pages(epoch)) {
          const std::string marker = marker_of(history_, address);
          if (marker.size() < 64) continue;
          const bool found = !files_with(marker, path_).empty();
          if (std::find(live.begin(), live.end(), address) != live.end()) {
            EXPECT_TRUE(found);
          } else if (compacted) {
            EXPECT_FALSE(found) << to_string(address.id) << " of commit " << address.epoch;
          } else {
            found_before += found ? 1 : 0;
          }
        }
      }
    };
    look(false);
    EXPECT_GT(found_before, 10u);
    const Status status = store->compact();
    ASSERT_TRUE(status.ok()) << status.to_string();
    look(true);
    expect_history(*store, history_, 6);
    commit(*store, 7, 7);
    expect_history(*store, history_, 7);
    fs::remove_all(path_);
  }
}

TEST_F(RocksStoreTest, CompactLeavesWhatAViewCanRead) {
  const auto store = open();
  commit(*store, 1, 1);
  auto view = *store->view();
  commit(*store, 2, 4);
  const std::vector<PageAddress> live_before = history_.live_pages(1);
  const std::vector<PageAddress> live = history_.live_pages(4);
  PageAddress superseded;
  for (const PageAddress& address : live_before) {
    if (marker_of(history_, address).size() < 64) continue;
    if (std::find(live.begin(), live.end(), address) == live.end()) superseded = address;
  }
  ASSERT_EQ(superseded.epoch, 1u);
  ASSERT_TRUE(store->compact().ok());
  for (const PageAddress& address : live_before) {
    EXPECT_EQ(*view->read(address), history_.page_bytes(address));
  }
  view.reset();
  EXPECT_FALSE(files_with(marker_of(history_, superseded), path_).empty());
  ASSERT_TRUE(store->compact().ok());
  EXPECT_TRUE(files_with(marker_of(history_, superseded), path_).empty());
}

TEST_F(RocksStoreTest, CompactIsForTheWriter) {
  make_store(2);
  EXPECT_EQ(open(kReadOnly)->compact().code(), StatusCode::kInvalidArgument);
}

TEST_F(RocksStoreTest, ReaderGoesOnWhileTheWriterCompacts) {
  make_store(3);
  const auto writer = open();
  const auto reader = open(kReadOnly);
  ASSERT_TRUE(writer->compact().ok());
  expect_history(*reader, history_, 3);
  expect_history(*open(kReadOnly), history_, 3);
}

TEST_F(RocksStoreTest, DiskBytesAreWhatTheDirectoryTakes) {
  history_ = History(9, 30, 300'000);
  const auto store = open();
  commit(*store, 1, 1);
  std::uint64_t page_bytes = 0;
  for (const PageAddress& address : history_.live_pages(1)) {
    page_bytes += history_.page_bytes(address).size();
  }
  EXPECT_GT(store->size()->disk_bytes, page_bytes);
}

}  // namespace
}  // namespace rollcall
