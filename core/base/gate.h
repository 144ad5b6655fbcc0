// One at a time, first come first served.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace rollcall {

// Guards the state that batches change and snapshots are taken of. Unlike a mutex that is held, a
// gate that is passed may be kept across calls of the workers: tasks of the engine's never ask
// for it, so a thread that helps with other tasks while it waits cannot wait for itself. Waiters
// are served in the order of their arrival, so neither queries nor ingest can starve the other.
class Gate {
 public:
  // Passes the gate while it lives.
  class Pass {
   public:
    explicit Pass(Gate& gate) : gate_(gate) { gate_.enter(); }
    // Calls `check` every few milliseconds while it waits; what that throws ends the waiting.
    template <class Check>
    Pass(Gate& gate, const Check& check) : gate_(gate) {
      gate_.enter(check);
    }
    ~Pass() { gate_.leave(); }
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;

   private:
    Gate& gate_;
  };

 private:
  void enter() {
    std::unique_lock lock(mutex_);
    const std::uint64_t ticket = next_ticket_++;
    changed_.wait(lock, [&] { return serving_ == ticket; });
  }
  template <class Check>
  void enter(const Check& check) {
    constexpr std::chrono::milliseconds kUnchecked(5);
    std::unique_lock lock(mutex_);
    // So that leaving needs no memory: all who wait may leave.
    left_.reserve(static_cast<std::size_t>(next_ticket_ - serving_) + 1);
    const std::uint64_t ticket = next_ticket_++;
    while (!changed_.wait_for(lock, kUnchecked, [&] { return serving_ == ticket; })) {
      try {
        check();
      } catch (...) {
        left_.push_back(ticket);
        throw;
      }
    }
  }
  void leave() {
    {
      const std::lock_guard lock(mutex_);
      ++serving_;
      while (std::erase(left_, serving_) != 0) ++serving_;
    }
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t next_ticket_ = 0;
  std::uint64_t serving_ = 0;
  std::vector<std::uint64_t> left_;  // tickets of those who wait no more
};

}  // namespace rollcall
