// Questions that are asked while several threads ingest see whole batches only, and all of those
// acknowledged before.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "rollcall/engine.h"
#include "tests/support/test_engine.h"
#include "tests/support/times.h"

namespace rollcall::testing {
namespace {

constexpr std::size_t kWriters = 3;
constexpr std::size_t kReaders = 2;
constexpr std::size_t kBatchesPerWriter = 60;
constexpr std::size_t kUsersPerBatch = 500;

// Adds users of its own to both days, each day's event by another name; and so that a batch seen in
// part would show in either count, or in one of them alone.
Status ingest_batch(Engine& engine, std::uint64_t batch_number) {
  std::vector<std::uint64_t> users;
  std::vector<TimeUs> times;
  std::vector<std::uint32_t> codes;
  for (std::uint64_t user = 0; user < kUsersPerBatch; ++user) {
    for (const std::uint32_t day : {0u, 1u}) {
      users.push_back(batch_number * kUsersPerBatch + user);
      times.push_back(kFirstDayUs + day * kDayUs);
      codes.push_back(day);
    }
  }
  const std::string_view names[] = {"join", "return"};
  return engine
      .ingest({.user_integers = users,
               .user_strings = {},
               .event = {names, codes},
               .time = times,
               .value = {},
               .properties = {},
               .known_until = kFirstDayUs + 2 * kDayUs - 1})
      .status();
}

class ConcurrentIngest : public ::testing::TestWithParam<EngineSetup> {};

TEST_P(ConcurrentIngest, QueriesSeeWholeBatches) {
  StoreSettings settings;
  settings.user_kind = UserKind::kInteger;
  const auto opened = TestEngine::open(settings, GetParam());
  ASSERT_TRUE(opened.ok()) << opened.status().to_string();
  Engine& engine = (*opened)->engine();
  ASSERT_TRUE(ingest_batch(engine, 0).ok());  // so that both names are known

  std::atomic<std::uint64_t> acknowledged{1};
  std::atomic<std::size_t> writing{kWriters};
  std::vector<std::thread> threads;
  for (std::size_t writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&, writer] {
      for (std::size_t i = 0; i < kBatchesPerWriter; ++i) {
        const Status status = ingest_batch(engine, 1 + i * kWriters + writer);
        EXPECT_TRUE(status.ok()) << status.to_string();
        acknowledged.fetch_add(1);
      }
      writing.fetch_sub(1);
    });
  }
  threads.emplace_back([&] {
    while (writing.load() > 0) {
      const Status status = engine.checkpoint();
      EXPECT_TRUE(status.ok()) << status.to_string();
    }
  });
  std::atomic<std::uint64_t> answers{0};
  for (std::size_t reader = 0; reader < kReaders; ++reader) {
    threads.emplace_back([&] {
      std::int64_t users_before = 0;
      do {
        const std::uint64_t acknowledged_before = acknowledged.load();
        const auto result = engine.query(
            R"({"kind": "retention", "cohort_event": "join", "return_event": "return",
                "periods": 1, "to": "2026-01-01", "summary": "none"})");
        ASSERT_TRUE(result.ok()) << result.status().to_string();
        ASSERT_EQ(result->rows.size(), 2u);
        const std::int64_t joined = std::get<std::int64_t>(result->rows[1][1]);
        const std::int64_t returned = std::get<std::int64_t>(result->rows[1][3]);
        EXPECT_EQ(joined % static_cast<std::int64_t>(kUsersPerBatch), 0) << "a part of a batch";
        EXPECT_EQ(returned, joined) << "one day of a batch without the other";
        EXPECT_GE(joined, users_before) << "users went away";
        EXPECT_GE(joined, static_cast<std::int64_t>(acknowledged_before * kUsersPerBatch))
            << "an acknowledged batch is missing";
        users_before = joined;
        answers.fetch_add(1);
      } while (writing.load() > 0);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GE(answers.load(), kReaders);

  ASSERT_TRUE((*opened)->reopen().ok());
  const EngineInfo info = (*opened)->engine().info();
  EXPECT_EQ(info.user_count, (1 + kWriters * kBatchesPerWriter) * kUsersPerBatch);
  EXPECT_EQ(info.event_count, 2 * info.user_count);
}

INSTANTIATE_TEST_SUITE_P(
    Setups, ConcurrentIngest,
    ::testing::Values(EngineSetup{.threads = 2}, EngineSetup{.partition_count = 1, .threads = 2},
                      EngineSetup{.store = StoreKind::kRocks, .partition_count = 8, .threads = 2},
                      EngineSetup{.threads = 2, .memory_bytes_max = std::size_t{1} << 20}),
    [](const auto& test) { return "Setup" + std::to_string(test.index); });

}  // namespace
}  // namespace rollcall::testing
