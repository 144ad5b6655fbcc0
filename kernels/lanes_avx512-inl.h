// Implements `Lanes` of bitmap_kernels-inl.h for AVX-512 F, BW, DQ and VL. Only table_avx512.cpp
// and table_avx512vpopcnt.cpp include it.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <xsimd/xsimd.hpp>

namespace rollcall::kernels {
namespace {

struct Avx512Lanes {
  using Words = xsimd::batch<std::uint64_t, xsimd::avx512bw>;
  using Column = xsimd::batch<std::int32_t, xsimd::avx512bw>;
  using Flags = xsimd::batch_bool<std::int32_t, xsimd::avx512bw>;

  static constexpr std::size_t kRegisters = 32;
  static constexpr bool kHasPopcount = false;

  // Looks up both halves of every byte, and then adds the bytes of each lane.
  static Words count_bits(Words x) {
    const __m512i bits_of_nibble =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
    const __m512i nibble = _mm512_set1_epi8(0x0f);
    const __m512i low = _mm512_and_si512(x, nibble);
    const __m512i high = _mm512_and_si512(_mm512_srli_epi16(x, 4), nibble);
    const __m512i bits_of_byte = _mm512_add_epi8(_mm512_shuffle_epi8(bits_of_nibble, low),
                                                 _mm512_shuffle_epi8(bits_of_nibble, high));
    return _mm512_sad_epu8(bits_of_byte, _mm512_setzero_si512());
  }

  static std::uint64_t bits_from_flags(Flags flags) { return static_cast<__mmask16>(flags); }

  static Flags flags_from_bits(std::uint64_t bits) { return static_cast<__mmask16>(bits); }
};

}  // namespace
}  // namespace rollcall::kernels
