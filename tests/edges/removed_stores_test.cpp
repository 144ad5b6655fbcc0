// A store may be removed, moved or replaced while it is written. What is said to be durable would
// then be in no file that has a name, and nobody would say so. What has the name now is not
// touched, either.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "rollcall/delivery.h"
#include "rollcall/engine.h"
#include "rollcall/rocks_store.h"
#include "rollcall/store_copy.h"
#include "tests/edges/edge_engine.h"
#include "tests/storage/file_bytes.h"
#include "tests/storage/temporary_directory.h"
#include "tests/support/error_text.h"

namespace rollcall::testing {
namespace {

namespace fs = std::filesystem;

class RemovedStores : public ::testing::Test {
 protected:
  std::unique_ptr<Engine> open() const { return *Engine::open(*open_rocks_store(store_), {}); }
  void expect_gone(const Status& status, StatusCode code = StatusCode::kIoError) const {
    EXPECT_EQ(status.code(), code) << status.to_string();
    EXPECT_TRUE(repeats(status, store_)) << status.to_string();
  }

  const TemporaryDirectory directory_;
  const std::string store_ = directory_.path("store");
};

TEST_F(RemovedStores, AreSaidToBeGone) {
  for (const std::string how : {"removed", "moved", "replaced"}) {
    for (const bool has_news : {false, true}) {
      SCOPED_TRACE(how);
      const auto engine = open();
      ASSERT_TRUE(ingest_events(*engine, {edge_event("ann")}).ok());
      ASSERT_TRUE(engine->checkpoint().ok());
      if (has_news) {
        ASSERT_TRUE(ingest_events(*engine, {edge_event("bob")}).ok());
      }
      if (how == "removed") {
        fs::remove_all(store_);
      } else {
        fs::rename(store_, directory_.path("elsewhere"));
      }
      if (how == "replaced")
        fs::copy(directory_.path("elsewhere"), store_, fs::copy_options::recursive);
      if (has_news) expect_gone(engine->checkpoint());
      if (!has_news) expect_gone(engine->close());
      fs::remove_all(store_);
      fs::remove_all(directory_.path("elsewhere"));
    }
  }
}

TEST_F(RemovedStores, AcknowledgeNoBatchAsDurable) {
  const auto engine = open();
  Delivery delivery;
  delivery.ack = Ack::kDurable;
  ASSERT_TRUE(ingest_events(*engine, {edge_event("ann")}, delivery).ok());
  ASSERT_TRUE(ingest_events(*engine, {edge_event("bob")}, delivery).ok());
  fs::remove_all(store_);
  expect_gone(ingest_events(*engine, {edge_event("cem")}, delivery), StatusCode::kUncertain);
  EXPECT_FALSE(engine->close().ok());
}

TEST_F(RemovedStores, ForgetNobody) {
  const auto engine = open();
  ASSERT_TRUE(ingest_events(*engine, {edge_event("ann")}).ok());
  ASSERT_TRUE(engine->checkpoint().ok());
  fs::remove_all(store_);
  expect_gone(engine->forget(std::vector<UserId>{std::string("ann")}).status());
}

// The process is in a directory until this ends.
class InDirectory {
 public:
  explicit InDirectory(const std::string& directory) { fs::current_path(directory); }
  ~InDirectory() { fs::current_path(before_); }

 private:
  const fs::path before_ = fs::current_path();
};

// It makes no difference to a store where the process goes: not to what it writes, and not to the
// store that has the same name there.
TEST_F(RemovedStores, AreNoneThatWereOpenedByARelativePath) {
  const std::string other = directory_.path("other/store");
  fs::create_directory(directory_.path("other"));
  Delivery durable;
  durable.ack = Ack::kDurable;
  {
    const auto engine = *Engine::open(*open_rocks_store(other), {});
    ASSERT_TRUE(ingest_events(*engine, {edge_event("zoe")}, durable).ok());
    ASSERT_TRUE(engine->close().ok());
  }
  const auto other_before = all_files(other);
  {
    const InDirectory at_opening(directory_.path(""));
    const auto engine = *Engine::open(*open_rocks_store("store"), {});
    ASSERT_TRUE(ingest_events(*engine, {edge_event("ann")}, durable).ok());
    ASSERT_TRUE(engine->checkpoint().ok());
    const InDirectory later(directory_.path("other"));
    ASSERT_TRUE(ingest_events(*engine, {edge_event("bob")}, durable).ok());
    ASSERT_TRUE(engine->checkpoint().ok());
    ASSERT_TRUE(ingest_events(*engine, {edge_event("cem")}, durable).ok());
    EXPECT_EQ(open_rocks_store("../store").status().code(), StatusCode::kBusy);
    ASSERT_TRUE(engine->compact().ok());
    EXPECT_EQ(engine->verify()->faults, std::vector<std::string>());
    EXPECT_TRUE(engine->close().ok());
  }
  EXPECT_EQ(all_files(other), other_before);
  EXPECT_EQ((*Engine::open(*open_rocks_store(store_), {}))->info().user_count, 3u);
}

TEST_F(RemovedStores, AreNamedAsTheCallerNamedThem) {
  const InDirectory there(directory_.path(""));
  EXPECT_EQ(open_rocks_store("none", {.create_if_missing = false}).status().message(),
            "none: no rollcall store is there");
  EXPECT_EQ(open_rocks_store("").status().message(), "directory: is empty (allowed: a path)");
  for (const std::string name : {"store", "./store", "store//"}) {
    SCOPED_TRACE(name);
    const auto engine = *Engine::open(*open_rocks_store(name), {});
    ASSERT_TRUE(ingest_events(*engine, {edge_event("ann")}).ok());
    fs::rename("store", "moved");
    const InDirectory elsewhere(directory_.path("moved"));
    EXPECT_EQ(engine->checkpoint().message(),
              std::string(name == "./store" ? name : "store") +
                  ": the store is not there any more: it was removed, moved or replaced while it "
                  "was open, and what was written went with it");
    fs::remove_all(directory_.path("moved"));
  }
  ASSERT_TRUE((*Engine::open(*open_rocks_store("store"), {}))->checkpoint().ok());
  fs::rename("store/rocksdb", "database");
  EXPECT_EQ(open_rocks_store("store").status().message(),
            "store/rocksdb: the database is missing, but store/ANCHOR is there; put the database "
            "back");
}

// Another directory has taken the name of the one in which a copy is made.
TEST_F(RemovedStores, CopiesThatFailTakeNothingElseAlong) {
  const std::string copy = directory_.path("copy");
  {
    const auto engine = open();
    ASSERT_TRUE(ingest_events(*engine, {edge_event("ann")}).ok());
    ASSERT_TRUE(engine->close().ok());
  }
  bool is_swapped = false;
  const auto swap = [&](std::uint64_t, std::uint64_t) {
    if (is_swapped) return;
    is_swapped = true;
    fs::rename(copy + ".new", directory_.path("moved"));
    fs::copy(store_, copy + ".new", fs::copy_options::recursive);
  };
  EXPECT_FALSE(copy_rocks_store(store_, copy, swap).ok());
  EXPECT_FALSE(fs::exists(copy));
  EXPECT_TRUE(open_rocks_store(copy + ".new", {.read_only = true}).ok());
}

}  // namespace
}  // namespace rollcall::testing
