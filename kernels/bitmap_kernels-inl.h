// These are the portable bodies of the kernels. Only table_<isa>.cpp includes them.
//
// `Lanes` is one instruction set: its xsimd batches, and the few operations that xsimd 8.1 lacks.
//   Words, Column     xsimd batches of uint64_t and int32_t; Flags, the comparison of two Columns
//   kRegisters        how many Words the processor holds
//   kHasPopcount      count_bits is one instruction
//   count_bits        Words -> Words: the number of bits set in each lane
//   add_across        as many Words as one has lanes -> Words: the sum of the lanes of each; only
//                     with kHasPopcount
//   bits_from_flags   Flags -> the low bits of a uint64_t, lane 0 first; the other bits are 0
//   flags_from_bits   the reverse; ignores the other bits
//
// Everything is in an unnamed namespace, and nothing calls `std::`. The linker keeps only one copy
// of a function that several object files define, and that could be the copy compiled for a
// processor that this machine is not. tests/kernels/isa_symbols_test.py checks the objects.
#pragma once

#include <xsimd/xsimd.hpp>

#include "kernels/bitmap_kernels.h"
#include "kernels/many_set_kernels-inl.h"

namespace rollcall::kernels {
namespace {

template <class Lanes>
class BitmapKernels {
 public:
  static constexpr KernelTable table(const char* isa) {
    return {
        .isa = isa,
        .count = &count,
        .and_count = &and_count,
        .andnot_count = &andnot_count,
        .or_into = &or_into,
        .and_into = &and_into,
        .andnot_into = &andnot_into,
        .unite = &UnionKernel<Lanes>::unite,
        .count_planes = &PlaneKernel<Lanes>::count_planes,
        .and_count_band = &BandKernel<Lanes, &and_count>::and_count_band,
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
  }

 private:
  using Words = typename Lanes::Words;
  using Column = typename Lanes::Column;

  // --- Counting: a source says which bits, and the strategies below count them. ---

  struct Set {
    const std::uint64_t* a;
    Words words(std::size_t i) const { return Words::load_unaligned(a + i); }
    std::uint64_t word(std::size_t i) const { return a[i]; }
  };

  struct SetInBoth {
    const std::uint64_t* a;
    const std::uint64_t* b;
    Words words(std::size_t i) const {
      return Words::load_unaligned(a + i) & Words::load_unaligned(b + i);
    }
    std::uint64_t word(std::size_t i) const { return a[i] & b[i]; }
  };

  struct SetInFirstOnly {
    const std::uint64_t* a;
    const std::uint64_t* b;
    Words words(std::size_t i) const {
      return Words::load_unaligned(a + i) & ~Words::load_unaligned(b + i);
    }
    std::uint64_t word(std::size_t i) const { return a[i] & ~b[i]; }
  };

  static std::uint64_t count(const std::uint64_t* a, std::size_t word_count) noexcept {
    return count_source(Set{a}, word_count);
  }

  static std::uint64_t and_count(const std::uint64_t* a, const std::uint64_t* b,
                                 std::size_t word_count) noexcept {
    return count_source(SetInBoth{a, b}, word_count);
  }

  static std::uint64_t andnot_count(const std::uint64_t* a, const std::uint64_t* b,
                                    std::size_t word_count) noexcept {
    return count_source(SetInFirstOnly{a, b}, word_count);
  }

  template <class Source>
  static std::uint64_t count_source(Source source, std::size_t word_count) {
    Words lane_counts(std::uint64_t{0});
    std::size_t i = Lanes::kHasPopcount ? count_unrolled(source, word_count, lane_counts)
                                        : count_carrying(source, word_count, lane_counts);
    for (; i + Words::size <= word_count; i += Words::size) {
      lane_counts += Lanes::count_bits(source.words(i));
    }
    std::uint64_t bits = xsimd::hadd(lane_counts);
    for (; i < word_count; ++i) {
      bits += static_cast<std::uint64_t>(__builtin_popcountll(source.word(i)));
    }
    return bits;
  }

  // Adds the counts of as many whole blocks as there are to `lane_counts`; returns the first word
  // after them. There are four sums, so that no addition waits for the one before it.
  template <class Source>
  static std::size_t count_unrolled(Source source, std::size_t word_count, Words& lane_counts) {
    constexpr std::size_t kBlock = 4 * Words::size;
    Words sum_0(std::uint64_t{0}), sum_1 = sum_0, sum_2 = sum_0, sum_3 = sum_0;
    std::size_t i = 0;
    for (; i + kBlock <= word_count; i += kBlock) {
      sum_0 += Lanes::count_bits(source.words(i));
      sum_1 += Lanes::count_bits(source.words(i + Words::size));
      sum_2 += Lanes::count_bits(source.words(i + 2 * Words::size));
      sum_3 += Lanes::count_bits(source.words(i + 3 * Words::size));
    }
    lane_counts += (sum_0 + sum_1) + (sum_2 + sum_3);
    return i;
  }

  // Does the same without a fast count_bits (Harley and Seal): every bit position keeps a binary
  // number of kDigits digits. Only what overflows it, which is one batch in 16, has its bits
  // counted.
  static constexpr std::size_t kDigits = 4;

  template <class Source>
  static std::size_t count_carrying(Source source, std::size_t word_count, Words& lane_counts) {
    constexpr std::size_t kBlock = Words::size << kDigits;
    Words overflows(std::uint64_t{0});
    Words digits[kDigits] = {overflows, overflows, overflows, overflows};
    std::size_t i = 0;
    for (; i + kBlock <= word_count; i += kBlock) {
      overflows += Lanes::count_bits(add_carrying<kDigits>(source, i, digits));
    }
    lane_counts += overflows << static_cast<std::int32_t>(kDigits);
    for (std::size_t digit = 0; digit < kDigits; ++digit) {
      lane_counts += Lanes::count_bits(digits[digit]) << static_cast<std::int32_t>(digit);
    }
    return i;
  }

  // Adds 2^level batches, from word i on, to the numbers; returns what carries out of that level.
  template <std::size_t level, class Source>
  [[gnu::always_inline]] static Words add_carrying(Source source, std::size_t i, Words* digits) {
    if constexpr (level == 0) {
      return source.words(i);
    } else {
      const Words a = add_carrying<level - 1>(source, i, digits);
      const Words b = add_carrying<level - 1>(source, i + (Words::size << (level - 1)), digits);
      Words& digit = digits[level - 1];
      const Words sum = digit ^ a;
      const Words carry = (digit & a) | (sum & b);
      digit = sum ^ b;
      return carry;
    }
  }

  // --- Set algebra. ---

  static void or_into(std::uint64_t* out, const std::uint64_t* a, std::size_t word_count) noexcept {
    combine_into(out, a, word_count, [](auto x, auto y) { return x | y; });
  }

  static void and_into(std::uint64_t* out, const std::uint64_t* a,
                       std::size_t word_count) noexcept {
    combine_into(out, a, word_count, [](auto x, auto y) { return x & y; });
  }

  static void andnot_into(std::uint64_t* out, const std::uint64_t* a,
                          std::size_t word_count) noexcept {
    combine_into(out, a, word_count, [](auto x, auto y) { return x & ~y; });
  }

  template <class Operation>
  static void combine_into(std::uint64_t* out, const std::uint64_t* a, std::size_t word_count,
                           Operation operation) {
    std::size_t i = 0;
    for (; i + Words::size <= word_count; i += Words::size) {
      operation(Words::load_unaligned(out + i), Words::load_unaligned(a + i))
          .store_unaligned(out + i);
    }
    for (; i < word_count; ++i) out[i] = operation(out[i], a[i]);
  }

  static void set_bits(std::uint64_t* words, const std::uint32_t* ordinals,
                       std::size_t ordinal_count) noexcept {
    for (std::size_t i = 0; i < ordinal_count; ++i) {
      const std::uint32_t bit = ordinals[i] % 65'536;
      words[bit / 64] |= std::uint64_t{1} << (bit % 64);
    }
  }

  // --- Columns and bits. ---

  static void in_range_bits(const std::int32_t* column, std::int32_t low, std::int32_t high,
                            std::uint64_t* out, std::size_t word_count) noexcept {
    const Column lows(low), highs(high);
    for (std::size_t word = 0; word < word_count; ++word) {
      std::uint64_t outside = 0;
      for (std::size_t bit = 0; bit < 64; bit += Column::size) {
        const Column values = Column::load_unaligned(column + 64 * word + bit);
        outside |= Lanes::bits_from_flags((values < lows) | (values > highs)) << bit;
      }
      out[word] = ~outside;
    }
  }

  static void min_where(std::int32_t* column, const std::uint64_t* bits, std::int32_t value,
                        std::size_t word_count) noexcept {
    update_where(column, bits, value, word_count,
                 [](Column x, Column y) { return xsimd::min(x, y); });
  }

  static void max_where(std::int32_t* column, const std::uint64_t* bits, std::int32_t value,
                        std::size_t word_count) noexcept {
    update_where(column, bits, value, word_count,
                 [](Column x, Column y) { return xsimd::max(x, y); });
  }

  template <class Operation>
  static void update_where(std::int32_t* column, const std::uint64_t* bits, std::int32_t value,
                           std::size_t word_count, Operation operation) {
    const Column operand(value);
    for (std::size_t word = 0; word < word_count; ++word) {
      if (bits[word] == 0) continue;
      for (std::size_t bit = 0; bit < 64; bit += Column::size) {
        std::int32_t* const values = column + 64 * word + bit;
        const Column old_values = Column::load_unaligned(values);
        xsimd::select(Lanes::flags_from_bits(bits[word] >> bit), operation(old_values, operand),
                      old_values)
            .store_unaligned(values);
      }
    }
  }

  // --- Codes in planes. ---

  static void match_planes(const std::uint64_t* planes, std::size_t plane_count,
                           std::size_t word_count, const std::uint32_t* codes,
                           std::size_t code_count, std::uint64_t* out) noexcept {
    // Tests whether a code has a bit: the plane is taken as it is, or inverted.
    const auto turned = [&](std::size_t code, std::size_t plane) {
      return (std::uint64_t{codes[code]} >> plane & 1) - 1;
    };
    std::size_t i = 0;
    for (; i + Words::size <= word_count; i += Words::size) {
      Words found(std::uint64_t{0});
      for (std::size_t code = 0; code < code_count; ++code) {
        Words equal(~std::uint64_t{0});
        for (std::size_t plane = 0; plane < plane_count; ++plane) {
          equal = equal & (Words::load_unaligned(planes + plane * word_count + i) ^
                           Words(turned(code, plane)));
        }
        found = found | equal;
      }
      found.store_unaligned(out + i);
    }
    for (; i < word_count; ++i) {
      std::uint64_t found = 0;
      for (std::size_t code = 0; code < code_count; ++code) {
        std::uint64_t equal = ~std::uint64_t{0};
        for (std::size_t plane = 0; plane < plane_count; ++plane) {
          equal &= planes[plane * word_count + i] ^ turned(code, plane);
        }
        found |= equal;
      }
      out[i] = found;
    }
  }

  // --- Packed numbers. ---

  // What is loaded does not depend on the number before; only the addition waits for it.
  static void unpack_sums(const std::uint64_t* stream, std::uint64_t at, unsigned width,
                          std::uint64_t first, std::uint64_t factor, std::uint64_t* sums,
                          std::size_t count) noexcept {
    const char* const bytes = reinterpret_cast<const char*>(stream);
    const std::uint64_t mask = width == 0 ? 0 : ~std::uint64_t{0} >> (64 - width);
    std::uint64_t sum = first;
    for (std::size_t i = 0; i < count; ++i, at += width) {
      std::uint64_t loaded = 0;
      std::memcpy(&loaded, bytes + at / 8, sizeof loaded);
      sum += factor * (loaded >> (at % 8) & mask);
      sums[i] = sum;
    }
  }

  // --- Buckets of a hash table. ---

  // The compiler vectorises this.
  static void mix_all(const std::uint64_t* __restrict numbers, std::uint64_t* __restrict mixed,
                      std::size_t count) noexcept {
    for (std::size_t i = 0; i < count; ++i) mixed[i] = mix(numbers[i]);
  }

  // The compiler vectorises this as well.
  static void draw_keys(const std::uint64_t* __restrict numbers, std::uint64_t factor,
                        std::int32_t* __restrict keys, std::size_t count) noexcept {
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t turned = (numbers[i] * factor) ^ std::uint64_t{1} << 63;
      keys[i] = static_cast<std::int32_t>(turned >> 32);
    }
  }

