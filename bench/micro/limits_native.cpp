#include "bench/micro/limits_native.h"

#include "bench/micro/limit_loops-inl.h"

namespace rollcall::bench {

constinit const NativeNeeds native_needs = {
#ifdef __POPCNT__
    .popcnt = true,
#else
    .popcnt = false,
#endif
#ifdef __AVX2__
    .avx2 = true,
#else
    .avx2 = false,
#endif
#ifdef __AVX512BW__
    .avx512 = true,
#else
    .avx512 = false,
#endif
#ifdef __AVX512VPOPCNTDQ__
    .avx512vpopcnt = true,
#else
    .avx512vpopcnt = false,
#endif
};

constinit const Limits native_limits = {sum, count, and_count, andnot_count};

}  // namespace rollcall::bench
