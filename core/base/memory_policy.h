// Who gets which part of EngineOptions::memory_bytes_max.
#pragma once

#include <algorithm>
#include <cstddef>

namespace rollcall {

// One part in so many of the whole, at most: the store's caches and buffers.
inline constexpr std::size_t kStoreShare = 8;
// One part in so many of the whole: prepared batches. The state has the rest.
inline constexpr std::size_t kPreparedShare = 4;

// The prepared batches' quarter, again in parts of the whole: blocks of rows kept for later, rows
// of files that wait to be ingested, and text that is read and decoded.
inline constexpr std::size_t kPoolShare = 8;
inline constexpr std::size_t kWaitingShare = 16;
inline constexpr std::size_t kDecodingShare = 16;
static_assert(16 / kPoolShare + 16 / kWaitingShare + 16 / kDecodingShare == 16 / kPreparedShare);

// One part in so many of the whole, and at least so much: what questions take beside the state.
inline constexpr std::size_t kQuestionsShare = 8;
inline constexpr std::size_t kQuestionsMin = std::size_t{16} << 20;

// What questions may take. Where the whole is below 128 MiB, part of it comes on top.
constexpr std::size_t questions_share(std::size_t memory_bytes_max) {
  return std::max(memory_bytes_max / kQuestionsShare, kQuestionsMin);
}

// What the state may take, where the store takes `store_bytes`: a store that cannot do with its
// part takes from the state, but leaves it a quarter of the whole.
constexpr std::size_t state_share(std::size_t memory_bytes_max, std::size_t store_bytes) {
  return memory_bytes_max - memory_bytes_max / kPreparedShare - memory_bytes_max / kQuestionsShare -
         std::min(store_bytes, memory_bytes_max / 8 * 3);
}

}  // namespace rollcall
