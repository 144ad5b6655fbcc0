// Somebody prepared a directory with links: nothing is written through one, in whatever place of a
// store's files it stands, nor is anything waited for.
//
// Which files a store makes is found out by making one. Then, in the place of each, there stands a
// symbolic link to a file, one to nothing, a second name of a file, or a pipe. This is done in an
// empty directory, and in a store that goes on.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/rocks_store.h"
#include "rollcall/store_copy.h"
#include "tests/storage/file_bytes.h"
#include "tests/storage/temporary_directory.h"
#include "tests/support/error_text.h"

namespace rollcall {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrecious = "what somebody needs\n";

class Links : public ::testing::Test {
 protected:
  // Runs a session that makes every kind of file: of the journal, the log, tables. Adds the names
  // that are there in between to `names`.
  Status work(std::set<std::string>* names = nullptr) const {
    const auto look = [&] {
      if (names == nullptr) return;
      for (const auto& [name, bytes] : all_files(store_)) names->insert(name);
    };
    ROLLCALL_ASSIGN_OR_RETURN(auto store, open_rocks_store(store_));
    look();
    EngineOptions options;
    options.settings = StoreSettings{};
    options.settings->partition_count = 1;
    ROLLCALL_ASSIGN_OR_RETURN(auto engine, Engine::open(std::move(store), options));
    for (int i = 0; i < 3; ++i) {
      const std::vector<std::string> ids = {"ann" + std::to_string(i), "bob"};
      const std::vector<std::string_view> users(ids.begin(), ids.end());
      const std::vector<TimeUs> times = {0, 1};
      const std::vector<std::string_view> event_names = {"login"};
      EventBatch batch;
      batch.user_strings = users;
      batch.time = times;
      batch.event.values = event_names;
      Delivery delivery;
      delivery.ack = Ack::kDurable;
      ROLLCALL_RETURN_IF_ERROR(engine->ingest(batch, delivery));
      look();
    }
    ROLLCALL_RETURN_IF_ERROR(engine->checkpoint());
    look();
    ROLLCALL_RETURN_IF_ERROR(engine->compact());
    look();
    return engine->close();
  }

  // All that work() makes, and what it has renamed or removed by the time that one can look.
  std::set<std::string> names() const {
    std::set<std::string> found;
    EXPECT_TRUE(work(&found).ok());
    found.erase("rocksdb");
    std::set<std::string> all = found;
    for (const std::string& name : found) {
      const std::size_t number = name.find_first_of("0123456789");
      if (name == "FORMAT" || name == "ANCHOR") all.insert(name + ".new");
      if (name.starts_with("rocksdb/MANIFEST-")) {
        all.insert("rocksdb/" + name.substr(number) + ".dbtmp");
      }
      if (name.starts_with("rocksdb/OPTIONS-")) all.insert(name + ".dbtmp");
    }
    for (int i = 0; i < 4; ++i) all.insert("PAGES-" + std::to_string(i) + ".new");
    return all;
  }

  enum class Way { kLink, kDanglingLink, kSecondName, kPipe };

  void put(Way way, const fs::path& place) const {
    fs::create_directories(place.parent_path());
    switch (way) {
      case Way::kLink:
        return fs::create_symlink(precious_, place);
      case Way::kDanglingLink:
        return fs::create_symlink(missing_, place);
      case Way::kSecondName:
        return fs::create_hard_link(precious_, place);
      case Way::kPipe:
        ASSERT_EQ(::mkfifo(place.c_str(), 0600), 0);
    }
  }

