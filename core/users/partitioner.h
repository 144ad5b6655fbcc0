// Maps users to partitions. Its hash must never change, since stored partitions depend on it.
#pragma once

#include <bit>
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

std::uint64_t hash_of(const UserId& user);  // hash_user of either kind

// The top bits of the hash choose the partition. `partition_count` is a power of two.
class Partitioner {
 public:
  explicit Partitioner(std::uint32_t partition_count)
      : shift_(63 - std::countr_zero(partition_count)) {}

  std::uint32_t operator()(std::uint64_t hash) const {
    return static_cast<std::uint32_t>((hash >> 1) >> shift_);  // a shift by 64 would be undefined
  }

 private:
  int shift_;
};

}  // namespace rollcall
