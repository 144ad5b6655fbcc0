// A store whose calls fail, one after the other, once or for ever: what was asked gets the error,
// other questions are answered rightly, and the store opened again has a whole number of batches.
//
// Every ROLLCALL_FAULT_STEP-th call of a session fails, until a session has no more of them.

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>

#include "rollcall/memory_store.h"
#include "tests/reliability/checked_stream.h"
#include "tests/support/faulty_store.h"
#include "tests/support/random.h"
#include "tests/support/run_size.h"

namespace rollcall::testing {
namespace {

constexpr std::size_t kBatches = 4;

class StoreFaults : public ::testing::Test {
 protected:
  // There is so little memory that pages leave it, and are read back.
  Result<std::unique_ptr<Engine>> open(const std::shared_ptr<Faults>& faults) const {
    EngineOptions options;
    options.settings = stream_.settings();
    options.threads_max = 1;
    options.memory_bytes_max = 40'000;
    options.checkpoint_dirty_bytes_max = 20'000;
    return Engine::open(std::make_unique<FaultyStore>(open_memory_store(disk_), faults), options);
  }

  void expect_no_wrong_answer(const Engine& engine, std::size_t batches) const {
    const auto comparison = stream_.compare(engine, batches);
    EXPECT_EQ(comparison.wrong, "");
    EXPECT_TRUE(comparison.first_error.ok() ||
                comparison.first_error.code() == StatusCode::kIoError)
        << comparison.first_error.to_string();
  }

  // Feeds an empty store, makes a checkpoint and asks all questions after each batch, and opens it
  // again in between. It fails, and goes on after each failure, as a caller might.
  void run(const std::shared_ptr<Faults>& faults) {
    disk_ = make_memory_disk();
    std::size_t acknowledged = 0;
    std::size_t ingested = 0;
    std::size_t begun = 0;
    for (int session = 0; session < 2; ++session) {
      const auto engine = open(faults);
      if (!engine.ok()) {
        EXPECT_EQ(engine.status().code(), StatusCode::kIoError) << engine.status().to_string();
        continue;
      }
      const Result<std::size_t> position = stream_.position(**engine);
      ASSERT_TRUE(position.ok());
      ASSERT_GE(*position, acknowledged);
      ASSERT_LE(*position, begun);
      ingested = *position;
      const std::size_t end = session == 0 ? kBatches / 2 : kBatches;
      while (ingested < end) {
        const Status status = stream_.ingest(**engine, ingested);
        if (status.code() == StatusCode::kUncertain) begun = ingested + 1;
        if (!status.ok()) break;
        begun = ++ingested;
        expect_no_wrong_answer(**engine, ingested);
        if ((*engine)->checkpoint().ok()) acknowledged = ingested;
      }
      expect_no_wrong_answer(**engine, ingested);
    }
    // Afterwards all is well.
    const auto engine = open(std::make_shared<Faults>());
    ASSERT_TRUE(engine.ok()) << engine.status().to_string();
    const Result<std::size_t> position = stream_.position(**engine);
    ASSERT_TRUE(position.ok());
    EXPECT_GE(*position, acknowledged);
    EXPECT_LE(*position, begun);
    for (std::size_t i = *position; i < kBatches; ++i) {
      ASSERT_TRUE(stream_.ingest(**engine, i).ok());
    }
    const auto comparison = stream_.compare(**engine, kBatches);
    EXPECT_EQ(comparison.wrong, "");
    EXPECT_TRUE(comparison.first_error.ok()) << comparison.first_error.to_string();
    ASSERT_TRUE((*engine)->checkpoint().ok());
    const Result<VerifyReport> report = (*engine)->verify();
    ASSERT_TRUE(report.ok());
    EXPECT_TRUE(report->faults.empty()) << report->faults.front();
  }

  std::shared_ptr<MemoryDisk> disk_;
  const CheckedStream stream_{13, kBatches};
};

TEST_F(StoreFaults, AnyCallFails) {
  Random random(run_seed());
  const auto none = std::make_shared<Faults>();
  run(none);
  const std::uint64_t calls = none->calls;
  const std::uint64_t step = run_size("ROLLCALL_FAULT_STEP", 300);
  std::printf("%llu calls, of which one in %llu fails\n", static_cast<unsigned long long>(calls),
              static_cast<unsigned long long>(step));
  EXPECT_GT(calls, 500u);
  for (std::uint64_t call = 1 + random.below(step); call <= calls && !HasFailure(); call += step) {
    for (const bool for_ever : {false, true}) {
      const auto faults = std::make_shared<Faults>();
      faults->call = call;
      faults->for_ever = for_ever;
      faults->late = random.chance(50);
      SCOPED_TRACE(::testing::Message() << "call " << call << (for_ever ? " and all after" : "")
                                        << (faults->late ? ", late" : ""));
      ASSERT_NO_FATAL_FAILURE(run(faults));
    }
  }
}

}  // namespace
}  // namespace rollcall::testing
