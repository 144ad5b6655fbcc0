// Says which partition of a store a user belongs to, for programs that bring events to where their
// users are. The rule never changes, since what stores hold depends on it.
#pragma once

#include <bit>
#include <cstdint>

#include "rollcall/types.h"

namespace rollcall {

// Returns the hash of a user. Integers never collide.
std::uint64_t hash_of(const UserId& user);

// Chooses partitions by the top bits of hashes. Threads: any.
class Partitioner {
 public:
  // `partition_count` is that of the store's settings: a power of two.
  explicit Partitioner(std::uint32_t partition_count)
      : shift_(63 - std::countr_zero(partition_count)) {}

  // Returns the number of the partition of users with this hash, from 0.
  std::uint32_t operator()(std::uint64_t hash) const {
    return static_cast<std::uint32_t>((hash >> 1) >> shift_);  // a shift by 64 would be undefined
  }

 private:
  int shift_;
};

}  // namespace rollcall
