// A disk fails beneath a store: at any call, once or for ever, by a power cut, or for want of room.
// Whatever was asked of the engine gets a clear error, questions are still answered, and the store
// opened again has every batch that was acknowledged, wholly, and goes on.
//
// Of the calls that a session makes, every ROLLCALL_FAULT_STEP-th from ROLLCALL_FAULT_CALL on
// fails, each in a process of its own. RocksDB of Debian has its assertions on, and some failures
// break one, which is counted apart and must lose nothing either.

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <string>

#include "rollcall/rocks_store.h"
#include "tests/reliability/checked_stream.h"
#include "tests/reliability/child.h"
#include "tests/reliability/faulty_disk.h"
#include "tests/storage/temporary_directory.h"
#include "tests/support/error_text.h"
#include "tests/support/random.h"
#include "tests/support/run_size.h"

namespace rollcall::testing {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBatches = 7;

// Holds what a session has done, and is kept when its process ends.
struct Progress {
  std::size_t begun = 0;
  std::size_t ingested = 0;
  std::size_t acknowledged = 0;  // durable, by the journal or a checkpoint
  std::uint64_t calls = 0;
  std::uint64_t bytes = 0;
  bool has_failed = false;
  bool was_told = false;
  bool was_told_of_journal = false;
};

class DiskFaults : public ::testing::Test {
 protected:
  DiskFaults()
      : progress_(static_cast<Progress*>(::mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE,
                                                MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {}
  ~DiskFaults() override { ::munmap(progress_, sizeof(Progress)); }

#if defined(__SANITIZE_THREAD__)
  // Otherwise the sanitizer takes files for others, and hangs in its report of that.
  void SetUp() override {
    GTEST_SKIP() << "the thread sanitizer follows files by the functions of the C library whose "
                    "place faulty_disk.cpp takes";
  }
#endif

  Result<std::unique_ptr<Engine>> open() const {
    ROLLCALL_ASSIGN_OR_RETURN(std::unique_ptr<Store> store, open_rocks_store(path_));
    EngineOptions options;
    options.settings = stream_.settings();
    options.threads_max = 1;
    if (by_partition_) options.memory_bytes_max = 1;
    return Engine::open(std::move(store), options);
  }

  // Ingests from where the engine stands to before batch `end`. A checkpoint follows each batch in
  // memory.
  Status feed(Engine& engine, std::size_t end) {
    ROLLCALL_ASSIGN_OR_RETURN(const std::size_t begin, stream_.position(engine));
    for (std::size_t i = begin; i < end; ++i) {
      ROLLCALL_RETURN_IF_ERROR(ingest(engine, i));
      if (CheckedStream::ack(i) == Ack::kMemory) ROLLCALL_RETURN_IF_ERROR(engine.checkpoint());
      progress_->acknowledged = i + 1;
    }
    return {};
  }

  Status ingest(Engine& engine, std::size_t number) {
    progress_->begun = number + 1;
    Status status = stream_.ingest(engine, number, CheckedStream::ack(number));
    // It may be in, or come in; with any other error nothing has happened.
    if (status.ok() || status.code() == StatusCode::kUncertain) {
      ROLLCALL_ASSIGN_OR_RETURN(progress_->ingested, stream_.position(engine));
    }
    if (status.code() != StatusCode::kUncertain) progress_->begun = progress_->ingested;
    return status;
  }

  // Makes the store, leaves it as a crash would with a batch in its journal, and opens it twice
  // more; ends at the first error. Returns what is wrong, or "".
  std::string session() {
    // RocksDB moves its log into a table at each opening.
    for (const std::size_t end : {std::size_t{2}, CheckedStream::kLargeBatch + 1, kBatches}) {
      const auto engine = open();
      Status status = engine.status();
      if (status.ok()) status = feed(**engine, end);
      if (engine.ok() && !status.ok()) {
        const auto comparison = stream_.compare(**engine, progress_->ingested);
        if (!comparison.wrong.empty())
          return "after " + status.to_string() + ": " + comparison.wrong;
      }
      if (status.ok() && end != 2) status = (*engine)->close();
      if (!status.ok()) return told(status);
    }
    return "";
  }

  std::string told(const Status& status) {
    progress_->was_told = true;
    if (!disk_has_failed()) return "an error without a fault: " + status.to_string();
    progress_->was_told_of_journal = repeats(status, path_ + "/JOURNAL-");
    const bool says_where = repeats(status, path_);
    return says_where ? "" : "the error does not say where: " + status.to_string();
  }

  // Opens the store on a disk that works: what was acknowledged is there, and the rest can follow.
  std::string recover() {
    for (int time = 0; time < 2; ++time) {
      const std::size_t acknowledged = progress_->acknowledged;
      const std::size_t begun = progress_->begun;
      const auto engine = open();
      if (!engine.ok()) return "not opened again: " + engine.status().to_string();
      const Result<std::size_t> position = stream_.position(**engine);
      if (!position.ok()) return position.status().to_string();
      if (*position < acknowledged || *position > begun) {
        return "opened at " + std::to_string(*position) + ", acknowledged " +
               std::to_string(acknowledged) + ", begun " + std::to_string(begun);
      }
      for (const std::size_t batches : {*position, kBatches}) {
        const Status status = feed(**engine, batches);
        if (!status.ok()) return "does not go on: " + status.to_string();
        const auto comparison = stream_.compare(**engine, batches);
        if (!comparison.wrong.empty()) return "opened again: " + comparison.wrong;
        if (!comparison.first_error.ok()) return comparison.first_error.to_string();
      }
      const Result<VerifyReport> report = (*engine)->verify();
      if (!report.ok()) return report.status().to_string();
      if (!report->faults.empty()) return report->faults.front();
    }
    return "";
  }

  // A session on a disk that fails so, and what is found afterwards.
  void run(const DiskFault& fault) {
    fs::remove_all(path_);
    *progress_ = {};
    const ChildEnd end = run_in_child([&] {
      start_disk_faults(path_, fault);
      std::string wrong = session();
      progress_->calls = disk_calls();
      progress_->bytes = disk_bytes();
      progress_->has_failed = disk_has_failed();
      return wrong;
    });
    if (end.how == ChildEnd::How::kExited && end.code == kPowerCutCode) {
      ++power_cuts_;
    } else if (end.how == ChildEnd::How::kAsserted) {
      ++aborts_;
      ++assertions_[end.errors];
    } else {
      ASSERT_EQ(end.how, ChildEnd::How::kReturned) << to_string(end);
      ASSERT_EQ(end.report, "");
      ++(progress_->was_told ? told_ : absorbed_);
      if (progress_->was_told_of_journal) ++told_of_journal_;
    }
    const ChildEnd after = run_in_child([&] { return recover(); });
    ASSERT_EQ(after.how, ChildEnd::How::kReturned) << to_string(after);
    ASSERT_EQ(after.report, "");
  }

  // A session on a disk that works, to know how much it does.
  Progress whole_session() {
    run({});
    EXPECT_EQ(absorbed_, 1);
    EXPECT_EQ(progress_->acknowledged, kBatches);
    absorbed_ = 0;
    return *progress_;
  }

  // Feeds the store until the disk is full, and looks at what is left to do then. Returns what is
  // wrong, or "".
  std::string fill_disk() {
    auto engine = open();
    Status status = engine.status();
    if (status.ok()) status = feed(**engine, kBatches);
    if (status.ok()) return "the disk was not full";
    if (!repeats(status, std::strerror(ENOSPC))) {
      return "the error does not say why: " + status.to_string();
    }
    if (engine.ok()) {
      const std::size_t ingested = progress_->ingested;
      // A batch that the journal has no room for has not happened, and may come again.
      const bool may_go_on = ingested == progress_->acknowledged;
      for (const bool has_room : {false, true}) {
        if (has_room) stop_disk_faults();
        const auto comparison = stream_.compare(**engine, ingested);
        if (!comparison.wrong.empty()) return comparison.wrong;
        if (!comparison.first_error.ok()) return "no answer: " + comparison.first_error.to_string();
        if (may_go_on || ingested == kBatches) continue;
        if (ingest(**engine, ingested).ok()) return "a batch was taken that cannot become durable";
      }
      if (may_go_on) {
        const Status again = feed(**engine, kBatches);
        if (!again.ok()) return "there is room, but: " + again.to_string();
      }
    } else {
      stop_disk_faults();
    }
    engine = Status::not_found("");
    return recover();
  }

  // Sessions in which one call after the other fails, so many apart.
  void fail_calls(std::uint64_t step_default) {
    Random random(run_seed());
    const std::uint64_t calls = whole_session().calls;
    const std::uint64_t step = run_size("ROLLCALL_FAULT_STEP", step_default);
    const std::uint64_t first = run_size("ROLLCALL_FAULT_CALL", 1 + random.below(step));
    std::printf("%llu calls, of which one in %llu fails\n", static_cast<unsigned long long>(calls),
                static_cast<unsigned long long>(step));
    for (std::uint64_t call = first; call <= calls; call += step) {
      for (const auto what : {DiskFault::What::kFailOnce, DiskFault::What::kFailForEver,
                              DiskFault::What::kPowerCut}) {
        SCOPED_TRACE(::testing::Message() << "call " << call << " kind " << static_cast<int>(what));
        run({.what = what, .call = call, .seed = random.bits()});
      }
    }
    report();
  }

  void report() const {
    std::printf("%d errors told (%d of the journal), %d absorbed, %d power cuts, ", told_,
                told_of_journal_, absorbed_, power_cuts_);
    std::printf("%d times RocksDB aborted\n", aborts_);
    for (const auto& [assertion, times] : assertions_) {
      std::printf("%5d  %s\n", times, assertion.c_str());
    }
  }

  TemporaryDirectory directory_{directory_in_memory()};
  const std::string path_ = directory_.path("store");
  const CheckedStream stream_{11, kBatches};
  Progress* const progress_;
  bool by_partition_ = false;
  int told_ = 0;
  int told_of_journal_ = 0;
  int absorbed_ = 0;  // a fault that nobody needs to hear of
  int power_cuts_ = 0;
  int aborts_ = 0;
  std::map<std::string, int> assertions_;
};

TEST_F(DiskFaults, AnyCallFails) { fail_calls(60); }

// There is so little memory that every batch is written ahead of a commit of its own.
TEST_F(DiskFaults, AnyCallFailsByPartition) {
  by_partition_ = true;
  fail_calls(100);
}

TEST_F(DiskFaults, WritesTablesWithoutDirectWritesWhereThereAreNone) {
  for (const bool takes_direct : {false, true}) {
    SCOPED_TRACE(takes_direct);
    fs::remove_all(path_);
    *progress_ = {};
    const ChildEnd end = run_in_child([&]() -> std::string {
      start_disk_faults(path_, {.takes_direct = takes_direct});
      auto engine = open();
      if (!engine.ok()) return engine.status().to_string();
      const Status status = feed(**engine, kBatches);
      if (!status.ok()) return status.to_string();
      if (direct_files() == 0) return "no file was opened for direct writes";
      stop_disk_faults();
      engine = Status::not_found("");
      return recover();
    });
    ASSERT_EQ(end.how, ChildEnd::How::kReturned) << to_string(end);
    ASSERT_EQ(end.report, "");
  }
}

// Once a checkpoint has failed for want of room, nothing more is taken, and questions are answered;
// when there is room, opening the store again is all it takes.
TEST_F(DiskFaults, FullDiskPausesWriting) {
  const std::uint64_t bytes = whole_session().bytes;
  const std::uint64_t places = 180 / run_size("ROLLCALL_FAULT_STEP", 12);
  for (std::uint64_t place = 0; place < places; ++place) {
    const std::uint64_t bytes_max = bytes / 2 * place / places;  // a session writes some twice
    SCOPED_TRACE(::testing::Message() << "full after " << bytes_max << " of " << bytes << " bytes");
    fs::remove_all(path_);
    *progress_ = {};
    const ChildEnd end = run_in_child([&] {
      start_disk_faults(path_, {.bytes_max = bytes_max});
      return fill_disk();
    });
    ASSERT_EQ(end.how, ChildEnd::How::kReturned) << to_string(end);
    ASSERT_EQ(end.report, "");
  }
}

}  // namespace
}  // namespace rollcall::testing
