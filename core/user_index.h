// User id to dense ordinal within a partition, and back.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

// Ordinals are given out from 0 in the order of arrival and never reused. Ids are compared in full:
// two users never share an ordinal, whatever their hashes.
class UserIndex {
 public:
  explicit UserIndex(UserKind kind) : kind_(kind) {}

  std::uint32_t size() const { return size_; }
  std::size_t memory_bytes() const;

  // ordinals[i] = the ordinal of user i, made when new. `hashes[i]` is hash_user of it.
  void find_or_add(std::span<const std::uint64_t> users, std::span<const std::uint64_t> hashes,
                   std::uint32_t* ordinals);
  void find_or_add(std::span<const std::string_view> users, std::span<const std::uint64_t> hashes,
                   std::uint32_t* ordinals);
  // Forgets the users from `size` on, as if they had never come.
  void truncate(std::uint32_t size);

  UserId user(std::uint32_t ordinal) const;

  // The users with ordinals in [first, first + count), as a page of bytes.
  void serialize(std::uint32_t first, std::uint32_t count, std::string& out) const;
  // Adds the users of a page; the pages of a partition come in ascending order.
  Status append(std::string_view page);

 private:
  // 0 ordinal_plus_one: free. The tag spares most comparisons of ids that differ.
  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t ordinal_plus_one = 0;
  };
  template <class Key>
  void find_or_add_all(std::span<const Key> users, std::span<const std::uint64_t> hashes,
                       std::uint32_t* ordinals);
  template <class Key>
  std::uint32_t find_or_add_one(Key user, std::uint64_t hash);
  bool equals(std::uint32_t ordinal, std::uint64_t user) const {
    return integers_[ordinal] == user;
  }
  bool equals(std::uint32_t ordinal, std::string_view user) const {
    return string(ordinal) == user;
  }
  void push(std::uint64_t user) { integers_.push_back(user); }
  void push(std::string_view user);
  std::string_view string(std::uint32_t ordinal) const;
  std::uint64_t hash_of(std::uint32_t ordinal) const;
  void reserve_slots(std::size_t user_count);

  UserKind kind_;
  std::uint32_t size_ = 0;
  std::vector<std::uint64_t> integers_;
  std::string bytes_;                // of all strings, end to end
  std::vector<std::uint64_t> ends_;  // of each string in bytes_
  std::vector<Slot> slots_;          // linear probing; a power of two, at most 5/8 full
};

}  // namespace rollcall
