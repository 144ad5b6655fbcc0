// User to partition: the one hash that may never change, since stored partitions depend on it.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

namespace rollcall {

// The finalizer of MurmurHash3 (Appleby, public domain): a bijection, so integers never collide.
inline std::uint64_t hash_user(std::uint64_t user) {
  user ^= user >> 33;
  user *= 0xff51afd7ed558ccdu;
  user ^= user >> 33;
  user *= 0xc4ceb9fe1a85ec53u;
  user ^= user >> 33;
  return user;
}

// XXH3 with 64 bits, whose values are frozen since xxHash 0.8.0.
std::uint64_t hash_user(std::string_view user);

// The top bits of the hash. `partition_count` is a power of two.
inline std::uint32_t partition_of(std::uint64_t hash, std::uint32_t partition_count) {
  const int bits = std::countr_zero(partition_count);
  return bits == 0 ? 0 : static_cast<std::uint32_t>(hash >> (64 - bits));
}

}  // namespace rollcall
