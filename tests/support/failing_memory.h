// Lets memory run out at one allocation, in programs that are built with failing_memory.cpp.
#pragma once

#include <atomic>

namespace rollcall::testing {

inline std::atomic<bool> counting{false};
inline std::atomic<long> until_failure{0};  // allocations that succeed before one fails
inline std::atomic<bool> for_good{false};   // all that follow fail, too
inline thread_local bool is_exempt = false;
inline thread_local bool is_caller = false;
inline std::atomic<bool> failed_beside{false};  // in a thread that is not the caller's

}  // namespace rollcall::testing
