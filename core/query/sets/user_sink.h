// Receives the users of some cells of a plan's table, instead of counting them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/pages/bitset.h"
#include "core/query/sets/cell_sink.h"

namespace rollcall {

// Collects the users of some cells of a plan, in one chunk. Only one thread uses it.
class UserSink final : public CellSink {
 public:
  // `cells` ascend, and `words`, which become empty sets, cover every user of the chunk. Both
  // outlive the sink.
  UserSink(std::span<const std::size_t> cells, std::span<std::uint64_t> words)
      : cells_(cells), words_(words) {
    std::ranges::fill(words, std::uint64_t{0});
  }

  void add(std::size_t cell, BitSpan users) override {
    add_words(cell, users.word_count, [&](std::size_t i) { return users.words[i]; });
  }
  void add_and(std::size_t cell, BitSpan a, BitSpan b) override {
    add_words(cell, std::min(a.word_count, b.word_count),
              [&](std::size_t i) { return a.words[i] & b.words[i]; });
  }
  void add_andnot(std::size_t cell, BitSpan a, BitSpan b) override {
    add_words(cell, a.word_count, [&](std::size_t i) {
      return i < b.word_count ? a.words[i] & ~b.words[i] : a.words[i];
    });
  }
  void add_user(std::size_t cell, std::uint32_t place) override {
    if (is_wanted(cell)) words_[place / 64] |= std::uint64_t{1} << (place % 64);
  }
  void add_user_run(std::size_t first_cell, std::size_t count, std::uint32_t place) override {
    const auto wanted = std::ranges::lower_bound(cells_, first_cell);
    if (wanted != cells_.end() && *wanted < first_cell + count) add_user(*wanted, place);
  }

 private:
  bool is_wanted(std::size_t cell) const { return std::ranges::binary_search(cells_, cell); }
  template <class WordAt>
  void add_words(std::size_t cell, std::size_t count, WordAt word_at) {
    if (!is_wanted(cell)) return;
    for (std::size_t i = 0; i < count; ++i) words_[i] |= word_at(i);
  }

  const std::span<const std::size_t> cells_;
  const std::span<std::uint64_t> words_;
};

}  // namespace rollcall
