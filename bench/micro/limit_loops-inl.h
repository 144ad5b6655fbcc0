// These are the loops of `Limits`, as plain as they can be. Files that compile them for one kind of
// machine include them. Nothing here comes from the standard library, because its inline functions,
// compiled for a wider machine, could be the ones that the linker keeps for the whole program.
#pragma once

#include "bench/micro/limits.h"

namespace rollcall::bench {
namespace {

// This is as wide as vectors get; the compiler makes several of one if they are narrower.
using Words [[gnu::vector_size(64), gnu::aligned(8), gnu::may_alias]] = std::uint64_t;

// There are several sums, so that no addition waits for the one before it.
std::uint64_t sum(const std::uint64_t* a, std::size_t word_count) {
  constexpr std::size_t kLanes = sizeof(Words) / sizeof(std::uint64_t);
  Words sum_0 = {}, sum_1 = {}, sum_2 = {}, sum_3 = {};
  std::size_t i = 0;
  for (; i + 4 * kLanes <= word_count; i += 4 * kLanes) {
    const Words* const words = reinterpret_cast<const Words*>(a + i);
    sum_0 += words[0];
    sum_1 += words[1];
    sum_2 += words[2];
    sum_3 += words[3];
  }
  const Words sums = (sum_0 + sum_1) + (sum_2 + sum_3);
  std::uint64_t sum = 0;
  for (std::size_t lane = 0; lane < kLanes; ++lane) sum += sums[lane];
  for (; i < word_count; ++i) sum += a[i];
  return sum;
}

std::uint64_t count(const std::uint64_t* a, std::size_t word_count) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < word_count; ++i) {
    bits += static_cast<std::uint64_t>(__builtin_popcountll(a[i]));
  }
  return bits;
}

std::uint64_t and_count(const std::uint64_t* a, const std::uint64_t* b, std::size_t word_count) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < word_count; ++i) {
    bits += static_cast<std::uint64_t>(__builtin_popcountll(a[i] & b[i]));
  }
  return bits;
}

std::uint64_t andnot_count(const std::uint64_t* a, const std::uint64_t* b, std::size_t word_count) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < word_count; ++i) {
    bits += static_cast<std::uint64_t>(__builtin_popcountll(a[i] & ~b[i]));
  }
  return bits;
}

}  // namespace
}  // namespace rollcall::bench
