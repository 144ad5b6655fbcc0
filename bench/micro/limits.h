// What this machine can do at best, to measure kernels against: plain loops, compiled for the
// machine that compiles them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rollcall::bench {

struct Limits {
  // The sum of all words: how fast memory is read.
  std::uint64_t (*sum)(const std::uint64_t* a, std::size_t word_count);
  // Bits set, in both, in the first only.
  std::uint64_t (*count)(const std::uint64_t* a, std::size_t word_count);
  std::uint64_t (*and_count)(const std::uint64_t* a, const std::uint64_t* b,
                             std::size_t word_count);
  std::uint64_t (*andnot_count)(const std::uint64_t* a, const std::uint64_t* b,
                                std::size_t word_count);
};

// The loops compiled for the compiling machine, or, where this is a lesser one, for any.
const Limits& limits();

}  // namespace rollcall::bench
