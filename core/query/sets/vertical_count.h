// Counts for each user in how many of some sets the user is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/query/sets/cell_sink.h"
#include "core/query/sets/chunk_sets.h"

namespace rollcall {

// Is a vertical counter: a binary number for each user, digit by digit in bitsets. It takes its
// buffers from the arena of `sets`, and is valid until they are given back.
class VerticalCount {
 public:
  VerticalCount(ChunkSets& sets, std::span<const BitSpan> counted);
  // Is 0 for everybody as yet, and never more than `most`.
  VerticalCount(ChunkSets& sets, std::size_t most);

  // Adds 1 for these users.
  void add(BitSpan users);
  // Begins again with 0 for all but these users.
  void restart_others(BitSpan users);
  // Returns those who have the same number in both, in `buffer`, which is one of the arena. Both
  // have the same `most`.
  BitSpan equal(const VerticalCount& other, std::uint64_t* buffer) const;
  // Removes all whose number is not `n` from `users`.
  void keep_exactly(std::size_t n, MutableSet& users) const;
  // Returns the users in at least `n` >= 1 of the sets, in a buffer of the arena.
  BitSpan at_least(std::size_t n) const;
  // Adds to the number of each user, by place, in how many of the sets the user is.
  void add_to(std::span<std::uint64_t> numbers) const;
  // Adds the users of exactly n sets to cell `first_cell` + n - 1, for every n >= 1.
  void add_each(CellSink& sink, std::size_t first_cell) const;

 private:
  void add_below(BitSpan users, std::size_t digit, std::size_t n, CellSink& sink,
                 std::size_t first_cell) const;

  ChunkSets& sets_;
  std::size_t counted_ = 0;
  std::size_t word_count_ = 0;
  std::vector<std::uint64_t*> planes_;  // by digit, the lowest first
};

}  // namespace rollcall
