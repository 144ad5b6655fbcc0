// Readers beside a writer in another process, which ingests and makes checkpoints all the time:
// each reader has exactly one committed state, and a second writer is told who the first one is.

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <new>
#include <string>

#include "rollcall/rocks_store.h"
#include "tests/reliability/checked_stream.h"
#include "tests/reliability/child.h"
#include "tests/storage/temporary_directory.h"
#include "tests/support/error_text.h"
#include "tests/support/run_size.h"

namespace rollcall::testing {
namespace {

constexpr std::size_t kBatches = 20;

// Holds what the writer has done, in memory that both processes see.
struct Shared {
  std::atomic<std::size_t> begun{0};      // batches whose checkpoint may be there
  std::atomic<std::size_t> committed{0};  // batches whose checkpoint is there
  std::atomic<bool> ended{false};
  int opened = 0;
  int turned_away = 0;  // opened too often while the writer changed files
};

class Readers : public ::testing::Test {
 protected:
  Result<std::unique_ptr<Engine>> open(bool read_only) const {
    ROLLCALL_ASSIGN_OR_RETURN(std::unique_ptr<Store> store,
                              open_rocks_store(path_, {.read_only = read_only}));
    EngineOptions options;
    options.settings = stream_.settings();
    options.threads_max = 1;
    return Engine::open(std::move(store), options);
  }

  // The store is opened anew now and then, because RocksDB changes most of its files then.
  std::string write() {
    for (std::size_t i = 0; i < kBatches;) {
      auto engine = open(/*read_only=*/false);
      // The reader, which tries to be a second writer, may be the first.
      while (engine.status().code() == StatusCode::kBusy) engine = open(/*read_only=*/false);
      if (!engine.ok()) return engine.status().to_string();
      for (const std::size_t end = i + 4; i < end; ++i) {
        shared_->begun = i + 1;
        Status status = stream_.ingest(**engine, i);
        if (status.ok()) status = (*engine)->checkpoint();
        if (!status.ok()) return status.to_string();
        shared_->committed = i + 1;
      }
    }
    return "";
  }

  std::string read(pid_t writer) {
    while (!shared_->ended) {
      const std::size_t committed = shared_->committed;
      const auto engine = open(/*read_only=*/true);
      if (!engine.ok()) {
        const bool not_yet = committed == 0 && engine.status().code() == StatusCode::kNotFound;
        if (engine.status().code() == StatusCode::kBusy) ++shared_->turned_away;
        if (not_yet || engine.status().code() == StatusCode::kBusy) continue;
        return engine.status().to_string();
      }
      ++shared_->opened;
      const Result<std::size_t> position = stream_.position(**engine);
      if (!position.ok()) return position.status().to_string();
      if (*position < committed || *position > shared_->begun) {
        return "opened at " + std::to_string(*position) + " of " + std::to_string(committed);
      }
      const auto comparison = stream_.compare(**engine, *position);
      if (!comparison.wrong.empty()) return comparison.wrong;
      if (!comparison.first_error.ok()) return comparison.first_error.to_string();

      const Status second = open_rocks_store(path_, {.create_if_missing = false}).status();
      if (second.code() == StatusCode::kBusy &&
          !repeats(second, " " + std::to_string(writer) + " ") &&
          second.message() != path_ +
                                  "/LOCK: the store is being written by a process that has not "
                                  "said who it is yet") {
        return "the writer is not named: " + second.to_string();
      }
    }
    return "";
  }

  TemporaryDirectory directory_{directory_in_memory()};
  std::string path_;
  const CheckedStream stream_{17, kBatches};
  Shared* const shared_ = new (::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE,
                                      MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Shared;
};

TEST_F(Readers, SeeOneCommittedState) {
  const std::uint64_t rounds = run_size("ROLLCALL_READER_ROUNDS", 8);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    path_ = directory_.path("store" + std::to_string(round));
    shared_->begun = shared_->committed = 0;
    shared_->ended = false;
    const pid_t writer = ::fork();
    if (writer == 0) {
      const std::string wrong = write();
      std::fprintf(stderr, "%s", wrong.c_str());
      shared_->ended = true;
      ::_exit(wrong.empty() ? 0 : 1);
    }
    const ChildEnd end = run_in_child([&] { return read(writer); });
    int status = 0;
    ASSERT_EQ(::waitpid(writer, &status, 0), writer);
    ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ASSERT_EQ(end.how, ChildEnd::How::kReturned) << to_string(end);
    ASSERT_EQ(end.report, "");
    std::filesystem::remove_all(path_);
  }
  EXPECT_GT(shared_->opened, 0);
  std::printf("%d readers, %d turned away\n", shared_->opened, shared_->turned_away);
}

}  // namespace
}  // namespace rollcall::testing
