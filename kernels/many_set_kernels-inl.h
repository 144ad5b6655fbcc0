// These are the portable bodies of the kernels that take many sets at once. Included only by
// bitmap_kernels-inl.h, which says what `Lanes` is and why nothing here calls `std::`.
//
// In all of them, partial results stay in registers while the sets stream past.
#pragma once

#include <xsimd/xsimd.hpp>

#include "kernels/bitmap_kernels.h"

namespace rollcall::kernels {
namespace {

constexpr std::size_t smaller(std::size_t a, std::size_t b) { return a < b ? a : b; }
constexpr std::size_t larger(std::size_t a, std::size_t b) { return a < b ? b : a; }

// --- Union. ---

template <class Lanes>
class UnionKernel {
 public:
  static void unite(const BitSpan* sets, std::size_t set_count, std::uint64_t* out,
                    std::size_t word_count) noexcept {
    std::size_t begin = 0;
    for (; begin + kTileWords <= word_count; begin += kTileWords) {
      unite_tile(sets, set_count, out, begin);
    }
    for (std::size_t i = begin; i < word_count; ++i) out[i] = 0;
    for (std::size_t set = 0; set < set_count; ++set) {
      or_words(out, sets[set].words, begin, smaller(sets[set].word_count, word_count));
    }
  }

 private:
  using Words = typename Lanes::Words;

  // A tile fills half of the registers.
  static constexpr std::size_t kTileBatches = Lanes::kRegisters / 2;
  static constexpr std::size_t kTileWords = kTileBatches * Words::size;
  // This many sets are added before the tile is checked, because a check costs as much as adding
  // one.
  static constexpr std::size_t kSetsPerLook = 4;

  static void unite_tile(const BitSpan* sets, std::size_t set_count, std::uint64_t* out,
                         std::size_t begin) {
    const Words none(std::uint64_t{0});
    Words tile[kTileBatches];
    for (Words& batch : tile) batch = none;
    bool has_partial = false;
    std::size_t added = 0;
    for (std::size_t set = 0; set < set_count; ++set) {
      if (sets[set].word_count < begin + kTileWords) {
        has_partial |= sets[set].word_count > begin;
        continue;
      }
      const std::uint64_t* const words = sets[set].words + begin;
      for (std::size_t i = 0; i < kTileBatches; ++i) {
        tile[i] = tile[i] | Words::load_unaligned(words + i * Words::size);
      }
      if (++added % kSetsPerLook == 0 && is_full(tile)) {
        has_partial = false;
        break;
      }
    }
    for (std::size_t i = 0; i < kTileBatches; ++i) {
      tile[i].store_unaligned(out + begin + i * Words::size);
    }
    for (std::size_t set = 0; has_partial && set < set_count; ++set) {
      if (sets[set].word_count < begin + kTileWords) {
        or_words(out, sets[set].words, begin, sets[set].word_count);
      }
    }
  }

  static bool is_full(const Words* tile) {
    Words common = tile[0];
    for (std::size_t i = 1; i < kTileBatches; ++i) common = common & tile[i];
    return xsimd::all(common == Words(~std::uint64_t{0}));
  }

  static void or_words(std::uint64_t* out, const std::uint64_t* words, std::size_t begin,
                       std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) out[i] |= words[i];
  }
};

// --- Vertical counter. ---

// These are carry-save adders (as by Harley and Seal): two sets and the digit below make a digit
// and a carry, so that eight sets pass only one carry on to the fourth digit.
template <class Lanes>
class PlaneKernel {
 public:
  static void count_planes(const BitSpan* sets, std::size_t set_count, std::uint64_t* const* planes,
                           std::size_t plane_count, std::size_t word_count) noexcept {
    std::size_t i = 0;
    for (; i + Words::size <= word_count; i += Words::size) {
      count_batch(sets, set_count, planes, plane_count, i);
    }
    for (; i < word_count; ++i) count_word(sets, set_count, planes, plane_count, i);
  }

