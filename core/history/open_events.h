// Holds the events of a partition that no block has yet, in the order in which they came.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/text_arena.h"
#include "core/history/log_block.h"
#include "rollcall/types.h"

namespace rollcall {

// There is one writer. Any thread may read a snapshot while the writer goes on, because rows lie in
// pieces that never move, and later rows lie past those that the snapshot has.
class OpenEvents {
 public:
  OpenEvents(std::size_t dimension_count, std::size_t property_count);

  // Holds rows to be added, in columns of the same length. Texts are copied.
  struct Rows {
    std::span<const std::uint32_t> ordinals;
    std::span<const TimeUs> times;
    std::span<const std::uint32_t> names;
    std::span<const Amount> values;  // 0: none; empty: no row has one
    std::span<const std::span<const std::uint32_t>> dimensions;
    std::span<const std::span<const std::string_view>> properties;
  };
  void append(const Rows& rows);
  // Returns an upper bound of what appending so many rows adds to the memory. `text_bytes` is how
  // much their texts take, each counted once in any kPieceRows rows.
  std::size_t growth_bytes(std::size_t row_count, std::size_t text_bytes) const;
  // Drops the rows of users, given by their ordinals, which ascend. Returns whether there were any.
  bool drop(std::span<const std::uint32_t> ordinals);

  std::size_t size() const { return size_; }
  std::size_t memory_bytes() const {
    return memory_bytes_ + recent_texts_.capacity() * sizeof(std::string_view);
  }
  // Returns how much of that the texts take.
  std::size_t text_bytes() const { return text_bytes_; }

  static constexpr std::size_t kPieceRows = 256;

 private:
  static constexpr std::size_t kTextChunkBytes = 1024;
  struct Piece {
    std::array<std::uint32_t, kPieceRows> ordinals;
    std::array<TimeUs, kPieceRows> times;
    std::array<std::uint32_t, kPieceRows> names;
    std::array<Amount, kPieceRows> values;
    std::vector<std::uint32_t> dimensions;     // kPieceRows of each dimension
    std::vector<std::string_view> properties;  // kPieceRows of each property
    TextArena texts{kTextChunkBytes};
  };

 public:
  // Has the rows that existed when the snapshot was made.
  class Snapshot {
   public:
    std::size_t size() const { return size_; }
    // Returns the rows by ordinal, then by time; those of one instant stay in the order in which
    // they came.
    EventColumns sorted() const;
    // Returns what it takes to sort and pack the properties.
    std::size_t property_bytes() const;

   private:
    friend class OpenEvents;
    std::vector<std::shared_ptr<const Piece>> pieces_;
    std::size_t size_ = 0;
    std::size_t dimension_count_ = 0, property_count_ = 0;
    std::size_t text_bytes_ = 0;
  };
  Snapshot snapshot() const;

  // Drops all rows; snapshots keep theirs.
  void clear();

 private:
  Piece& last_piece();
  // Returns the text in the memory of the last piece.
  std::string_view store(std::string_view text, Piece& piece);

  std::size_t dimension_count_, property_count_;
  // Holds texts of the last piece, each near the place that its hash gives, so that few that come
  // again are stored again.
  std::vector<std::string_view> recent_texts_;
  std::vector<std::shared_ptr<Piece>> pieces_;
  std::size_t size_ = 0;
  std::size_t memory_bytes_ = 0;
  std::size_t text_bytes_ = 0;
};

}  // namespace rollcall
