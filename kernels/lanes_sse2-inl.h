// Implements `Lanes` of bitmap_kernels-inl.h for SSE2. Only table_sse2.cpp includes it.
#pragma once

#include <emmintrin.h>

#include <cstddef>
#include <cstdint>
#include <xsimd/xsimd.hpp>

namespace rollcall::kernels {
namespace {

struct Sse2Lanes {
  using Words = xsimd::batch<std::uint64_t, xsimd::sse2>;
  using Column = xsimd::batch<std::int32_t, xsimd::sse2>;
  using Flags = xsimd::batch_bool<std::int32_t, xsimd::sse2>;

  static constexpr std::size_t kRegisters = 16;
  static constexpr bool kHasPopcount = false;

  // Adds neighbours in pairs, in fours and in bytes, and then the bytes of each lane.
  static Words count_bits(Words x) {
    x = x - ((x >> 1) & Words(std::uint64_t{0x5555555555555555}));
    const Words even_pairs(std::uint64_t{0x3333333333333333});
    x = (x & even_pairs) + ((x >> 2) & even_pairs);
    x = (x + (x >> 4)) & Words(std::uint64_t{0x0f0f0f0f0f0f0f0f});
    return _mm_sad_epu8(x, _mm_setzero_si128());
  }

  static std::uint64_t bits_from_flags(Flags flags) {
    return static_cast<std::uint32_t>(_mm_movemask_ps(_mm_castsi128_ps(flags)));
  }

  static Flags flags_from_bits(std::uint64_t bits) {
    const Column bit_of_lane(_mm_setr_epi32(1, 2, 4, 8));
    return (Column(static_cast<std::int32_t>(bits)) & bit_of_lane) == bit_of_lane;
  }
};

}  // namespace
}  // namespace rollcall::kernels
