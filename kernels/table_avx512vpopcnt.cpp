#include "kernels/bitmap_kernels-inl.h"
#include "kernels/lanes_avx512-inl.h"
#include "kernels/x86_64_tables.h"

namespace rollcall::kernels {
namespace {

struct Avx512VpopcntLanes : Avx512Lanes {
  static constexpr bool kHasPopcount = true;

  static Words count_bits(Words x) { return _mm512_popcnt_epi64(x); }
};

}  // namespace

constinit const KernelTable avx512vpopcnt_table =
    BitmapKernels<Avx512VpopcntLanes>::table("avx512vpopcnt");

}  // namespace rollcall::kernels
