// These assertions are for conditions that only a bug inside rollcall can break.
#pragma once

#include <cstdio>
#include <cstdlib>

// Ends the process in every build if `condition` does not hold, because going on would give wrong
// numbers.
#define ROLLCALL_ASSERT(condition)                                                          \
  do {                                                                                      \
    if (!(condition)) [[unlikely]] {                                                        \
      std::fprintf(stderr, "rollcall: broken invariant at %s:%d: %s\n", __FILE__, __LINE__, \
                   #condition);                                                             \
      std::abort();                                                                         \
    }                                                                                       \
  } while (false)

// Does the same in debug builds only, for the hot path.
#ifdef NDEBUG
#define ROLLCALL_DCHECK(condition) static_cast<void>(0)
#else
#define ROLLCALL_DCHECK(condition) ROLLCALL_ASSERT(condition)
#endif
