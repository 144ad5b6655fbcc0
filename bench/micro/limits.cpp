#include "bench/micro/limits.h"

#include "bench/micro/limit_loops-inl.h"
#include "bench/micro/limits_native.h"

namespace rollcall::bench {
namespace {

constexpr Limits kPortableLimits = {sum, count, and_count, andnot_count};

bool runs_native() {
#if defined(__x86_64__)
  const NativeNeeds& needs = native_needs;
  return (!needs.popcnt || __builtin_cpu_supports("popcnt")) &&
         (!needs.avx2 || __builtin_cpu_supports("avx2")) &&
         (!needs.avx512 || __builtin_cpu_supports("avx512bw")) &&
         (!needs.avx512vpopcnt || __builtin_cpu_supports("avx512vpopcntdq"));
#else
  return false;
#endif
}

}  // namespace

const Limits& limits() { return runs_native() ? native_limits : kPortableLimits; }

}  // namespace rollcall::bench
