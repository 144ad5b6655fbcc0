// These limits are what this machine can do at best, to measure kernels against: plain loops,
// compiled for the machine that compiles them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rollcall::bench {

struct Limits {
  // Returns the sum of all words, which shows how fast memory is read.
  std::uint64_t (*sum)(const std::uint64_t* a, std::size_t word_count);
  // Return the bits set, in both, or in the first only.
  std::uint64_t (*count)(const std::uint64_t* a, std::size_t word_count);
  std::uint64_t (*and_count)(const std::uint64_t* a, const std::uint64_t* b,
                             std::size_t word_count);
  std::uint64_t (*andnot_count)(const std::uint64_t* a, const std::uint64_t* b,
                                std::size_t word_count);
};

// Returns the loops compiled for the compiling machine or, if this is a lesser one, for any.
const Limits& limits();

}  // namespace rollcall::bench
