// One at a time, first come first served.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

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
  void leave() {
    {
      const std::lock_guard lock(mutex_);
      ++serving_;
    }
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t next_ticket_ = 0;
  std::uint64_t serving_ = 0;
};

}  // namespace rollcall
