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

// This is a list of ordinals with amounts, because few events have one. A user may appear several
// times with parts of the sum: one entry for each event until entries are merged, and two if 64
// bits do not hold the sum.
class AmountChunk {
 public:
  // Adds to the sum of ordinal % 65,536.
  void add(std::uint32_t ordinal, Amount amount);
  // Removes the whole sum of ordinal % 65,536, and returns it.
  AmountSum take(std::uint32_t ordinal);
  // Returns the sum over the users of a set.
  AmountSum sum_of(BitSpan users) const;
  // Adds the sum of each user to `sums`, by ordinal % 65,536. Users past its end are left out.
  void add_to(std::span<AmountSum> sums) const;
  // Returns the sum over all users.
  AmountSum sum() const;
  std::size_t memory_bytes() const;

  // Writes merged entries, with ordinals ascending.
  void serialize(std::string& out) const;
  static Result<AmountChunk> deserialize(std::string_view bytes);
  Status validate() const;

 private:
  struct Entry {
    std::uint16_t ordinal;
    Amount amount;
  };
  // Sorts by ordinal; entries of the same ordinal keep their order.
  static void sort(std::vector<Entry>& entries);
  // Sorts the entries and adds up those of the same ordinal, as far as 64 bits hold the sums.
  static void merge(std::vector<Entry>& entries);

  std::vector<Entry> entries_;
  std::size_t merged_ = 0;  // how many were left when they were last merged
};

}  // namespace rollcall
