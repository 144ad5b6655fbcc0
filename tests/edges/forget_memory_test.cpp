// Forgetting users whose pages do not fit in memory: partition after partition is written ahead of
// one commit, so that it takes effect wholly, or not at all.
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/memory_store.h"
#include "tests/support/faulty_store.h"
#include "tests/support/times.h"

namespace rollcall::testing {
namespace {

constexpr std::uint64_t kUsers = 400;
constexpr int kDays = 5;
constexpr std::uint64_t kEvery = 3;  // of the users is forgotten
constexpr std::uint64_t kForgotten = (kUsers + kEvery - 1) / kEvery;

EngineOptions options_of(std::size_t memory_bytes_max) {
  EngineOptions options;
  options.settings.emplace();
  options.settings->user_kind = UserKind::kInteger;
  options.settings->partition_count = 8;
  options.memory_bytes_max = memory_bytes_max;
  options.checkpoint_seconds = 0;
  options.threads_max = 2;
  return options;
}

// Ingests visits of all users on a day.
Status ingest_day(Engine& engine, int day) {
  std::vector<std::uint64_t> users;
  for (std::uint64_t user = 0; user < kUsers; ++user) users.push_back(user);
  const std::vector<TimeUs> times(kUsers, (20'454 + day) * kDayUs);
  const std::vector<std::string_view> names = {"visit"};
  EventBatch batch;
  batch.user_integers = users;
  batch.event.values = names;
  batch.time = times;
  return engine.ingest(batch).status();
}

std::vector<UserId> users_to_forget() {
  std::vector<UserId> users;
  for (std::uint64_t user = 0; user < kUsers; user += kEvery) users.emplace_back(user);
  return users;
}

// Expects so many users on each of so many days.
void expect_users(const Engine& engine, std::uint64_t users, int days) {
  const Result<QueryResult> answer = engine.query(R"({"kind": "active"})");
  ASSERT_TRUE(answer.ok()) << answer.status().to_string();
  ASSERT_EQ(answer->rows.size(), static_cast<std::size_t>(days));
  for (const auto& row : answer->rows) {
    EXPECT_EQ(std::get<std::int64_t>(row.at(1)), static_cast<std::int64_t>(users));
  }
}

void expect_sound(const Engine& engine) {
  const Result<VerifyReport> report = engine.verify();
  ASSERT_TRUE(report.ok()) << report.status().to_string();
  EXPECT_TRUE(report->faults.empty()) << report->faults.front();
}

// Makes a disk with all days on it.
std::shared_ptr<MemoryDisk> make_disk() {
  const auto disk = make_memory_disk();
  const auto engine = *Engine::open(open_memory_store(disk), options_of(std::size_t{1} << 30));
  for (int day = 0; day < kDays; ++day) EXPECT_TRUE(ingest_day(*engine, day).ok());
  EXPECT_TRUE(engine->checkpoint().ok());
  return disk;
}

// The memory is none, some, or all that is wanted.
TEST(ForgetMemory, AnswersAreThoseOfAnEngineWithMemory) {
  for (const std::size_t memory : {std::size_t{1}, std::size_t{60'000}, std::size_t{1} << 30}) {
    SCOPED_TRACE(memory);
    const auto disk = make_disk();
    auto engine = *Engine::open(open_memory_store(disk), options_of(memory));
    ASSERT_TRUE(ingest_day(*engine, kDays).ok());
    const Result<std::uint64_t> forgotten = engine->forget(users_to_forget());
    ASSERT_TRUE(forgotten.ok()) << forgotten.status().to_string();
    EXPECT_EQ(*forgotten, kForgotten);
    expect_users(*engine, kUsers - kForgotten, kDays + 1);
    expect_sound(*engine);
    // Nobody comes back, and the others go on.
    ASSERT_TRUE(ingest_day(*engine, kDays + 1).ok());
    expect_users(*engine, kUsers - kForgotten, kDays + 2);
    ASSERT_TRUE(engine->close().ok());
    engine = *Engine::open(open_memory_store(disk), options_of(memory));
    expect_users(*engine, kUsers - kForgotten, kDays + 2);
    expect_sound(*engine);
  }
}

// Whichever call to the store fails: questions go on, and opening again finds all or nothing of it.
TEST(ForgetMemory, IsUndoneWhollyWhereTheStoreFails) {
  std::size_t failed = 0;
  for (std::uint64_t call = 1;; ++call) {
    SCOPED_TRACE(call);
    const auto disk = make_disk();
    const auto faults = std::make_shared<Faults>();
    auto engine = *Engine::open(std::make_unique<FaultyStore>(open_memory_store(disk), faults),
                                options_of(1));
    faults->calls = 0;
    faults->call = call;
    const Result<std::uint64_t> forgotten = engine->forget(users_to_forget());
    const bool was_hit = faults->calls >= call;
    faults->call = 0;
    failed += forgotten.ok() ? 0u : 1u;
    const Result<QueryResult> answer = engine->query(R"({"kind": "active"})");
    EXPECT_TRUE(answer.ok()) << answer.status().to_string();
    engine.reset();
    engine = *Engine::open(open_memory_store(disk), options_of(1));
    expect_sound(*engine);
    if (forgotten.ok()) {
      expect_users(*engine, kUsers - kForgotten, kDays);
    } else if (engine->info().forgotten_count == 0) {
      expect_users(*engine, kUsers, kDays);
    } else {
      // A part of it, as after any error: the next call does the rest.
      EXPECT_EQ(engine->info().forgotten_count, kForgotten);
    }
    ASSERT_TRUE(engine->forget(users_to_forget()).ok());
    expect_users(*engine, kUsers - kForgotten, kDays);
    if (!was_hit) break;
  }
  EXPECT_GT(failed, 8u);
}

}  // namespace
}  // namespace rollcall::testing
