// These are the kernels as plain loops. Every other table must agree with them, and they are the
// only table if none of the others is compiled.
#include <algorithm>
#include <bit>

#include "kernels/kernel_table.h"

namespace rollcall::kernels {
namespace {

std::uint64_t count(const std::uint64_t* a, std::size_t word_count) noexcept {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < word_count; ++i) {
    bits += static_cast<std::uint64_t>(std::popcount(a[i]));
  }
  return bits;
}

std::uint64_t and_count(const std::uint64_t* a, const std::uint64_t* b,
                        std::size_t word_count) noexcept {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < word_count; ++i) {
    bits += static_cast<std::uint64_t>(std::popcount(a[i] & b[i]));
  }
  return bits;
}

std::uint64_t andnot_count(const std::uint64_t* a, const std::uint64_t* b,
                           std::size_t word_count) noexcept {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < word_count; ++i) {
    bits += static_cast<std::uint64_t>(std::popcount(a[i] & ~b[i]));
  }
  return bits;
}

void or_into(std::uint64_t* out, const std::uint64_t* a, std::size_t word_count) noexcept {
  for (std::size_t i = 0; i < word_count; ++i) out[i] |= a[i];
}

void and_into(std::uint64_t* out, const std::uint64_t* a, std::size_t word_count) noexcept {
  for (std::size_t i = 0; i < word_count; ++i) out[i] &= a[i];
}

void andnot_into(std::uint64_t* out, const std::uint64_t* a, std::size_t word_count) noexcept {
  for (std::size_t i = 0; i < word_count; ++i) out[i] &= ~a[i];
}

void unite(const BitSpan* sets, std::size_t set_count, std::uint64_t* out,
           std::size_t word_count) noexcept {
  std::fill_n(out, word_count, std::uint64_t{0});
  for (std::size_t set = 0; set < set_count; ++set) {
    or_into(out, sets[set].words, std::min(sets[set].word_count, word_count));
  }
}

void count_planes(const BitSpan* sets, std::size_t set_count, std::uint64_t* const* planes,
                  std::size_t plane_count, std::size_t word_count) noexcept {
  for (std::size_t plane = 0; plane < plane_count; ++plane) {
    std::fill_n(planes[plane], word_count, std::uint64_t{0});
  }
  for (std::size_t user = 0; user < 64 * word_count; ++user) {
    const std::size_t word = user / 64, bit = user % 64;
    std::size_t count = 0;
    for (std::size_t set = 0; set < set_count; ++set) {
      if (word < sets[set].word_count) count += sets[set].words[word] >> bit & 1;
    }
    for (std::size_t plane = 0; plane < plane_count; ++plane) {
      planes[plane][word] |= std::uint64_t{count >> plane & 1} << bit;
    }
  }
}

void and_count_band(const BitSpan* rows, std::size_t row_count, const BitSpan* columns,
                    std::size_t column_count, std::size_t width, std::uint64_t* counts,
                    std::size_t stride) noexcept {
  for (std::size_t row = 0; row < row_count; ++row) {
    for (std::size_t k = 0; k < width && row + k < column_count; ++k) {
      const BitSpan& column = columns[row + k];
      counts[row * stride + k] += and_count(rows[row].words, column.words,
                                            std::min(rows[row].word_count, column.word_count));
    }
  }
}

void set_bits(std::uint64_t* words, const std::uint32_t* ordinals,
              std::size_t ordinal_count) noexcept {
  for (std::size_t i = 0; i < ordinal_count; ++i) {
    const std::uint32_t bit = ordinals[i] % 65'536;
    words[bit / 64] |= std::uint64_t{1} << (bit % 64);
  }
}

void in_range_bits(const std::int32_t* column, std::int32_t low, std::int32_t high,
                   std::uint64_t* out, std::size_t word_count) noexcept {
  for (std::size_t word = 0; word < word_count; ++word) {
    std::uint64_t bits = 0;
    for (std::size_t bit = 0; bit < 64; ++bit) {
      const std::int32_t value = column[64 * word + bit];
      bits |= std::uint64_t{low <= value && value <= high} << bit;
    }
    out[word] = bits;
  }
}