  // A bucket is prefetched this far ahead, which is enough to hide a miss behind the keys before
  // it.
  static constexpr std::size_t kBucketsAhead = 16;

  static void find_tags(const TaggedSlot* slots, std::uint64_t bucket_mask,
                        const std::uint64_t* hashes, std::uint32_t* numbers,
                        std::size_t count) noexcept {
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t ahead = i + kBucketsAhead < count ? i + kBucketsAhead : i;
      __builtin_prefetch(slots + (hashes[ahead] & bucket_mask) * kBucketSlots);
      numbers[i] = find_tag(slots + (hashes[i] & bucket_mask) * kBucketSlots, hashes[i]);
    }
  }

  // Returns the number in the first slot of the bucket with the hash's tag.
  static std::uint32_t find_tag(const TaggedSlot* bucket, std::uint64_t hash) {
    constexpr std::uint64_t kTags = 0x5555;  // of the 16 numbers in a bucket
    const auto* const words = reinterpret_cast<const std::int32_t*>(bucket);
    const Column tag(static_cast<std::int32_t>(tag_of_hash(hash)));
    std::uint64_t equal = 0;
    for (std::size_t j = 0; j < 2 * kBucketSlots; j += Column::size) {
      equal |= Lanes::bits_from_flags(Column::load_unaligned(words + j) == tag) << j;
    }
    equal &= kTags;
    return equal == 0 ? 0 : bucket[__builtin_ctzll(equal) / 2].number;
  }
};

}  // namespace
}  // namespace rollcall::kernels
