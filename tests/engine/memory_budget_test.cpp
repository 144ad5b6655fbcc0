// Streams take ten times the memory budget, but the process stays within it, and the answers are
// those of an engine that has all the memory it wants.
//
// The peak that the operating system saw is what counts. The store takes hardly any memory here.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <iostream>
#include <memory>
#include <numeric>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/base/memory_allowance.h"
#include "rollcall/engine.h"
#include "rollcall/file_source.h"
#include "rollcall/memory_store.h"
#include "rollcall/native_format.h"
#include "rollcall/rocks_store.h"
#include "tests/support/faulty_store.h"
#include "tests/support/page_file_store.h"
#include "tests/support/process_growth.h"
#include "tests/support/result_text.h"
#include "tests/support/times.h"

namespace rollcall::testing {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::size_t kBudget = 32 * kMiB;

// Payments in the order of their times, by users who are all about as active.
struct Payments {
  std::uint64_t rows = 0;
  std::uint64_t users = 0;
  TimeUs days = 0;
  std::uint32_t partitions = 4;  // of the store
  std::size_t times_budget = 0;  // that it takes in memory, at least
  std::size_t batch_rows = std::size_t{1} << 16;

  void for_each_batch(const std::function<void(const EventBatch&)>& visit) const;
};

std::uint64_t mix(std::uint64_t x) {
  x = (x + 0x9e3779b97f4a7c15u) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 29)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

void Payments::for_each_batch(const std::function<void(const EventBatch&)>& visit) const {
  const std::vector<std::string_view> names = {"pay"};
  std::vector<std::uint64_t> ids(batch_rows);
  std::vector<TimeUs> times(batch_rows);
  std::vector<Amount> values(batch_rows);
  for (std::uint64_t begin = 0; begin < rows; begin += batch_rows) {
    const std::size_t count = std::min<std::uint64_t>(batch_rows, rows - begin);
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t row = begin + i;
      ids[i] = mix(row) % users;
      times[i] = kFirstDay.value * kDayUs +
                 static_cast<TimeUs>(row * static_cast<std::uint64_t>(days) / rows) * kDayUs +
                 static_cast<TimeUs>(row % 86'400) * 1'000'000;
      values[i] = static_cast<Amount>(1 + mix(row) % 100'000);
    }
    EventBatch batch;
    batch.user_integers = std::span(ids).first(count);
    batch.event.values = names;
    batch.time = std::span(times).first(count);
    batch.value = std::span(values).first(count);
    visit(batch);
  }
}

EngineOptions options_of(std::size_t budget, std::uint32_t partitions) {
  EngineOptions options;
  options.memory_bytes_max = budget;
  options.settings.emplace();
  options.settings->user_kind = UserKind::kInteger;
  options.settings->partition_count = partitions;
  options.threads_max = 2;
  return options;
}

std::vector<std::string> answers(const Engine& engine) {
  std::vector<std::string> answers;
  for (const char* question :
       {R"({"kind": "active"})", R"({"kind": "active", "event": "pay", "window_days": 7})",
        R"({"kind": "counts", "event": "pay"})", R"({"kind": "retention", "periods": 7})",
        R"({"kind": "churn", "rule": {"gap_days": 3}})"}) {
    const Result<QueryResult> answer = engine.query(question);
    EXPECT_TRUE(answer.ok()) << question << ": " << answer.status().to_string();
    if (answer.ok()) answers.push_back(to_text(*answer));
  }
  return answers;
}

class MemoryBudget : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = fs::temp_directory_path() / ("rollcall-budget-" + std::to_string(::getpid()));
    fs::create_directory(directory_);
  }
  void TearDown() override { fs::remove_all(directory_); }

  // Opens an engine on `store`, or on what the test has in a file.
  std::unique_ptr<Engine> open(std::size_t budget, std::uint32_t partitions,
                               std::unique_ptr<Store> store = nullptr) {
    if (store == nullptr) store = std::make_unique<PageFileStore>(file_);
    auto engine = Engine::open(std::move(store), options_of(budget, partitions));
    EXPECT_TRUE(engine.ok()) << engine.status().to_string();
    return engine.ok() ? *std::move(engine) : nullptr;
  }

