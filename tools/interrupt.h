// Ctrl-C while a store is written to.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
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

  // Signals do again what they do by default. A `leave` that has begun goes on to its end.
  void rest();

 private:
  void wait_for_signal();

  std::function<void()> leave_;
  std::thread thread_;
};

// While it lives, the first such signal asks for a stop; a second one ends the process at once. One
// that the parent has set to be ignored, as nohup does, stays ignored. At most one lives at a time.
class Interrupt {
 public:
  Interrupt();
  // Signals do again what they did before.
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  // Callbacks of it run on a thread of the interrupt's own.
  std::stop_token token() const { return stop_.get_token(); }
  bool requested() const { return stop_.stop_requested(); }

 private:
  std::stop_source stop_;
  std::jthread thread_;  // waits for the first signal
};

// What a process that was ended by the first signal exits with, as shells have it: 130 after
// SIGINT, 143 after SIGTERM, 129 after SIGHUP. Unset: there was none.
std::optional<int> interrupted_exit_code();

}  // namespace rollcall::tools
