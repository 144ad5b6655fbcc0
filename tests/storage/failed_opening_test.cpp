// A database that RocksDB cannot open is as it was before.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "rollcall/rocks_store.h"
#include "tests/storage/commits.h"
#include "tests/storage/file_bytes.h"
#include "tests/storage/history_checks.h"
#include "tests/storage/temporary_directory.h"

namespace rollcall {
namespace {

namespace fs = std::filesystem;

fs::path log_of(const fs::path& store) {
  for (const auto& entry : fs::directory_iterator(store / "rocksdb")) {
    if (entry.path().extension() == ".log") return entry.path();
  }
  return {};
}

// A log of before, whose content has gone into a table since: RocksDB makes a second table of it,
// and refuses the two.
TEST(FailedOpening, LeavesNoTableOfALogThatIsOneAlready) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("store");
  const History history(5, 20, 2'000);
  {
    const auto store = open_rocks_store(path);
    ASSERT_TRUE(store.ok()) << store.status().to_string();
    for (const Epoch epoch : {Epoch{1}, Epoch{2}}) {
      ASSERT_TRUE((*store)->commit(history.commit(epoch)).ok());
    }
  }
  const std::string before = file_bytes(log_of(path));
  ASSERT_GT(before.size(), 0u);
  ASSERT_TRUE(open_rocks_store(path).ok());
  const fs::path log = log_of(path);
  const std::string right = file_bytes(log);
  ASSERT_NE(right, before);
  write_file(log, before);
  const auto files = all_files(path);
  const Status status = open_rocks_store(path).status();
  EXPECT_EQ(status.code(), StatusCode::kCorruption) << status.to_string();
  EXPECT_TRUE(all_files(path) == files);
  write_file(log, right);
  const auto store = open_rocks_store(path);
  ASSERT_TRUE(store.ok()) << store.status().to_string();
  expect_history(**store, history, 2);
}

}  // namespace
}  // namespace rollcall
