// This says how much a randomised test does, and from which seed.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>

namespace rollcall::testing {

// Returns the number that the environment variable gives, or `usual`.
inline std::uint64_t run_size(const char* variable, std::uint64_t usual) {
  const char* text = std::getenv(variable);
  return text == nullptr ? usual : std::strtoull(text, nullptr, 10);
}

// ROLLCALL_SEED, or one of its own; printed, to be given again.
inline std::uint64_t run_seed() {
  const std::uint64_t seed = run_size("ROLLCALL_SEED", std::random_device()());
  std::printf("ROLLCALL_SEED=%llu\n", static_cast<unsigned long long>(seed));
  return seed;
}

}  // namespace rollcall::testing
