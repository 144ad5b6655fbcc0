// Users named one by one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "rollcall/types.h"

namespace rollcall {

// Each of them once, in the order of their hashes: those of a partition lie
// together. Some may never have been seen.
class UserList {
 public:
  struct Entry {
    std::uint64_t hash;  // hash_user
    UserId user;
  };

  explicit UserList(std::vector<UserId> users);

  std::span<const Entry> entries() const { return entries_; }
  // A few of those that came first.
  const std::vector<UserId>& first() const { return first_; }
  std::size_t memory_bytes() const;
  std::span<const Entry> of_partition(std::uint32_t partition, std::uint32_t partition_count) const;

 private:
  std::vector<Entry> entries_;
  std::vector<UserId> first_;
};

}  // namespace rollcall
