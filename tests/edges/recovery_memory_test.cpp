// Opening after a crash stays within the memory, however many users the store has and however much
// there is in the journal.
#include <gtest/gtest.h>

#include <cstdint>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/rocks_store.h"
#include "tests/storage/temporary_directory.h"
#include "tests/support/process_growth.h"
#include "tests/support/times.h"

namespace rollcall::testing {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

// Ingests visits of the users from `first` on, each `step` after the one before.
Status ingest(Engine& engine, std::uint64_t first, std::uint64_t step, std::size_t count, int day,
              Ack ack) {
  std::vector<std::string> ids;
  std::vector<std::string_view> users;
  for (std::size_t i = 0; i < count; ++i) {
    ids.push_back("somebody with a long name " + std::to_string(first + i * step));
  }
  users.assign(ids.begin(), ids.end());
  const std::vector<std::string_view> names = {"visit"};
  const std::vector<TimeUs> times(count, (20'454 + day) * kDayUs);
  EventBatch batch;
  batch.user_strings = users;
  batch.event.values = names;
  batch.time = times;
  return engine.ingest(batch, {.ack = ack}).status();
}

TEST(RecoveryMemory, HoldsForAllUsersAndALongJournal) {
  constexpr std::size_t kBudget = 64 * kMiB;
  constexpr std::uint64_t kUsers = 2'000'000;
  constexpr std::size_t kBatchRows = 1 << 17, kRecordRows = 20'000;
  constexpr int kRecords = 6;
  const TemporaryDirectory directory;
  const std::string path = directory.path("store");
  std::uint64_t events = 0;
  {
    EngineOptions options;
    options.checkpoint_seconds = 0;
    const auto engine = *Engine::open(*open_rocks_store(path), options);
    for (std::uint64_t user = 0; user < kUsers; user += kBatchRows) {
      ASSERT_TRUE(ingest(*engine, user, 1, kBatchRows, 0, Ack::kMemory).ok());
      events += kBatchRows;
    }
    ASSERT_TRUE(engine->checkpoint().ok());
    for (int record = 0; record < kRecords; ++record) {
      ASSERT_TRUE(ingest(*engine, static_cast<std::uint64_t>(record), kUsers / kRecordRows,
                         kRecordRows, 1 + record, Ack::kDurable)
                      .ok());
      events += kRecordRows;
    }
  }
  for (const std::size_t budget : {kBudget, std::size_t{4} << 30}) {
    const ProcessGrowth growth;
    auto store = open_rocks_store(path);
    ASSERT_TRUE(store.ok()) << store.status().to_string();
    EngineOptions options;
    options.memory_bytes_max = budget;
    const auto engine = Engine::open(*std::move(store), options);
    ASSERT_TRUE(engine.ok()) << engine.status().to_string();
    EXPECT_EQ((*engine)->info().event_count, events);
    if (budget == kBudget) growth.expect_at_most(kBudget / 10 * 11 + 32 * kMiB);
    std::cout << "grew by " << growth.bytes() / kMiB << " MiB with a budget of " << budget / kMiB
              << " MiB" << std::endl;
  }
}

}  // namespace
}  // namespace rollcall::testing
