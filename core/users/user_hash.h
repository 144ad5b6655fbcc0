// Hashes users, for partitions (rollcall/partitioner.h) and for the index of users.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernels/bitmap_kernels.h"
#include "rollcall/types.h"

namespace rollcall {

// This is a bijection, so integers never collide. A kernel with that function hashes columns of
// them.
inline std::uint64_t hash_user(std::uint64_t user) { return kernels::mix(user); }

// Returns the user who has this hash.
inline std::uint64_t unhash_user(std::uint64_t hash) {
  hash ^= hash >> 33;
  hash *= 0x9cb4b2f8129337dbu;  // inverses of the factors of mix, modulo 2^64
  hash ^= hash >> 33;
  hash *= 0x4f74430c22a54005u;
  hash ^= hash >> 33;
  return hash;
}

// This is XXH3 with 64 bits, whose values are frozen since xxHash 0.8.0.
std::uint64_t hash_user(std::string_view user);

}  // namespace rollcall
