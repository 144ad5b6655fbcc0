// These workers (workers.h) run on oneTBB, in an arena of their own, so that nothing global is
// changed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <oneapi/tbb/enumerable_thread_specific.h>
#include <oneapi/tbb/info.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/parallel_pipeline.h>
#include <oneapi/tbb/task_arena.h>

namespace rollcall {

class TbbWorkers {
 public:
  template <class T>
  using PerThread = tbb::enumerable_thread_specific<T>;

  explicit TbbWorkers(std::uint32_t threads_max = 0) : arena_(concurrency(threads_max)) {}

  std::size_t thread_count() const { return static_cast<std::size_t>(arena_.max_concurrency()); }

  template <class Task>
  void for_each(std::size_t count, const Task& task) {
    arena_.execute([&] { tbb::parallel_for(std::size_t{0}, count, task); });
  }

  template <class Next, class Work, class Take>
  void pipeline(const Next& next, const Work& work, const Take& take) {
    using Item = std::invoke_result_t<Next>;
    const auto first = [&](tbb::flow_control& control) {
      Item item = next();
      if (item == nullptr) control.stop();
      return item;
    };
    const auto second = [&](Item item) {
      work(*item);
      return item;
    };
    const auto third = [&](Item item) { take(std::move(item)); };
    arena_.execute([&] {
      tbb::parallel_pipeline(
          thread_count() + 2,
          tbb::make_filter<void, Item>(tbb::filter_mode::serial_in_order, first) &
              tbb::make_filter<Item, Item>(tbb::filter_mode::parallel, second) &
              tbb::make_filter<Item, void>(tbb::filter_mode::serial_in_order, third));
    });
  }

 private:
  static int concurrency(std::uint32_t threads_max) {
    if (threads_max == 0) return tbb::task_arena::automatic;
    // oneTBB prints a warning when asked for more threads than it would use.
    return static_cast<int>(
        std::min(threads_max, static_cast<std::uint32_t>(tbb::info::default_concurrency())));
  }

  tbb::task_arena arena_;
};

}  // namespace rollcall