  // Expects the answers of an engine that keeps all of the stream in memory, where it takes ten
  // times the budget.
  void expect_right(const Payments& payments, const std::vector<std::string>& found) {
    const auto engine =
        Engine::open(open_memory_store(), options_of(std::size_t{8} << 30, payments.partitions));
    ASSERT_TRUE(engine.ok());
    payments.for_each_batch(
        [&](const EventBatch& batch) { ASSERT_TRUE((*engine)->ingest(batch).ok()); });
    EXPECT_GT((*engine)->info().resident_bytes, payments.times_budget * kBudget);
    std::cout << "in memory it takes " << (*engine)->info().resident_bytes / kMiB << " MiB\n";
    EXPECT_EQ(found, answers(**engine));
  }

  static void expect_within_budget(const ProcessGrowth& growth, std::size_t rest_bytes = 0) {
    growth.expect_at_most(kBudget / 10 * 11 + rest_bytes);
    std::cout << "grew by " << growth.bytes() / kMiB << " MiB at most, with a budget of "
              << kBudget / kMiB << " MiB" << std::endl;
  }

  fs::path directory_;
  const std::shared_ptr<PageFile> file_ = std::make_shared<PageFile>();

  // `rest_bytes`: what the process may take on top.
  void ingest_batches(const Payments& payments, std::unique_ptr<Store> store = nullptr,
                      std::size_t rest_bytes = 0) {
    std::vector<std::string> found;
    {
      const ProcessGrowth growth;
      const auto engine = open(kBudget, payments.partitions, std::move(store));
      ASSERT_NE(engine, nullptr);
      payments.for_each_batch([&](const EventBatch& batch) {
        const Status status = engine->ingest(batch).status();
        ASSERT_TRUE(status.ok()) << status.to_string();
      });
      found = answers(*engine);
      EXPECT_LE(engine->info().resident_bytes, kBudget);
      expect_within_budget(growth, rest_bytes);
    }
    expect_right(payments, found);
  }

