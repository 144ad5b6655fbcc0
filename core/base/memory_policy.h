// This header divides EngineOptions::memory_bytes_max into shares. No other file names a share of
// it.
#pragma once

#include <algorithm>
#include <cstddef>

namespace rollcall {

// Is a fraction of a whole: `parts` of `of` equal parts.
struct Share {
  std::size_t parts = 0;
  std::size_t of = 1;

  friend constexpr std::size_t operator*(std::size_t whole_bytes, Share share) {
    return whole_bytes / share.of * share.parts;
  }
  friend constexpr Share operator+(Share a, Share b) {
    return {a.parts * b.of + b.parts * a.of, a.of * b.of};
  }
  friend constexpr bool operator==(Share a, Share b) { return a.parts * b.of == b.parts * a.of; }
  friend constexpr bool operator<=(Share a, Share b) { return a.parts * b.of <= b.parts * a.of; }
};

inline constexpr Share kWhole{1, 1};

// --- Shares of the whole, which add up to it. ---

inline constexpr Share kStoreShare{1, 8};  // the store's caches and buffers
inline constexpr Share kQuestionsShare{1, 8};
inline constexpr Share kPreparedShare{1, 4};  // prepared batches
inline constexpr Share kStateShare{1, 2};     // if its own share is enough for the store
static_assert(kStoreShare + kQuestionsShare + kPreparedShare + kStateShare == kWhole);

// A store for which its share is not enough takes more of the state's, up to this. The state keeps
// the rest.
inline constexpr Share kStoreShareMost{3, 8};
inline constexpr Share kStateShareLeast{1, 4};
static_assert(kStoreShareMost + kQuestionsShare + kPreparedShare + kStateShareLeast == kWhole);

// If the whole is below 128 MiB, the questions' share is more than an eighth of it, and part of it
// comes on top.
inline constexpr std::size_t kQuestionsBytesMin = std::size_t{16} << 20;

constexpr std::size_t questions_share(std::size_t memory_bytes_max) {
  return std::max(memory_bytes_max * kQuestionsShare, kQuestionsBytesMin);
}

// Returns what the state may take if the store takes `store_bytes`.
constexpr std::size_t state_share(std::size_t memory_bytes_max, std::size_t store_bytes) {
  return memory_bytes_max - memory_bytes_max * kPreparedShare - memory_bytes_max * kQuestionsShare -
         std::min(store_bytes, memory_bytes_max * kStoreShareMost);
}

// --- Shares of the whole that make up the share of prepared batches. ---

inline constexpr Share kPoolShare{1, 8};       // blocks of rows that are kept for later
inline constexpr Share kWaitingShare{1, 16};   // rows of files that wait to be ingested
inline constexpr Share kDecodingShare{1, 16};  // text that is read and decoded
static_assert(kPoolShare + kWaitingShare + kDecodingShare == kPreparedShare);

// --- Shares of what the store gets. The cache gets the rest. ---

inline constexpr Share kStoreBuffersShare{1, 2};
// Neither the buffers nor the cache work with less.
inline constexpr std::size_t kStorePartBytesMin = std::size_t{2} << 20;

// --- Shares of what the state gets. They bound different things, and do not add up to it. ---

// Bounds the days that are read when a store is opened; most of the memory is left for pages.
inline constexpr Share kDaysAtOpenShare{1, 4};
// Bounds how much of the pages that a question read it leaves in memory.
inline constexpr Share kKeptPagesShare{1, 8};
// Eviction goes on until no more than this is in use, so that what comes next finds room.
inline constexpr Share kEvictionTarget{3, 4};
// This much room is made before a batch is staged a second time, or before partitions are read one
// by one. With the target above, a quarter of the state's memory stays in use, which is what was
// used last.
inline constexpr Share kRoomMadeShare{1, 2};
static_assert(kRoomMadeShare <= kEvictionTarget);
// A batch is staged a second time only if a checkpoint has at most this much left to encode, which
// cannot be evicted. Otherwise the batch waits for the checkpoint.
inline constexpr Share kWrittenOutShareMost{1, 4};
static_assert(kRoomMadeShare + kWrittenOutShareMost <= kWhole);
// The runs of history that are merged at a time may take this much. It comes on top of what is
// resident.
inline constexpr Share kMergedHistoryShare{1, 8};
// When memory is full, at least this many dirty pages are worth a checkpoint. A checkpoint for
// fewer would free almost nothing, and the next one would be due at once.
inline constexpr Share kWorthWritingShare{1, 16};
// Free memory is given back to the system after this share has been evicted, and at least this many
// bytes.
inline constexpr Share kReturnedShare{1, 8};
inline constexpr std::size_t kReturnedBytesMin = std::size_t{1} << 20;

// --- Shares of the room that is left of what the state gets. ---

// Batches are ingested whole again after one whose partitions together took no more than this.
inline constexpr Share kWholeBatchShare{3, 4};
// A partition gets this much for a batch even if there is less room.
inline constexpr std::size_t kPartitionBytesMin = std::size_t{16} << 20;

// --- Shares of what the questions get, and of what is left of it. ---

// Optional memory, which makes a question faster, may be taken while this much is left for others.
inline constexpr Share kSpareShareLeast{1, 2};
// If each thread counts for itself, the counts of all may take this much of what is left.
inline constexpr Share kThreadCountsShare{1, 2};
// The window of a compressed list of users may take this much of what is left.
inline constexpr Share kListWindowShare{1, 2};

}  // namespace rollcall