  const TemporaryDirectory directory_{directory_in_memory()};
  const std::string store_ = directory_.path("store");
  const std::string precious_ = directory_.path("precious");
  const std::string missing_ = directory_.path("missing");
};

TEST_F(Links, NothingIsWrittenThroughThem) {
  for (const bool is_new : {true, false}) {
    fs::remove_all(store_);
    if (!is_new) {
      ASSERT_TRUE(work().ok());
    }
    const std::string before = directory_.path("before");
    if (!is_new) fs::copy(store_, before, fs::copy_options::recursive);
    const std::set<std::string> places = names();
    EXPECT_GE(places.size(), 15u);
    for (const std::string& name : places) {
      for (const Way way : {Way::kLink, Way::kDanglingLink, Way::kSecondName, Way::kPipe}) {
        SCOPED_TRACE(name + (is_new ? " in a new store, way " : " in an old store, way ") +
                     std::to_string(static_cast<int>(way)));
        fs::remove_all(store_);
        if (is_new) {
          fs::create_directory(store_);
        } else {
          fs::copy(before, store_, fs::copy_options::recursive);
          fs::remove(store_ + "/" + name);
        }
        write_file(precious_, std::string(kPrecious));
        put(way, store_ + "/" + name);
        (void)work();  // refused, or done without it
        EXPECT_EQ(file_bytes(precious_), kPrecious);
        EXPECT_FALSE(fs::exists(missing_));
        fs::remove(precious_);
      }
    }
  }
}

TEST_F(Links, RefusedWithTheNameOfWhatIsALink) {
  ASSERT_TRUE(work().ok());
  for (const char* name : {"FORMAT", "LOCK", "ANCHOR", "rocksdb", "rocksdb/CURRENT"}) {
    SCOPED_TRACE(name);
    const std::string path = store_ + "/" + name;
    const std::string moved = directory_.path("moved");
    fs::rename(path, moved);
    fs::create_symlink(moved, path);
    const Status status = open_rocks_store(store_).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status.to_string();
    EXPECT_TRUE(repeats(status, path)) << status.to_string();
    fs::remove(path);
    fs::rename(moved, path);
  }
  for (const char* name : {"LOCK", "ANCHOR"}) {
    SCOPED_TRACE(name);
    const std::string path = store_ + "/" + name;
    fs::create_hard_link(path, directory_.path("second"));
    const Status status = open_rocks_store(store_).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status.to_string();
    EXPECT_TRUE(repeats(status, path)) << status.to_string();
    EXPECT_TRUE(open_rocks_store(store_, {.read_only = true}).ok());
    fs::remove(directory_.path("second"));
  }
  EXPECT_TRUE(work().ok());
}

// A rename is two changes of names, of which a crash may have kept one.
TEST_F(Links, ThatACrashLeftAreRemoved) {
  ASSERT_TRUE(work().ok());
  fs::create_hard_link(store_ + "/ANCHOR", store_ + "/ANCHOR.new");
  EXPECT_TRUE(work().ok());
  EXPECT_FALSE(fs::exists(store_ + "/ANCHOR.new"));
}

TEST_F(Links, OfTheStoreItselfAreFollowed) {
  const std::string real = directory_.path("real");
  fs::create_directory(real);
  fs::create_directory_symlink(real, store_);
  EXPECT_TRUE(work().ok());
  EXPECT_TRUE(work().ok());
  EXPECT_TRUE(fs::exists(real + "/ANCHOR"));
  EXPECT_TRUE(copy_rocks_store(store_, directory_.path("copy")).ok());
}

TEST_F(Links, NothingIsCopiedThroughThem) {
  ASSERT_TRUE(work().ok());
  const std::string elsewhere = directory_.path("elsewhere");
  const std::string copy = directory_.path("copy");
  fs::create_directory(elsewhere);
  for (const std::string& place : {copy, copy + ".new"}) {
    fs::create_directory_symlink(elsewhere, place);
    EXPECT_EQ(copy_rocks_store(store_, copy).status().code(), StatusCode::kAlreadyExists);
    EXPECT_TRUE(fs::is_empty(elsewhere));
    EXPECT_TRUE(fs::is_symlink(place));
    fs::remove(place);
  }
  for (const char* name : {"LOCK", "FORMAT.new", "rocksdb"}) {
    SCOPED_TRACE(name);
    write_file(precious_, std::string(kPrecious));
    fs::create_directory(copy + ".new");
    put(Way::kLink, copy + ".new/" + name);
    (void)copy_rocks_store(store_, copy);
    EXPECT_EQ(file_bytes(precious_), kPrecious);
    fs::remove_all(copy);
    fs::remove_all(copy + ".new");
  }
}

}  // namespace
}  // namespace rollcall