void min_where(std::int32_t* column, const std::uint64_t* bits, std::int32_t value,
               std::size_t word_count) noexcept {
  for (std::size_t i = 0; i < 64 * word_count; ++i) {
    if ((bits[i / 64] >> (i % 64) & 1) != 0) column[i] = std::min(column[i], value);
  }
}

void max_where(std::int32_t* column, const std::uint64_t* bits, std::int32_t value,
               std::size_t word_count) noexcept {
  for (std::size_t i = 0; i < 64 * word_count; ++i) {
    if ((bits[i / 64] >> (i % 64) & 1) != 0) column[i] = std::max(column[i], value);
  }
}

void match_planes(const std::uint64_t* planes, std::size_t plane_count, std::size_t word_count,
                  const std::uint32_t* codes, std::size_t code_count, std::uint64_t* out) noexcept {
  std::fill(out, out + word_count, 0);
  for (std::size_t i = 0; i < 64 * word_count; ++i) {
    std::uint32_t code = 0;
    for (std::size_t plane = 0; plane < plane_count; ++plane) {
      const std::uint64_t word = planes[plane * word_count + i / 64];
      code |= static_cast<std::uint32_t>(word >> (i % 64) & 1) << plane;
    }
    if (std::find(codes, codes + code_count, code) != codes + code_count) {
      out[i / 64] |= std::uint64_t{1} << (i % 64);
    }
  }
}

void unpack_sums(const std::uint64_t* stream, std::uint64_t at, unsigned width, std::uint64_t first,
                 std::uint64_t factor, std::uint64_t* sums, std::size_t count) noexcept {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    for (unsigned bit = 0; bit < width; ++bit, ++at) {
      sum += (stream[at / 64] >> (at % 64) & 1) << bit;
    }
    sums[i] = first + factor * sum;
  }
}

void mix_all(const std::uint64_t* numbers, std::uint64_t* mixed, std::size_t count) noexcept {
  std::transform(numbers, numbers + count, mixed, [](std::uint64_t x) { return mix(x); });
}

void draw_keys(const std::uint64_t* numbers, std::uint64_t factor, std::int32_t* keys,
               std::size_t count) noexcept {
  constexpr std::int64_t kHalf = std::int64_t{1} << 31;
  std::transform(numbers, numbers + count, keys, [factor](std::uint64_t x) {
    return static_cast<std::int32_t>(static_cast<std::int64_t>(x * factor >> 32) - kHalf);
  });
}

void find_tags(const TaggedSlot* slots, std::uint64_t bucket_mask, const std::uint64_t* hashes,
               std::uint32_t* numbers, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    const TaggedSlot* const bucket = slots + (hashes[i] & bucket_mask) * kBucketSlots;
    const TaggedSlot* const end = bucket + kBucketSlots;
    const TaggedSlot* const found = std::find_if(
        bucket, end, [&](const TaggedSlot& slot) { return slot.tag == tag_of_hash(hashes[i]); });
    numbers[i] = found == end ? 0 : found->number;
  }
}

}  // namespace

constinit const KernelTable reference_table = {
    .isa = "reference",
    .count = &count,
    .and_count = &and_count,
    .andnot_count = &andnot_count,
    .or_into = &or_into,
    .and_into = &and_into,
    .andnot_into = &andnot_into,
    .unite = &unite,
    .count_planes = &count_planes,
    .and_count_band = &and_count_band,
    .set_bits = &set_bits,
    .in_range_bits = &in_range_bits,
    .min_where = &min_where,
    .max_where = &max_where,
    .match_planes = &match_planes,
    .unpack_sums = &unpack_sums,
    .mix = &mix_all,
    .draw_keys = &draw_keys,
    .find_tags = &find_tags,
};

}  // namespace rollcall::kernels