 private:
  using Words = typename Lanes::Words;
  static constexpr std::size_t kTogether = 8;
  static constexpr std::size_t kDigitsTogether = 3;

  static void count_batch(const BitSpan* sets, std::size_t set_count, std::uint64_t* const* planes,
                          std::size_t plane_count, std::size_t i) {
    const Words none(std::uint64_t{0});
    Words digits[larger(kPlanesMax, kDigitsTogether)];
    const std::size_t digit_count = larger(plane_count, kDigitsTogether);
    for (std::size_t digit = 0; digit < digit_count; ++digit) digits[digit] = none;
    for (std::size_t set = 0; set < set_count; set += kTogether) {
      Words carry = add<kDigitsTogether>(sets + set, set_count - set, i, digits);
      for (std::size_t digit = kDigitsTogether; digit < plane_count; ++digit) {
        const Words sum = digits[digit] ^ carry;
        carry = digits[digit] & carry;
        digits[digit] = sum;
      }
    }
    for (std::size_t plane = 0; plane < plane_count; ++plane) {
      digits[plane].store_unaligned(planes[plane] + i);
    }
  }

  // Adds the first 2^level of `sets` to the digits; returns what carries out of that level.
  template <std::size_t level>
  [[gnu::always_inline]] static Words add(const BitSpan* sets, std::size_t set_count, std::size_t i,
                                          Words* digits) {
    if constexpr (level == 0) {
      return set_count == 0 ? Words(std::uint64_t{0}) : load(sets[0], i);
    } else {
      constexpr std::size_t kHalf = std::size_t{1} << (level - 1);
      const Words a = add<level - 1>(sets, set_count, i, digits);
      const Words b =
          add<level - 1>(sets + kHalf, set_count - smaller(set_count, kHalf), i, digits);
      Words& digit = digits[level - 1];
      const Words sum = digit ^ a;
      const Words carry = (digit & a) | (sum & b);
      digit = sum ^ b;
      return carry;
    }
  }

  static Words load(const BitSpan& set, std::size_t i) {
    if (i + Words::size <= set.word_count) return Words::load_unaligned(set.words + i);
    std::uint64_t words[Words::size] = {};
    for (std::size_t j = i; j < set.word_count; ++j) words[j - i] = set.words[j];
    return Words::load_unaligned(words);
  }

  static void count_word(const BitSpan* sets, std::size_t set_count, std::uint64_t* const* planes,
                         std::size_t plane_count, std::size_t i) {
    for (std::size_t plane = 0; plane < plane_count; ++plane) planes[plane][i] = 0;
    for (std::size_t set = 0; set < set_count; ++set) {
      std::uint64_t carry = i < sets[set].word_count ? sets[set].words[i] : 0;
      for (std::size_t plane = 0; plane < plane_count && carry != 0; ++plane) {
        const std::uint64_t sum = planes[plane][i] ^ carry;
        carry = planes[plane][i] & carry;
        planes[plane][i] = sum;
      }
    }
  }
};

// --- Band of counts. ---

// If one instruction counts bits, the sums of a tile of cells stay in registers while its rows and
// columns pass by. Otherwise counting is so expensive that going pair by pair loses nothing; it is
// done with `pair_count`, which is the kernel and_count of the same table.
template <class Lanes, auto pair_count>
class BandKernel {
 public:
  static void and_count_band(const BitSpan* rows, std::size_t row_count, const BitSpan* columns,
                             std::size_t column_count, std::size_t width, std::uint64_t* counts,
                             std::size_t stride) noexcept {
    std::size_t words = 0;
    for (std::size_t row = 0; row < row_count; ++row) words = larger(words, rows[row].word_count);
    const std::size_t block = larger(kBlockWordsMin, kCachedWords / (row_count + column_count + 1) /
                                                         kBlockWordsMin * kBlockWordsMin);
    for (std::size_t begin = 0; begin < words; begin += block) {
      const Band band{rows, columns, column_count, width, begin, begin + block, counts, stride};
      std::size_t row = 0;
      if constexpr (Lanes::kHasPopcount) {
        for (; row + kTile <= row_count; row += kTile) count_rows(band, row);
      }
      for (; row < row_count; ++row) count_row(band, row, occupied(band, row));
    }
  }

