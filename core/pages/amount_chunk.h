// This chunk has the amounts of its users, in one series on one day.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/pages/bitset.h"
#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

// Is the amount of a user of a chunk, or a part of it.
struct UserAmount {
  std::uint16_t place;  // in the chunk
  Amount amount;
};

// Returns the sum of the amounts of the users of a set.
AmountSum sum_of(std::span<const UserAmount> amounts, BitSpan users);

// This is a list of ordinals with amounts, because few events have one. A user may appear several
// times with parts of the sum: one entry for each event until entries are merged, and two if 64
// bits do not hold the sum.
class AmountChunk {
 public:
  // Adds to the sum of ordinal % 65,536.
  void add(std::uint32_t ordinal, Amount amount);
  // Removes the whole sum of ordinal % 65,536, and returns it.
  AmountSum take(std::uint32_t ordinal);
  // Returns the amounts, in no order. Adding to them or taking some ends their validity.
  std::span<const UserAmount> entries() const { return entries_; }
  // Returns the sum over all users.
  AmountSum sum() const;
  std::size_t memory_bytes() const;

  // Writes merged entries, with ordinals ascending.
  void serialize(std::string& out) const;
  static Result<AmountChunk> deserialize(std::string_view bytes);
  Status validate() const;

 private:
  // Sorts by ordinal; entries of the same ordinal keep their order.
  static void sort(std::vector<UserAmount>& entries);
  // Sorts the entries and adds up those of the same ordinal, as far as 64 bits hold the sums.
  static void merge(std::vector<UserAmount>& entries);

  std::vector<UserAmount> entries_;
  std::size_t merged_ = 0;  // how many were left when they were last merged
};

}  // namespace rollcall
