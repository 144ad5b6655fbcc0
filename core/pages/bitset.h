// This header has bitsets over the ordinals of one chunk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "kernels/bitmap_kernels.h"

namespace rollcall {

// A chunk is 65,536 consecutive ordinals of one partition. Ordinal o is bit (o % 65536) of chunk (o
// / 65536).
inline constexpr std::uint32_t kChunkOrdinals = 65'536;
inline constexpr std::size_t kChunkWords = kChunkOrdinals / 64;

using kernels::BitSpan;

// Stands for "no such day" in columns of first and last days.
inline constexpr std::int32_t kNeverFirst = std::numeric_limits<std::int32_t>::max();
inline constexpr std::int32_t kNeverLast = std::numeric_limits<std::int32_t>::min();

}  // namespace rollcall