  // Few users over many days make many pages and a large directory of days.
  const Payments many_days_{.rows = 9'000'000, .users = 60'000, .days = 180, .times_budget = 5};
  // Ten times the users that the budget is enough for: their ids alone do not fit.
  const Payments many_users_{
      .rows = 2'000'000, .users = 1'500'000, .days = 3, .partitions = 64, .times_budget = 3};
};

TEST_F(MemoryBudget, HoldsForManyDays) { ingest_batches(many_days_); }

TEST_F(MemoryBudget, HoldsForManyUsers) { ingest_batches(many_users_); }

// RocksDB is beneath, and its cache and write buffers are part of the budget.
TEST_F(MemoryBudget, HoldsOnDisk) {
  auto store = open_rocks_store((directory_ / "store").string());
  ASSERT_TRUE(store.ok()) << store.status().to_string();
  ingest_batches(many_days_, *std::move(store), 32 * kMiB);
}

// Whatever was counted comes off again when it leaves.
TEST_F(MemoryBudget, NothingIsCountedThatHasLeft) {
  const Payments payments{.rows = 400'000, .users = 1'000, .days = 900, .partitions = 2};
  const auto engine = open(kBudget / 32, payments.partitions);
  ASSERT_NE(engine, nullptr);
  const std::size_t before = engine->info().resident_bytes;
  for (int time = 0; time < 2; ++time) {
    payments.for_each_batch([&](const EventBatch& batch) {
      const Status status = engine->ingest(batch).status();
      ASSERT_TRUE(status.ok()) << status.to_string();
    });
    answers(*engine);
  }
  EXPECT_GE(engine->info().resident_bytes, before);
  EXPECT_LE(engine->info().resident_bytes, kBudget / 32);
}

TEST_F(MemoryBudget, HoldsForFiles) {
  const std::string path = (directory_ / "payments.rollcall").string();
  {
    std::ofstream file(path, std::ios::binary);
    Payments payments = many_days_;
    payments.batch_rows = std::size_t{1} << 13;  // a block of the file is held whole
    payments.for_each_batch([&](const EventBatch& batch) {
      std::string block;
      ASSERT_TRUE(append_native_block(batch, StoreSettings{}.value_decimals, block).ok());
      file << block;
    });
  }
  std::vector<std::string> found;
  {
    const ProcessGrowth growth;
    const auto engine = open(kBudget, many_days_.partitions);
    ASSERT_NE(engine, nullptr);
    const auto report = ingest_files(*engine, {path}, {}, {});
    ASSERT_TRUE(report.ok()) << report.status().to_string();
    EXPECT_EQ(report->rows_ingested, many_days_.rows);
    found = answers(*engine);
    expect_within_budget(growth);
  }
  expect_right(many_days_, found);
}

TEST_F(MemoryBudget, RefusesBatchesThatCannotFit) {
  // The ids of the users of the one partition take more.
  const Payments payments{
      .rows = 3'000'000, .users = std::uint64_t{1} << 60, .days = 2, .partitions = 1};
  Status refused;
  std::uint64_t rows = 0;
  {
    const ProcessGrowth growth;
    const auto engine = open(kBudget, payments.partitions);
    ASSERT_NE(engine, nullptr);
    payments.for_each_batch([&](const EventBatch& batch) {
      const Status status = engine->ingest(batch).status();
      if (refused.ok()) refused = status;
      if (status.ok()) rows += batch.time.size();
    });
    expect_within_budget(growth);
    EXPECT_EQ(refused.code(), StatusCode::kResourceExhausted);
    EXPECT_EQ(refused.message(),
              "engine: partition 0 needs more than 20.0 MiB for a batch, which is all that there "
              "is with memory_bytes_max at 32.0 MiB (allowed: more memory, or a smaller batch)");
    EXPECT_EQ(engine->info().event_count, rows);
    EXPECT_GT(rows, 200'000u);
    ASSERT_TRUE(engine->close().ok());
  }
  // With more memory, it goes on.
  const auto engine = open(8 * kBudget, payments.partitions);
  ASSERT_NE(engine, nullptr);
  payments.for_each_batch([&](const EventBatch& batch) {
    const Status status = engine->ingest(batch).status();
    ASSERT_TRUE(status.ok()) << status.to_string();
  });
  EXPECT_EQ(engine->info().event_count, rows + payments.rows);
}

// A question reads the users of many days while two batches come: one that is in, and one that is
// refused. What the question leaves for the next one must include the first batch.
TEST(RefusedBatch, LeavesNoUnionWithoutWhatCameBefore) {
  constexpr std::size_t kUsers = 50;
  const auto disk = make_memory_disk();
  const auto faults = std::make_shared<Faults>();
  const auto open = [&] {
    return *Engine::open(std::make_unique<FaultyStore>(open_memory_store(disk), faults),
                         options_of(kBudget, 1));
  };
  const auto ingest = [](Engine& engine, std::uint64_t first_user, std::size_t users, Day day) {
    std::vector<std::uint64_t> ids(users);
    std::iota(ids.begin(), ids.end(), first_user);
    const std::vector<TimeUs> times(users, day.value * kDayUs);
    const std::vector<std::string_view> names = {"visit"};
    EventBatch batch;
    batch.user_integers = ids;
    batch.event.values = names;
    batch.time = times;
    return engine.ingest(batch).status();
  };
  std::unique_ptr<Engine> engine = open();
  for (int day = 0; day < 40; ++day) {
    ASSERT_TRUE(ingest(*engine, 1, kUsers, kFirstDay + day).ok());
  }
  ASSERT_TRUE(engine->close().ok());
  engine = open();

  const auto users = [&] {
    const Result<QueryResult> answer = engine->query(
        R"({"kind": "active", "window_days": 30, "from": "2026-02-09", "to": "2026-02-09"})");
    EXPECT_TRUE(answer.ok()) << answer.status().to_string();
    return answer.ok() ? std::get<std::int64_t>(answer->rows.at(0).at(1)) : -1;
  };
  std::promise<void> reading, may_go_on;
  std::atomic<bool> first{true};
  faults->before_read = [&] {
    if (!first.exchange(false)) return;
    reading.set_value();
    may_go_on.get_future().wait();
  };
  std::thread question([&] { EXPECT_EQ(users(), std::int64_t{kUsers}); });
  reading.get_future().wait();
  EXPECT_TRUE(ingest(*engine, 1'000'000'000, 1, kFirstDay + 20).ok());
  EXPECT_EQ(ingest(*engine, 1, 3'000'000, kFirstDay + 39).code(), StatusCode::kResourceExhausted);
  may_go_on.set_value();
  question.join();
  EXPECT_EQ(users(), std::int64_t{kUsers + 1});
}

TEST(MemoryAllowance, RemembersThatItWasOverdrawn) {
  MemoryAllowance allowance(100);
  allowance.take(100);
  EXPECT_FALSE(allowance.is_overdrawn());
  allowance.take(1);
  EXPECT_TRUE(allowance.is_overdrawn());
  allowance.give_back(101);
  EXPECT_TRUE(allowance.is_overdrawn());
}

}  // namespace
}  // namespace rollcall::testing
