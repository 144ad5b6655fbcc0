// Work done in a process of its own, which may be killed, crash or abort without harm to the test.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace rollcall::testing {

struct ChildEnd {
  enum class How : std::uint8_t {
    kReturned,  // the work returned `report`
    kExited,    // by _exit with `code`
    kAsserted,  // by assert(), which libraries use and rollcall does not
    kAborted,   // by abort(): a broken invariant of ours, or an exception that nothing caught
    kKilled,    // by signal `code`: a crash, or SIGALRM when it took too long
  };
  How how = How::kReturned;
  int code = 0;
  std::string report;
  std::string errors;  // what it wrote to standard error
};

// Forks, runs `work` in the child, and returns how it ended. A child that takes more than
// `seconds_max` is killed. The calling process must have no other thread.
ChildEnd run_in_child(const std::function<std::string()>& work, unsigned seconds_max = 60);

// Returns "aborted: ...", for messages.
std::string to_string(const ChildEnd& end);

}  // namespace rollcall::testing
