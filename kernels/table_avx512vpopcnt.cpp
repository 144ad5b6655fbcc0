#include "kernels/bitmap_kernels-inl.h"
#include "kernels/lanes_avx512-inl.h"
#include "kernels/x86_64_tables.h"

namespace rollcall::kernels {
namespace {

struct Avx512VpopcntLanes : Avx512Lanes {
  static constexpr bool kHasPopcount = true;

  static Words count_bits(Words x) { return _mm512_popcnt_epi64(x); }

  static Words add_across(const Words* x) {
    const __m512i pairs[] = {add_neighbours(x[0], x[1]), add_neighbours(x[2], x[3]),
                             add_neighbours(x[4], x[5]), add_neighbours(x[6], x[7])};
    return add_quarters(add_quarters(pairs[0], pairs[1]), add_quarters(pairs[2], pairs[3]));
  }

 private:
  // Returns, in each quarter of 128 bits, the sum of the two lanes of a, and that of b.
  static __m512i add_neighbours(__m512i a, __m512i b) {
    return _mm512_add_epi64(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
  }

  // Returns the sums of neighbouring quarters, of a and then of b.
  static __m512i add_quarters(__m512i a, __m512i b) {
    return _mm512_add_epi64(_mm512_shuffle_i64x2(a, b, 0x88), _mm512_shuffle_i64x2(a, b, 0xdd));
  }
};

}  // namespace

constinit const KernelTable avx512vpopcnt_table =
    BitmapKernels<Avx512VpopcntLanes>::table("avx512vpopcnt");

}  // namespace rollcall::kernels
