// Looks at the single users of a set.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "core/pages/bitset.h"

namespace rollcall {

inline bool has_user(BitSpan users, std::uint32_t place) {
  return place / 64 < users.word_count && (users.words[place / 64] >> (place % 64) & 1) != 0;
}

// Calls visit(place) for each of the users, in the order of their places in the chunk.
template <class Visit>
void each_user(BitSpan users, Visit visit) {
  for (std::size_t word = 0; word < users.word_count; ++word) {
    for (std::uint64_t bits = users.words[word]; bits != 0; bits &= bits - 1) {
      visit(static_cast<std::uint32_t>(64 * word) + static_cast<unsigned>(std::countr_zero(bits)));
    }
  }
}

}  // namespace rollcall
