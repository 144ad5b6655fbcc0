// Maps user ids to dense ordinals within a partition, and back.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/huge_array.h"
#include "kernels/bitmap_kernels.h"
#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

// Holds strings, stored end to end.
struct UserStrings {
  const char* bytes = nullptr;
  const std::uint32_t* ends = nullptr;  // where each ends in `bytes`
  std::uint32_t begin = 0;              // where the first begins

  std::string_view operator[](std::size_t i) const {
    const std::uint32_t from = i == 0 ? begin : ends[i - 1];
    return {bytes + from, ends[i] - from};
  }
};

// Ordinals are assigned from 0 in the order of arrival and never reused. Ids are compared in full:
// two users never share an ordinal, whatever their hashes.
class UserIndex {
 public:
  explicit UserIndex(UserKind kind) : kind_(kind) {}

  UserKind kind() const { return kind_; }
  std::uint32_t size() const { return size_; }
  std::size_t memory_bytes() const;
  std::size_t string_bytes() const { return bytes_.size(); }
  // Returns about how many bytes a page of the users from `first` on takes.
  std::size_t page_bytes(std::uint32_t first) const;
  // Makes room for that many users in total.
  void reserve(std::size_t user_count);
  // Returns how many more bytes it may take while it adds that many users, whose ids have
  // `string_bytes` bytes if they are strings.
  std::size_t growth_bytes(std::size_t user_count, std::size_t string_bytes) const;

  // Set ordinals[i] to the ordinal of user i, which is made if the user is new. `hashes[i]` is
  // hash_user of user i; an integer is identified by it.
  void find_or_add(std::span<const std::uint64_t> hashes, std::uint32_t* ordinals);
  void find_or_add(std::span<const std::uint64_t> hashes, const UserStrings& users,
                   std::uint32_t* ordinals);
  // Forgets the ids of some users. Their ordinals stay taken, but are no longer found.
  void erase(std::span<const std::uint32_t> ordinals);  // ascending, none twice, none erased before
  std::size_t erased_count() const { return erased_.size(); }
  bool is_erased(std::uint32_t ordinal) const;
  // Removes the users from `size` on, as if they had never come; none of them may be erased.
  void truncate(std::uint32_t size);

  UserId user(std::uint32_t ordinal) const;  // must not be erased
  // Returns hash_user of the user with that ordinal.
  std::uint64_t hash_of(std::uint32_t ordinal) const;
  // Returns the id of a user, for string users only.
  std::string_view string(std::uint32_t ordinal) const;
  // Returns the ordinal of a user, if it has one; `hash` is hash_user of the user.
  std::optional<std::uint32_t> find(std::uint64_t hash, const UserId& user) const;

  // Writes the users with ordinals in [first, first + count) as a page of bytes.
  void serialize(std::uint32_t first, std::uint32_t count, std::string& out) const;
  // Appends one of them, as in a page.
  void serialize_user(std::uint32_t ordinal, std::string& out) const;
  // Adds the users of a page; the pages of a partition come in ascending order.
  Status append(std::string_view page);

 private:
  template <class UserAt>
  void find_or_add_all(std::span<const std::uint64_t> hashes, UserAt user_at,
                       std::uint32_t* ordinals);
  // Turns the numbers of users [begin, end) into ordinals as long as they belong to these users.
  // Returns the first user whose number does not.
  template <class UserAt>
  std::size_t take_confirmed(std::size_t begin, std::size_t end, const std::uint32_t* numbers,
                             UserAt user_at, std::uint32_t* ordinals) const;
  // Returns how many slots there are once there is room for that many users.
  std::size_t slots_for(std::size_t user_count) const;
  // Requires room for one more user.
  template <class Key>
  std::uint32_t find_or_add_one(Key user, std::uint64_t hash);
  // An integer is identified by its hash, which no other integer has.
  bool equals(std::uint32_t ordinal, std::uint64_t hash) const { return hashes_[ordinal] == hash; }
  bool equals(std::uint32_t ordinal, std::string_view user) const {
    return string(ordinal) == user;
  }
  void push(std::uint64_t hash) { hashes_.push_back(hash); }
  void push(std::string_view user);
  void reserve_slots(std::size_t user_count);
  void fill_slots(std::size_t slot_count);

  UserKind kind_;
  std::uint32_t size_ = 0;
  std::vector<std::uint64_t> hashes_;  // of integer users
  std::string bytes_;                  // of all strings, end to end
  std::vector<std::uint64_t> ends_;    // of each string in bytes_
  std::vector<std::uint32_t> erased_;  // ordinals, ascending; no slot has one, and their ids are 0
  // Slots lie in buckets, at most 5/8 full, that spill over into the next one. A slot's number is
  // an ordinal plus one; its tag saves most comparisons of ids that differ.
  HugeArray<kernels::TaggedSlot> slots_;
};

}  // namespace rollcall
