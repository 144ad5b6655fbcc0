// Ctrl-C while a store is written to.
#pragma once

#include <functional>
#include <thread>

namespace rollcall::tools {

// While it lives, SIGINT and SIGTERM wait, and while it watches, a thread of its own takes them. To
// be made before any other thread, since threads inherit which signals they leave alone.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  // From now to `rest`, a signal calls `leave`, which makes what has been done durable and says so,
  // and then ends the process with exit code 130 (SIGINT) or 143 (SIGTERM), as shells do. A second
  // signal meanwhile kills at once.
  void watch(std::function<void()> leave);

  // Whether a signal waits.
  bool is_due() const;

  // Signals do again what they do by default. A `leave` that has begun goes on to its end.
  void rest();

 private:
  void wait_for_signal();

  std::function<void()> leave_;
  std::thread thread_;
};

}  // namespace rollcall::tools
