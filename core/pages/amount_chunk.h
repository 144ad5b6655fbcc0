// The amounts of the users of one chunk, in one series on one day.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/pages/bitset.h"
#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

// A list of ordinals with amounts, since few events have one. A user may stand there several times,
// with parts of the sum: one entry for each event, until entries are merged, and two where 64 bits
// do not hold it.
class AmountChunk {
 public:
  // Adds to the sum of ordinal % 65,536.
  void add(std::uint32_t ordinal, Amount amount);
  // Takes everything off ordinal % 65,536, and returns it.
  AmountSum take(std::uint32_t ordinal);
  // The sum over users of a set.
  AmountSum sum_of(BitSpan users) const;
  // Over everybody.
  AmountSum sum() const;
  std::size_t memory_bytes() const;

  // As merged entries, ordinals ascending.
  void serialize(std::string& out) const;
  static Result<AmountChunk> deserialize(std::string_view bytes);
  Status validate() const;

 private:
  struct Entry {
    std::uint16_t ordinal;
    Amount amount;
  };
  // By ordinal; those of one keep their order.
  static void sort(std::vector<Entry>& entries);
  // Sorts the entries and adds up those of one ordinal, as far as 64 bits hold them.
  static void merge(std::vector<Entry>& entries);

  std::vector<Entry> entries_;
  std::size_t merged_ = 0;  // how many were left when they were last merged
};

}  // namespace rollcall