 private:
  using Words = typename Lanes::Words;

  // There are five rows and five columns, which make 25 sums and leave registers for what is added
  // to them.
  static constexpr std::size_t kTile = 5;
  static constexpr std::size_t kLoneWidth = 8;  // columns of a tile of one row
  // This many words of all sets together stay in the second level cache while rows pass columns.
  static constexpr std::size_t kCachedWords = std::size_t{1} << 16;
  static constexpr std::size_t kBlockWordsMin = 128;

  // Holds the words from `begin` to `end` in a call.
  struct Band {
    const BitSpan* rows;
    const BitSpan* columns;
    std::size_t column_count;
    std::size_t width;
    std::size_t begin;
    std::size_t end;
    std::uint64_t* counts;
    std::size_t stride;

    // Adds the cells of a row.
    std::size_t width_of(std::size_t row) const {
      return row < column_count ? smaller(width, column_count - row) : 0;
    }
  };

  struct WordRange {
    std::size_t begin;
    std::size_t end;
    std::size_t size() const { return end - begin; }
  };

  // Returns the words of a row without the vectors of zeros at both ends. They begin whole vectors
  // after the block does. The end of the block, unless it is the row's, is also a multiple of a
  // vector, so no vector reaches from one block into the next.
  static WordRange occupied(const Band& band, std::size_t row) {
    const BitSpan& set = band.rows[row];
    WordRange range = {band.begin, smaller(band.end, set.word_count)};
    if (range.begin >= range.end) return {0, 0};
    while (range.size() >= Words::size && is_zero(set.words + range.begin)) {
      range.begin += Words::size;
    }
    while (range.size() >= Words::size && is_zero(set.words + range.end - Words::size)) {
      range.end -= Words::size;
    }
    return range;
  }

  static bool is_zero(const std::uint64_t* vector) {
    return xsimd::all(Words::load_unaligned(vector) == Words(std::uint64_t{0}));
  }

  // Adds the cells of kTile rows.
  static void count_rows(const Band& band, std::size_t row) {
    WordRange ranges[kTile];
    WordRange all = {band.end, band.begin};
    std::size_t words = 0;
    for (std::size_t r = 0; r < kTile; ++r) {
      ranges[r] = occupied(band, row + r);
      if (ranges[r].size() == 0) continue;
      words += ranges[r].size();
      all = {smaller(all.begin, ranges[r].begin), larger(all.end, ranges[r].end)};
    }
    if (words == 0) return;
    // Rows that do not overlap are better counted one by one.
    if (2 * words < kTile * all.size()) {
      for (std::size_t r = 0; r < kTile; ++r) count_row(band, row + r, ranges[r]);
      return;
    }
    const std::size_t width = band.width_of(row + kTile - 1);
    std::size_t k = 0;
    for (; k + kTile <= width; k += kTile) count_tile<kTile, kTile>(band, row, k, all);
    for (; k < width; ++k) count_tile<kTile, 1>(band, row, k, all);
    for (std::size_t r = 0; r < kTile; ++r) {
      for (std::size_t i = k; i < band.width_of(row + r); ++i) {
        count_pair(band, row + r, i, ranges[r]);
      }
    }
  }

  static void count_row(const Band& band, std::size_t row, WordRange range) {
    if (range.size() == 0) return;
    const std::size_t width = band.width_of(row);
    std::size_t k = 0;
    if constexpr (Lanes::kHasPopcount) {
      for (; k + kLoneWidth <= width; k += kLoneWidth) {
        count_tile<1, kLoneWidth>(band, row, k, range);
      }
    }
    for (; k < width; ++k) count_pair(band, row, k, range);
  }

