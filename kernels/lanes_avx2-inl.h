// Implements `Lanes` of bitmap_kernels-inl.h for AVX2. Only table_avx2.cpp includes it.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <xsimd/xsimd.hpp>

namespace rollcall::kernels {
namespace {

struct Avx2Lanes {
  using Words = xsimd::batch<std::uint64_t, xsimd::avx2>;
  using Column = xsimd::batch<std::int32_t, xsimd::avx2>;
  using Flags = xsimd::batch_bool<std::int32_t, xsimd::avx2>;

  static constexpr std::size_t kRegisters = 16;
  static constexpr bool kHasPopcount = false;

  // Looks up both halves of every byte, and then adds the bytes of each lane.
  static Words count_bits(Words x) {
    const __m256i bits_of_nibble =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
    const __m256i nibble = _mm256_set1_epi8(0x0f);
    const __m256i low = _mm256_and_si256(x, nibble);
    const __m256i high = _mm256_and_si256(_mm256_srli_epi16(x, 4), nibble);
    const __m256i bits_of_byte = _mm256_add_epi8(_mm256_shuffle_epi8(bits_of_nibble, low),
                                                 _mm256_shuffle_epi8(bits_of_nibble, high));
    return _mm256_sad_epu8(bits_of_byte, _mm256_setzero_si256());
  }

  static std::uint64_t bits_from_flags(Flags flags) {
    return static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(flags)));
  }

  static Flags flags_from_bits(std::uint64_t bits) {
    const Column bit_of_lane(_mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128));
    return (Column(static_cast<std::int32_t>(bits)) & bit_of_lane) == bit_of_lane;
  }
};

}  // namespace
}  // namespace rollcall::kernels
