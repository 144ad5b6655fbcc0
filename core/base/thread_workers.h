// These workers (workers.h) run on plain threads that are started anew for each call, which is
// slow, but simple enough for the thread sanitizer to follow.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <list>
#include <map>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/mutex.h"

namespace rollcall {

class ThreadWorkers {
 public:
  template <class T>
  class PerThread {
   public:
    PerThread() : PerThread([] { return T(); }) {}
    explicit PerThread(std::function<T()> make) : make_(std::move(make)) {}

    T& local() {
      const MutexLock lock(mutex_);
      T*& value = of_thread_[std::this_thread::get_id()];
      if (value == nullptr) value = &values_.emplace_back(make_());
      return *value;
    }

    auto begin() const { return values_.begin(); }
    auto end() const { return values_.end(); }

   private:
    const std::function<T()> make_;
    Mutex mutex_;
    std::list<T> values_;
    std::map<std::thread::id, T*> of_thread_;
  };

  explicit ThreadWorkers(std::uint32_t threads_max = 0)
      : thread_count_(threads_max == 0 ? kThreadsMax : std::min(threads_max, kThreadsMax)) {}

  std::size_t thread_count() const { return thread_count_; }

  template <class Task>
  void for_each(std::size_t count, const Task& task) {
    std::atomic<std::size_t> next{0};
    in_threads(std::min(count, thread_count()), [&] {
      for (std::size_t i = next++; i < count; i = next++) task(i);
    });
  }

  template <class Next, class Work, class Take>
  void pipeline(const Next& next, const Work& work, const Take& take) {
    Mutex next_mutex;
    std::size_t next_number = 0;
    bool ended = false;
    Mutex take_mutex;
    ConditionVariable taken;
    std::size_t take_number = 0;
    bool failed = false;
    const auto pass_one = [&] {
      MutexLock next_lock(next_mutex);
      if (ended) return false;
      ended = true;  // in case `next` throws
      auto item = next();
      ended = item == nullptr;
      if (ended) return false;
      const std::size_t number = next_number++;
      next_lock.unlock();
      work(*item);
      const MutexLock take_lock(take_mutex);
      while (!failed && take_number != number) taken.wait(take_mutex);
      if (failed) return false;
      take(std::move(item));
      ++take_number;
      taken.notify_all();
      return true;
    };
    in_threads(thread_count(), [&] {
      try {
        while (pass_one()) {
        }
      } catch (...) {
        // No thread must wait for the item that will not come.
        const MutexLock lock(take_mutex);
        failed = true;
        taken.notify_all();
        throw;
      }
    });
  }

 private:
  // This is more than small machines have, because these workers are for making threads meet.
  static constexpr std::uint32_t kThreadsMax = 4;

  // Calls `body` in `count` threads, including the caller's.
  template <class Body>
  static void in_threads(std::size_t count, const Body& body) {
    Mutex mutex;
    std::exception_ptr failure;
    const auto catching = [&] {
      try {
        body();
      } catch (...) {
        const MutexLock lock(mutex);
        failure = std::current_exception();
      }
    };
    {
      std::vector<std::jthread> others;
      while (others.size() + 1 < count) others.emplace_back(catching);
      catching();
    }
    if (failure) std::rethrow_exception(failure);
  }

  const std::uint32_t thread_count_;
};

}  // namespace rollcall
