// The calls to the system beneath the library, which fail when a test says so. Linked into a
// program of its own: it takes the place of functions of the C library in all of it.
#pragma once

#include <cstdint>
#include <string>

namespace rollcall::testing {

enum class Fails : std::uint8_t {
  kReads,    // read and pread
  kLooks,    // stat and its kin, readlink, getcwd
  kOpens,    // open, fopen, opendir
  kThreads,  // pthread_create
};

// From here on, calls of the kind are counted, and number `first` of them fails, counting from 1;
// with `for_ever`, all after it fail as well. At 0, none fails.
void fail_calls(Fails kind, std::uint64_t first, bool for_ever);

// Ends that, and returns how many there were.
std::uint64_t stop_failing();

std::string to_string(Fails kind);

}  // namespace rollcall::testing
