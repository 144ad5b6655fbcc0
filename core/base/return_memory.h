// Gives free memory back to the system.
#pragma once

#include <cstdlib>  // which says whose C library it is

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace rollcall {

// Allocators other than that of the GNU C library do so by themselves. The call takes milliseconds.
inline void return_free_memory() {
#if defined(__GLIBC__)
  ::malloc_trim(0);
#endif
}

}  // namespace rollcall
