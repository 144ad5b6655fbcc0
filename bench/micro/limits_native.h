// Returns the loops compiled for the compiling machine. It may be called if `native_needs` are met.
#pragma once

#include "bench/micro/limits.h"

namespace rollcall::bench {

// Names the instruction sets that the compiler was allowed and other machines may lack.
struct NativeNeeds {
  bool popcnt, avx2, avx512, avx512vpopcnt;
};
extern const NativeNeeds native_needs;
extern const Limits native_limits;

}  // namespace rollcall::bench
