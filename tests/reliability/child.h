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
    kAborted,   // an assertion, of RocksDB's or ours: `errors` says which
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

// Returns whether rollcall said why it ended: its name begins all that it writes to standard error,
// and nothing that a library writes.
bool is_told_by_rollcall(const ChildEnd& end);

// Returns "aborted: ...", for messages.
std::string to_string(const ChildEnd& end);

}  // namespace rollcall::testing
