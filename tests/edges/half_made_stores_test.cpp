// A store whose making a crash has ended is none to every call but one that may make it; and
// nothing that such a call finds is changed.

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "rollcall/engine.h"
#include "rollcall/rocks_store.h"
#include "rollcall/store_copy.h"
#include "tests/storage/file_bytes.h"
#include "tests/storage/temporary_directory.h"

namespace rollcall {
namespace {

namespace fs = std::filesystem;

class HalfMadeStores : public ::testing::Test {
 protected:
  // Makes a store as far as the stage: each stage lacks what the one before has.
  void make_until(const std::string& stage) const {
    fs::remove_all(store_);
    ASSERT_TRUE(open_rocks_store(store_).ok());
    if (stage == "commit") return;
    fs::remove(store_ + "/ANCHOR");
    if (stage == "ANCHOR") return;
    fs::remove_all(store_ + "/rocksdb");
  }

  void expect_refused(const Status& status) const {
    EXPECT_EQ(status.code(), StatusCode::kNotFound) << status.to_string();
    EXPECT_EQ(status.message(), store_ + ": a store whose making is not finished");
  }

  const TemporaryDirectory directory_;
  const std::string store_ = directory_.path("store");
  const std::string copy_ = directory_.path("copy");
};

TEST_F(HalfMadeStores, AreRefusedAlikeByEveryCall) {
  for (const char* missing : {"commit", "ANCHOR", "rocksdb"}) {
    SCOPED_TRACE(missing);
    make_until(missing);
    const auto files = all_files(store_);
    expect_refused(open_rocks_store(store_, {.read_only = true}).status());
    expect_refused(copy_rocks_store(store_, copy_).status());
    EXPECT_FALSE(fs::exists(copy_) || fs::exists(copy_ + ".new"));
    expect_refused(open_rocks_store(store_, {.create_if_missing = false}).status());
    expect_refused(
        open_rocks_store(store_, {.create_if_missing = false, .accept_rollback = true}).status());
    EXPECT_TRUE(all_files(store_) == files);

    // A process that may make a store finishes it, with settings of its own.
    auto store = open_rocks_store(store_);
    ASSERT_TRUE(store.ok()) << store.status().to_string();
    EngineOptions options;
    options.settings = StoreSettings{};
    options.settings->time_zone = "Europe/London";
    auto engine = Engine::open(*std::move(store), options);
    ASSERT_TRUE(engine.ok()) << engine.status().to_string();
    ASSERT_TRUE((*engine)->close().ok());
    EXPECT_TRUE(copy_rocks_store(store_, copy_).ok());
    fs::remove_all(copy_);
  }
}

}  // namespace
}  // namespace rollcall