  static void count_pair(const Band& band, std::size_t row, std::size_t k, WordRange range) {
    const BitSpan& a = band.rows[row];
    const BitSpan& b = band.columns[row + k];
    const std::size_t end = smaller(range.end, smaller(a.word_count, b.word_count));
    if (range.begin >= end) return;
    band.counts[row * band.stride + k] +=
        pair_count(a.words + range.begin, b.words + range.begin, end - range.begin);
  }

  // Returns the vector of a set from word i on: in place or, if the set ends before the vector
  // does, copied to `buffer` and filled with zeros.
  static const std::uint64_t* vector_at(const BitSpan& set, std::size_t i, std::uint64_t* buffer) {
    if (i + Words::size <= set.word_count) return set.words + i;
    for (std::size_t word = 0; word < Words::size; ++word) {
      buffer[word] = i + word < set.word_count ? set.words[i + word] : 0;
    }
    return buffer;
  }

  // Adds the cells k to k + width - 1 of the rows from `row` on.
  template <std::size_t height, std::size_t width>
  static void count_tile(const Band& band, std::size_t row, std::size_t k, WordRange range) {
    constexpr std::size_t kColumns = height + width - 1;
    constexpr std::size_t kSums = height * width;
    constexpr std::size_t kPaddedSums = (kSums + Words::size - 1) / Words::size * Words::size;
    const BitSpan* const rows = band.rows + row;
    const BitSpan* const columns = band.columns + row + k;
    const std::uint64_t* a[height];
    const std::uint64_t* b[kColumns];
    std::size_t common = range.end;  // where the first of the sets ends
    for (std::size_t r = 0; r < height; ++r) {
      a[r] = rows[r].words;
      common = smaller(common, rows[r].word_count);
    }
    for (std::size_t c = 0; c < kColumns; ++c) {
      b[c] = columns[c].words;
      common = smaller(common, columns[c].word_count);
    }
    Words sums[kPaddedSums];
#pragma GCC unroll 32
    for (std::size_t sum = 0; sum < kPaddedSums; ++sum) sums[sum] = Words(std::uint64_t{0});
    std::size_t i = range.begin;
    for (; i + Words::size <= common; i += Words::size) {
#pragma GCC unroll 32
      for (std::size_t sum = 0; sum < kSums; ++sum) {
        const std::size_t r = sum / width, c = sum % width;
        sums[sum] += Lanes::count_bits(Words::load_unaligned(a[r] + i) &
                                       Words::load_unaligned(b[r + c] + i));
      }
    }
    for (; i < range.end; i += Words::size) {
      std::uint64_t buffers[height + kColumns][Words::size];
      for (std::size_t r = 0; r < height; ++r) a[r] = vector_at(rows[r], i, buffers[r]);
      for (std::size_t c = 0; c < kColumns; ++c) {
        b[c] = vector_at(columns[c], i, buffers[height + c]);
      }
#pragma GCC unroll 32
      for (std::size_t sum = 0; sum < kSums; ++sum) {
        const std::size_t r = sum / width, c = sum % width;
        sums[sum] +=
            Lanes::count_bits(Words::load_unaligned(a[r]) & Words::load_unaligned(b[r + c]));
      }
    }
    std::uint64_t totals[kPaddedSums];
#pragma GCC unroll 32
    for (std::size_t sum = 0; sum < kPaddedSums; sum += Words::size) {
      Lanes::add_across(sums + sum).store_unaligned(totals + sum);
    }
    for (std::size_t r = 0; r < height; ++r) {
      std::uint64_t* const counts = band.counts + (row + r) * band.stride + k;
      for (std::size_t c = 0; c < width; ++c) counts[c] += totals[r * width + c];
    }
  }
};

}  // namespace
}  // namespace rollcall::kernels
