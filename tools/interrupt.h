// These signals ask the program to end: SIGINT, SIGTERM and SIGHUP.
#pragma once

#include <array>
#include <csignal>
#include <optional>
#include <stop_token>
#include <thread>

namespace rollcall::tools {

// These signals ask a process to end.
inline constexpr std::array<int, 3> kEndingSignals = {SIGINT, SIGTERM, SIGHUP};

// While it lives, the first such signal asks for a stop; a second one ends the process at once. A
// signal that the parent has set to be ignored, as nohup does, stays ignored. At most one lives at
// a time.
class Interrupt {
 public:
  Interrupt();
  // The destructor makes signals do again what they did before.
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  // Its callbacks run on a thread of the interrupt's own.
  std::stop_token token() const { return stop_.get_token(); }
  bool requested() const { return stop_.stop_requested(); }

 private:
  std::stop_source stop_;
  std::jthread thread_;  // waits for the first signal
};

// Returns what a process that was ended by the first signal exits with, as shells have it: 130
// after SIGINT, 143 after SIGTERM, 129 after SIGHUP. It is not set if there was none.
std::optional<int> interrupted_exit_code();

}  // namespace rollcall::tools
