#include "core/base/workers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "core/base/thread_workers.h"

namespace rollcall {
namespace {

template <class Kind>
class WorkersTest : public ::testing::Test {};

// These are the workers that the engine is built with, and the plain ones.
using Kinds = ::testing::Types<Workers, ThreadWorkers>;
TYPED_TEST_SUITE(WorkersTest, Kinds);

TYPED_TEST(WorkersTest, CallEachTaskOnce) {
  for (const std::uint32_t threads_max : {0u, 1u, 2u, 1000u}) {
    TypeParam workers(threads_max);
    EXPECT_GE(workers.thread_count(), 1u);
    EXPECT_LE(workers.thread_count(), threads_max == 0 ? 1000 : threads_max);
    for (const std::size_t count : {0u, 1u, 2u, 1000u}) {
      std::vector<std::atomic<int>> calls(count);
      workers.for_each(count, [&](std::size_t i) { ++calls[i]; });
      for (const auto& call : calls) ASSERT_EQ(call, 1);
    }
  }
}

TYPED_TEST(WorkersTest, CallTasksOfTasks) {
  TypeParam workers;
  std::vector<std::atomic<int>> calls(20 * 30);
  workers.for_each(20, [&](std::size_t i) {
    workers.for_each(30, [&](std::size_t j) { ++calls[i * 30 + j]; });
  });
  for (const auto& call : calls) ASSERT_EQ(call, 1);
}

TYPED_TEST(WorkersTest, MayBeCalledByAnyNumberOfThreads) {
  TypeParam workers(2);
  std::vector<std::atomic<int>> calls(4 * 100);
  std::vector<std::thread> callers;
  for (std::size_t i = 0; i < 4; ++i) {
    callers.emplace_back(
        [&, i] { workers.for_each(100, [&](std::size_t j) { ++calls[i * 100 + j]; }); });
  }
  for (std::thread& caller : callers) caller.join();
  for (const auto& call : calls) ASSERT_EQ(call, 1);
}

TYPED_TEST(WorkersTest, ThrowWhatATaskThrows) {
  TypeParam workers;
  for (const std::size_t thrower : {0u, 7u, 99u}) {
    try {
      workers.for_each(10, [&](std::size_t i) {
        workers.for_each(10, [&](std::size_t j) {
          if (i * 10 + j == thrower) throw std::runtime_error(std::to_string(thrower));
        });
      });
      ADD_FAILURE() << "nothing was thrown";
    } catch (const std::runtime_error& error) {
      EXPECT_EQ(error.what(), std::to_string(thrower));
    }
  }
}

TYPED_TEST(WorkersTest, KeepAValueForEachThread) {
  TypeParam workers;
  typename TypeParam::template PerThread<std::uint64_t> sums([] { return std::uint64_t{1000}; });
  std::mutex mutex;
  std::set<std::thread::id> threads;
  workers.for_each(100, [&](std::size_t i) {
    sums.local() += i;
    const std::lock_guard lock(mutex);
    threads.insert(std::this_thread::get_id());
  });
  std::uint64_t sum = 0;
  std::size_t values = 0;
  for (const std::uint64_t part : sums) {
    sum += part;
    ++values;
  }
  EXPECT_EQ(values, threads.size());
  EXPECT_EQ(sum, 1000 * values + 99 * 100 / 2);
}

TYPED_TEST(WorkersTest, KeepTheOrderOfAPipeline) {
  constexpr int kItems = 300;
  for (const std::uint32_t threads_max : {0u, 1u}) {
    TypeParam workers(threads_max);
    int begun = 0;
    std::atomic<int> on_the_way{0};
    std::vector<int> taken;
    workers.pipeline(
        [&] {
          if (begun == kItems) return std::unique_ptr<int>();
          EXPECT_LE(++on_the_way, static_cast<int>(workers.thread_count() + 2));
          return std::make_unique<int>(begun++);
        },
        [&](int& item) {
          if (item % 7 == 0) std::this_thread::yield();
          item *= 2;
        },
        [&](std::unique_ptr<int> item) {
          taken.push_back(*item);
          --on_the_way;
        });
    ASSERT_EQ(taken.size(), std::size_t{kItems});
    for (int i = 0; i < kItems; ++i) ASSERT_EQ(taken[static_cast<std::size_t>(i)], 2 * i);
  }
}

TYPED_TEST(WorkersTest, ThrowWhatAPipelineThrows) {
  for (const std::string thrower : {"next", "work", "take"}) {
    TypeParam workers;
    const auto reach = [&](const std::string& stage, int item) {
      if (stage == thrower && item == 20) throw std::runtime_error(stage);
    };
    int begun = 0;
    std::vector<int> taken;
    try {
      workers.pipeline(
          [&] {
            reach("next", begun);
            return begun == 1000 ? nullptr : std::make_unique<int>(begun++);
          },
          [&](int& item) { reach("work", item); },
          [&](std::unique_ptr<int> item) {
            reach("take", *item);
            taken.push_back(*item);
          });
      ADD_FAILURE() << "nothing was thrown";
    } catch (const std::runtime_error& error) {
      EXPECT_EQ(error.what(), thrower);
    }
    // Items are taken in order as far as they came, and nothing is taken past the one that was
    // thrown at.
    ASSERT_LE(taken.size(), 20u);
    for (std::size_t i = 0; i < taken.size(); ++i) ASSERT_EQ(taken[i], static_cast<int>(i));
  }
}

}  // namespace
}  // namespace rollcall
