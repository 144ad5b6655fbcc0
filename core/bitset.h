// Bitsets over the ordinals of one chunk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

namespace rollcall {

// A chunk: 65,536 consecutive ordinals of one partition. Ordinal o is bit (o % 65536) of chunk
// (o / 65536).
inline constexpr std::uint32_t kChunkOrdinals = 65'536;
inline constexpr std::size_t kChunkWords = kChunkOrdinals / 64;

// A read-only bitset; words past `word_count` are zero. Owned by somebody else.
struct BitSpan {
  const std::uint64_t* words = nullptr;
  std::size_t word_count = 0;

  bool empty() const { return word_count == 0; }
};

// In columns of first and last days: no such day.
inline constexpr std::int32_t kNeverFirst = std::numeric_limits<std::int32_t>::max();
inline constexpr std::int32_t kNeverLast = std::numeric_limits<std::int32_t>::min();

}  // namespace rollcall
