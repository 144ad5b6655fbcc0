// A gate lets one caller through at a time, in the order of arrival.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/mutex.h"
#include "core/base/thread_safety.h"

namespace rollcall {

// Guards the state that batches change and snapshots are taken of. Unlike a mutex, a gate that was
// passed may be kept across calls to the workers: the engine's tasks never ask for it, so a thread
// that helps with other tasks while it waits cannot wait for itself. Waiters are served in the
// order of their arrival, so neither queries nor ingest can starve the other.
class ROLLCALL_CAPABILITY("gate") Gate {
 public:
  // Holds the gate for its lifetime.
  class ROLLCALL_SCOPED_CAPABILITY Pass {
   public:
    explicit Pass(Gate& gate) ROLLCALL_ACQUIRE(gate) : gate_(gate) { gate_.enter(); }
    // Calls `check` every few milliseconds while it waits; an exception from it ends the wait.
    template <class Check>
    Pass(Gate& gate, const Check& check) ROLLCALL_ACQUIRE(gate) : gate_(gate) {
      gate_.enter(check);
    }
    ~Pass() ROLLCALL_RELEASE() { gate_.leave(); }
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;

   private:
    Gate& gate_;
  };

  // Is for lambdas, including tasks of the workers, whose callers have passed the gate.
  void assert_passed() const ROLLCALL_ASSERT_CAPABILITY(this) {}

 private:
  void enter() ROLLCALL_ACQUIRE() {
    const MutexLock lock(mutex_);
    const std::uint64_t ticket = next_ticket_++;
    while (serving_ != ticket) changed_.wait(mutex_);
  }
  template <class Check>
  void enter(const Check& check) ROLLCALL_ACQUIRE() {
    constexpr std::chrono::milliseconds kUnchecked(5);
    const MutexLock lock(mutex_);
    // The memory is reserved here, so that leaving needs none even if all waiters give up.
    left_.reserve(static_cast<std::size_t>(next_ticket_ - serving_) + 1);
    const std::uint64_t ticket = next_ticket_++;
    auto unchecked_until = std::chrono::steady_clock::now() + kUnchecked;
    while (serving_ != ticket) {
      changed_.wait_until(mutex_, unchecked_until);
      if (serving_ == ticket || std::chrono::steady_clock::now() < unchecked_until) continue;
      try {
        check();
      } catch (...) {
        left_.push_back(ticket);
        throw;
      }
      unchecked_until = std::chrono::steady_clock::now() + kUnchecked;
    }
  }
  void leave() ROLLCALL_RELEASE() {
    {
      const MutexLock lock(mutex_);
      ++serving_;
      while (std::erase(left_, serving_) != 0) ++serving_;
    }
    changed_.notify_all();
  }

  Mutex mutex_;
  ConditionVariable changed_;
  std::uint64_t next_ticket_ ROLLCALL_GUARDED_BY(mutex_) = 0;
  std::uint64_t serving_ ROLLCALL_GUARDED_BY(mutex_) = 0;
  // These are the tickets of those who gave up waiting.
  std::vector<std::uint64_t> left_ ROLLCALL_GUARDED_BY(mutex_);
};

}  // namespace rollcall
