// A host that has closed standard input, output or error: no file of a store gets their numbers.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/file_source.h"
#include "rollcall/rocks_store.h"
#include "rollcall/store_copy.h"
#include "tests/core/source/source_files.h"
#include "tests/storage/temporary_directory.h"

namespace rollcall {
namespace {

enum class Found : int { kFine, kFailed, kInAFile };

// Says what has descriptor `fd`.
std::string open_at(int fd) {
  std::array<char, 4096> path{};
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  return ::readlink(link.c_str(), path.data(), path.size() - 1) < 0 ? "" : path.data();
}

// Runs in a process of its own. Before each step, those of `closed` are closed again.
Found work(const std::string& directory, const std::string& csv, const std::vector<int>& closed) {
  const auto close_again = [&] {
    for (const int fd : closed) ::close(fd);
  };
  bool in_a_file = false;
  const auto look = [&] {
    for (int fd = 0; fd <= 2; ++fd) in_a_file |= open_at(fd).starts_with(directory);
  };
  const std::string store_path = directory + "/store";
  bool good = true;
  for (int session = 0; good && session < 2; ++session) {
    close_again();
    auto store = open_rocks_store(store_path);
    look();
    EngineOptions options;
    if (!store.ok()) return Found::kFailed;
    auto engine = Engine::open(*std::move(store), options);
    if (!engine.ok()) return Found::kFailed;
    close_again();
    const std::vector<std::string_view> users = {"ann", "bob", "cid"};
    const std::vector<TimeUs> times = {0, 1, 2};
    const std::vector<std::string_view> names = {"login"};
    EventBatch batch;
    batch.user_strings = users;
    batch.time = times;
    batch.event.values = names;
    for (int i = 0; i < 3; ++i) {
      close_again();
      Delivery delivery;
      delivery.ack = Ack::kDurable;  // the second begins a journal file
      good = good && (*engine)->ingest(batch, delivery).ok();
      look();
    }
    close_again();
    good = good && ingest_files(**engine, {csv}, {}, {}).ok();
    look();
    close_again();
    good = good && (*engine)->compact().ok();
    look();
    good = good && (*engine)->close().ok();
  }
  close_again();
  good = good && copy_rocks_store(store_path, directory + "/copy").ok();
  look();
  close_again();
  const auto reader = open_rocks_store(directory + "/copy", {.read_only = true});
  look();
  good = good && reader.ok();
  return in_a_file ? Found::kInAFile : good ? Found::kFine : Found::kFailed;
}

TEST(Descriptors, AreNoneOfAStoresFiles) {
  const TestDirectory files;
  const std::string csv = files.write("e.csv", "user,time,event\nu,2026-01-01,login\n");
  for (const std::vector<int>& closed :
       {std::vector<int>{0}, {1}, {2}, {0, 1}, {1, 2}, {0, 1, 2}}) {
    const TemporaryDirectory directory;
    const pid_t child = ::fork();
    if (child == 0) ::_exit(static_cast<int>(work(directory.path(), csv, closed)));
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), static_cast<int>(Found::kFine))
        << "closed " << ::testing::PrintToString(closed);
  }
}

}  // namespace
}  // namespace rollcall
