// Every kernel of every table that this machine can run against the reference: lengths around every
// vector width, misalignments, densities, and margins that must be neither used nor written.
#include "kernels/bitmap_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "kernels/kernel_table.h"
#include "tests/kernels/guarded_buffer.h"

namespace rollcall::kernels {
namespace {

constexpr std::uint64_t kSeed = 42;
constexpr std::int32_t kInt32Min = std::numeric_limits<std::int32_t>::min();
constexpr std::int32_t kInt32Max = std::numeric_limits<std::int32_t>::max();

// Returns lengths around the width of every vector, and around a block of the unrolled loops.
std::vector<std::size_t> lengths() {
  std::vector<std::size_t> lengths;
  for (std::size_t length = 0; length <= 67; ++length) lengths.push_back(length);
  for (const std::size_t length :
       {127u, 128u, 129u, 255u, 256u, 257u, 1023u, 1024u, 1025u, 4099u}) {
    lengths.push_back(length);
  }
  return lengths;
}

enum class Density { kNone, kSparse, kHalf, kDense, kAll };
constexpr std::array kDensities = {Density::kNone, Density::kSparse, Density::kHalf,
                                   Density::kDense, Density::kAll};

class BitmapKernels : public testing::TestWithParam<const KernelTable*> {
 protected:
  const KernelTable& table() const { return *GetParam(); }

  std::uint64_t random_word(Density density) {
    switch (density) {
      case Density::kNone:
        return 0;
      case Density::kSparse:
        return random_() & random_() & random_() & random_() & random_() & random_();
      case Density::kHalf:
        return random_();
      case Density::kDense:
        return random_() | random_() | random_() | random_();
      case Density::kAll:
        break;
    }
    return ~std::uint64_t{0};
  }

  void fill(std::span<std::uint64_t> words, Density density) {
    for (std::uint64_t& word : words) word = random_word(density);
  }

  // Values from a narrow range, so that equals are frequent, and the extremes now and then.
  void fill(std::span<std::int32_t> column) {
    for (std::int32_t& value : column) {
      const std::uint64_t draw = random_();
      value = static_cast<std::int32_t>(draw % 16) - 8;
      if (draw >> 60 == 0) value = kInt32Min;
      if (draw >> 60 == 1) value = kInt32Max;
    }
  }

  std::mt19937_64 random_{kSeed};
};

INSTANTIATE_TEST_SUITE_P(Isa, BitmapKernels,
                         testing::ValuesIn(runnable_tables().begin(), runnable_tables().end()),
                         [](const auto& test) { return std::string(test.param->isa); });

template <class T>
std::vector<T> copy_of(std::span<T> elements) {
  return {elements.begin(), elements.end()};
}

// --- Counts. The margins are all ones: a word too many would be counted. ---

TEST_P(BitmapKernels, CountAgreesWithReference) {
  for (const std::size_t length : lengths()) {
    for (std::size_t misalignment = 0; misalignment < 8; ++misalignment) {
      for (const Density density : kDensities) {
        SCOPED_TRACE(testing::Message()
                     << "seed=" << kSeed << " words=" << length << " misalignment=" << misalignment
                     << " density=" << static_cast<int>(density));
        GuardedBuffer<std::uint64_t> a(length, misalignment, ~std::uint64_t{0});
        fill(a.elements(), density);
        ASSERT_EQ(table().count(a.data(), length), reference_table.count(a.data(), length));
      }
    }
  }
}

using PairCount = std::uint64_t (*)(const std::uint64_t*, const std::uint64_t*,
                                    std::size_t) noexcept;
struct NamedPairCount {
  const char* name;
  PairCount KernelTable::*kernel;
};
constexpr NamedPairCount kPairCounts[] = {{"and_count", &KernelTable::and_count},
                                          {"andnot_count", &KernelTable::andnot_count}};

TEST_P(BitmapKernels, PairCountsAgreeWithReference) {
  for (const auto& [name, kernel] : kPairCounts) {
    for (const std::size_t length : lengths()) {
      for (std::size_t misalignments = 0; misalignments < 64; ++misalignments) {
        const std::size_t misalignment_a = misalignments % 8;
        const std::size_t misalignment_b = misalignments / 8;
        const Density density_a = kDensities[misalignments % kDensities.size()];
        const Density density_b = kDensities[(misalignments / 5) % kDensities.size()];
        SCOPED_TRACE(testing::Message()
                     << name << " seed=" << kSeed << " words=" << length
                     << " misalignments=" << misalignment_a << "," << misalignment_b
                     << " densities=" << static_cast<int>(density_a) << ","
                     << static_cast<int>(density_b));
        // Past the end, `a and b` and `a and not b` have bits, one half each.
        GuardedBuffer<std::uint64_t> a(length, misalignment_a, ~std::uint64_t{0});
        GuardedBuffer<std::uint64_t> b(length, misalignment_b, 0xffff'ffff);
        fill(a.elements(), density_a);
        fill(b.elements(), density_b);
        ASSERT_EQ((table().*kernel)(a.data(), b.data(), length),
                  (reference_table.*kernel)(a.data(), b.data(), length));
      }
    }
  }
}

TEST_P(BitmapKernels, PairCountsTakeOverlappingInputs) {
  for (const auto& [name, kernel] : kPairCounts) {
    for (const std::size_t length : lengths()) {
      for (std::size_t distance = 0; distance <= 9; ++distance) {
        SCOPED_TRACE(testing::Message() << name << " seed=" << kSeed << " words=" << length
                                        << " distance=" << distance);
        GuardedBuffer<std::uint64_t> words(length + distance, 0, ~std::uint64_t{0});
        fill(words.elements(), Density::kHalf);
        const std::uint64_t* const a = words.data();
        const std::uint64_t* const b = words.data() + distance;
        ASSERT_EQ((table().*kernel)(a, b, length), (reference_table.*kernel)(a, b, length));
        ASSERT_EQ((table().*kernel)(b, a, length), (reference_table.*kernel)(b, a, length));
      }
    }
  }
}

// --- Set algebra. The margins of the input would change those of the output. ---

using Combine = void (*)(std::uint64_t*, const std::uint64_t*, std::size_t) noexcept;
struct NamedCombine {
  const char* name;
  Combine KernelTable::*kernel;
  std::uint64_t output_guard;
  std::uint64_t input_guard;
};
constexpr NamedCombine kCombines[] = {
    {"or_into", &KernelTable::or_into, 0, ~std::uint64_t{0}},
    {"and_into", &KernelTable::and_into, ~std::uint64_t{0}, 0},
    {"andnot_into", &KernelTable::andnot_into, ~std::uint64_t{0}, ~std::uint64_t{0}},
};

TEST_P(BitmapKernels, SetAlgebraAgreesWithReference) {
  for (const auto& [name, kernel, output_guard, input_guard] : kCombines) {
    for (const std::size_t length : lengths()) {
      for (std::size_t misalignments = 0; misalignments < 64; ++misalignments) {
        const std::size_t misalignment_out = misalignments % 8;
        const std::size_t misalignment_a = misalignments / 8;
        const Density density_out = kDensities[misalignments % kDensities.size()];
        const Density density_a = kDensities[(misalignments / 5) % kDensities.size()];
        SCOPED_TRACE(testing::Message()
                     << name << " seed=" << kSeed << " words=" << length
                     << " misalignments=" << misalignment_out << "," << misalignment_a
                     << " densities=" << static_cast<int>(density_out) << ","
                     << static_cast<int>(density_a));
        GuardedBuffer<std::uint64_t> out(length, misalignment_out, output_guard);
        GuardedBuffer<std::uint64_t> a(length, misalignment_a, input_guard);
        fill(out.elements(), density_out);
        fill(a.elements(), density_a);
        std::vector<std::uint64_t> expected = copy_of(out.elements());
        (reference_table.*kernel)(expected.data(), a.data(), length);
        (table().*kernel)(out.data(), a.data(), length);
        ASSERT_EQ(copy_of(out.elements()), expected);
        ASSERT_TRUE(out.margins_intact());
      }
    }
  }
}

// --- Many sets. ---

// Sets of any length up to `word_count`, in buffers of their own; past each lie ones.
class RandomSets {
 public:
  template <class Fill>
  RandomSets(std::size_t set_count, std::size_t word_count, std::mt19937_64& random, Fill fill) {
    for (std::size_t set = 0; set < set_count; ++set) {
      const std::size_t length = random() % 3 == 0 ? random() % (word_count + 1) : word_count;
      buffers_.push_back(std::make_unique<GuardedBuffer<std::uint64_t>>(
          length, random() % 2 == 0 ? 0 : random() % 8, ~std::uint64_t{0}));
      fill(buffers_.back()->elements());
      spans_.push_back({length == 0 ? nullptr : buffers_.back()->data(), length});
    }
  }

  const std::vector<BitSpan>& spans() const { return spans_; }

 private:
  std::vector<std::unique_ptr<GuardedBuffer<std::uint64_t>>> buffers_;
  std::vector<BitSpan> spans_;
};

TEST_P(BitmapKernels, UniteAgreesWithReference) {
  for (const std::size_t length : lengths()) {
    for (std::size_t set_count = 0; set_count <= 40; set_count += 1 + set_count / 4) {
      for (const Density density : kDensities) {
        SCOPED_TRACE(testing::Message() << "seed=" << kSeed << " words=" << length << " sets="
                                        << set_count << " density=" << static_cast<int>(density));
        // Sets longer than what is asked for are cut off.
        const RandomSets sets(set_count, length + random_() % 9, random_,
                              [&](auto words) { fill(words, density); });
        GuardedBuffer<std::uint64_t> out(length, random_() % 8, 0x5eed);
        std::vector<std::uint64_t> expected(length);
        reference_table.unite(sets.spans().data(), set_count, expected.data(), length);
        table().unite(sets.spans().data(), set_count, out.data(), length);
        ASSERT_EQ(copy_of(out.elements()), expected);
        ASSERT_TRUE(out.margins_intact());
      }
    }
  }
}

TEST_P(BitmapKernels, CountPlanesAgreesWithReference) {
  for (const std::size_t length : lengths()) {
    if (length > 200) continue;
    for (std::size_t set_count = 0; set_count <= 70; set_count += 1 + set_count / 3) {
      const Density density = kDensities[random_() % kDensities.size()];
      const auto digits = static_cast<std::size_t>(std::bit_width(set_count));
      const std::size_t plane_count = std::min(digits + random_() % 3, kPlanesMax);
      SCOPED_TRACE(testing::Message()
                   << "seed=" << kSeed << " words=" << length << " sets=" << set_count
                   << " planes=" << plane_count << " density=" << static_cast<int>(density));
      // Some sets end early, and some go on past the words that are counted.
      const RandomSets sets(set_count, length + random_() % 9, random_,
                            [&](auto words) { fill(words, density); });
      std::vector<std::vector<std::uint64_t>> expected(plane_count,
                                                       std::vector<std::uint64_t>(length));
      std::deque<GuardedBuffer<std::uint64_t>> found;
      std::vector<std::uint64_t*> expected_planes, found_planes;
      for (std::size_t plane = 0; plane < plane_count; ++plane) {
        found.emplace_back(length, random_() % 8, 0x5eed);
        expected_planes.push_back(expected[plane].data());
        found_planes.push_back(found.back().data());
      }
      reference_table.count_planes(sets.spans().data(), set_count, expected_planes.data(),
                                   plane_count, length);
      table().count_planes(sets.spans().data(), set_count, found_planes.data(), plane_count,
                           length);
      for (std::size_t plane = 0; plane < plane_count; ++plane) {
        ASSERT_EQ(copy_of(found[plane].elements()), expected[plane]) << "plane " << plane;
        ASSERT_TRUE(found[plane].margins_intact());
      }
    }
  }
}

// Rows and columns of one density, or rows that are zeros but for a stretch somewhere; counts that
// are there already stay, and so do those that are no cell.
TEST_P(BitmapKernels, AndCountBandAgreesWithReference) {
  for (int round = 0; round < 600; ++round) {
    const std::size_t word_count = round % 10 == 0 ? random_() % 9000 : random_() % 200;
    const std::size_t row_count = random_() % 14, column_count = random_() % 20;
    const std::size_t width = random_() % 20, stride = width + random_() % 3;
    const bool apart = random_() % 2 == 0;
    SCOPED_TRACE(testing::Message()
                 << "seed=" << kSeed << " round=" << round << " words=" << word_count
                 << " rows=" << row_count << " columns=" << column_count << " width=" << width
                 << " stride=" << stride << " apart=" << apart);
    const Density density = kDensities[random_() % kDensities.size()];
    const RandomSets rows(row_count, word_count, random_, [&](std::span<std::uint64_t> words) {
      if (!apart) return fill(words, density);
      const std::size_t begin = random_() % (words.size() + 1);
      const std::size_t size = random_() % (words.size() - begin + 1);
      fill(words, Density::kNone);
      fill(words.subspan(begin, size / (1 + random_() % 20)), density);
    });
    const RandomSets columns(column_count, word_count, random_,
                             [&](auto words) { fill(words, Density::kHalf); });
    GuardedBuffer<std::uint64_t> counts(row_count * stride, 0, 0x5eed);
    std::vector<std::uint64_t> expected = copy_of(counts.elements());
    reference_table.and_count_band(rows.spans().data(), row_count, columns.spans().data(),
                                   column_count, width, expected.data(), stride);
    table().and_count_band(rows.spans().data(), row_count, columns.spans().data(), column_count,
                           width, counts.data(), stride);
    ASSERT_EQ(copy_of(counts.elements()), expected);
    ASSERT_TRUE(counts.margins_intact());
  }
}

// --- Scatter. ---

TEST_P(BitmapKernels, SetBitsAgreesWithReference) {
  for (const std::size_t length : lengths()) {
    for (std::size_t misalignment = 0; misalignment < 16; ++misalignment) {
      // They go from many repeats to a whole chunk; the words reach just the highest ordinal.
      for (const std::uint32_t ordinal_bound : {1u, 64u, 65u, 1000u, 65'536u}) {
        SCOPED_TRACE(testing::Message()
                     << "seed=" << kSeed << " ordinals=" << length
                     << " misalignment=" << misalignment << " ordinal_bound=" << ordinal_bound);
        GuardedBuffer<std::uint64_t> words((ordinal_bound + 63) / 64, misalignment % 8, 0);
        GuardedBuffer<std::uint32_t> ordinals(length, misalignment, ordinal_bound - 1);
        fill(words.elements(), Density::kSparse);
        for (std::uint32_t& ordinal : ordinals.elements()) {
          const std::uint64_t draw = random_();
          const auto chunk = static_cast<std::uint32_t>(draw >> 48);
          ordinal = chunk * 65'536 + static_cast<std::uint32_t>(draw) % ordinal_bound;
        }
        std::vector<std::uint64_t> expected = copy_of(words.elements());
        reference_table.set_bits(expected.data(), ordinals.data(), length);
        table().set_bits(words.data(), ordinals.data(), length);
        ASSERT_EQ(copy_of(words.elements()), expected);
        ASSERT_TRUE(words.margins_intact());
      }
    }
  }
}

// --- Hashes. ---

TEST_P(BitmapKernels, MixAgreesWithReference) {
  for (const std::size_t length : lengths()) {
    for (std::size_t misalignment = 0; misalignment < 8; ++misalignment) {
      SCOPED_TRACE(testing::Message() << "seed=" << kSeed << " numbers=" << length
                                      << " misalignment=" << misalignment);
      GuardedBuffer<std::uint64_t> numbers(length, misalignment, 0);
      GuardedBuffer<std::uint64_t> mixed(length, misalignment, 0x5eed);
      for (std::uint64_t& number : numbers.elements()) number = random_();
      std::vector<std::uint64_t> expected(length);
      reference_table.mix(numbers.data(), expected.data(), length);
      table().mix(numbers.data(), mixed.data(), length);
      ASSERT_EQ(copy_of(mixed.elements()), expected);
      ASSERT_TRUE(mixed.margins_intact());
    }
  }
}

TEST_P(BitmapKernels, DrawKeysAgreesWithReference) {
  for (const std::size_t length : lengths()) {
    for (std::size_t misalignment = 0; misalignment < 8; ++misalignment) {
      SCOPED_TRACE(testing::Message() << "seed=" << kSeed << " numbers=" << length
                                      << " misalignment=" << misalignment);
      GuardedBuffer<std::uint64_t> numbers(length, misalignment, 0);
      GuardedBuffer<std::int32_t> keys(length, misalignment, 0x5eed);
      for (std::uint64_t& number : numbers.elements()) number = random_();
      const std::uint64_t factor = random_();
      std::vector<std::int32_t> expected(length);
      reference_table.draw_keys(numbers.data(), factor, expected.data(), length);
      table().draw_keys(numbers.data(), factor, keys.data(), length);
      ASSERT_EQ(copy_of(keys.elements()), expected);
      ASSERT_TRUE(keys.margins_intact());
    }
  }
}

// --- Codes in planes. ---

TEST_P(BitmapKernels, MatchPlanesAgreesWithReference) {
  for (const std::size_t length : lengths()) {
    for (const std::size_t plane_count : {0u, 1u, 3u, 8u}) {
      const std::size_t misalignment = random_() % 8;
      SCOPED_TRACE(testing::Message()
                   << "seed=" << kSeed << " words=" << length << " planes=" << plane_count);
      GuardedBuffer<std::uint64_t> planes(plane_count * length, misalignment, 0);
      GuardedBuffer<std::uint64_t> out(length, misalignment, 0x5eed);
      for (std::uint64_t& word : planes.elements()) word = random_();
      std::vector<std::uint32_t> codes(random_() % 4);
      for (std::uint32_t& code : codes) {
        code = static_cast<std::uint32_t>(random_()) % (1u << plane_count);
      }
      std::vector<std::uint64_t> expected(length);
      reference_table.match_planes(planes.data(), plane_count, length, codes.data(), codes.size(),
                                   expected.data());
      table().match_planes(planes.data(), plane_count, length, codes.data(), codes.size(),
                           out.data());
      ASSERT_EQ(copy_of(out.elements()), expected);
      ASSERT_TRUE(out.margins_intact());
    }
  }
}

// --- Packed numbers. ---

TEST_P(BitmapKernels, UnpackSumsAgreesWithReference) {
  for (const std::size_t length : lengths()) {
    for (unsigned width = 0; width <= kUnpackWidthMax; ++width) {
      const std::size_t misalignment = random_() % 8;
      const std::uint64_t at = random_() % 200;
      SCOPED_TRACE(testing::Message() << "seed=" << kSeed << " numbers=" << length
                                      << " width=" << width << " at=" << at);
      std::vector<std::uint64_t> stream((at + length * width) / 64 + 2);
      for (std::uint64_t& word : stream) word = random_();
      GuardedBuffer<std::uint64_t> sums(length, misalignment, 0x5eed);
      std::vector<std::uint64_t> expected(length);
      const std::uint64_t first = random_(), factor = length % 3 == 0 ? 1 : random_();
      reference_table.unpack_sums(stream.data(), at, width, first, factor, expected.data(), length);
      table().unpack_sums(stream.data(), at, width, first, factor, sums.data(), length);
      ASSERT_EQ(copy_of(sums.elements()), expected);
      ASSERT_TRUE(sums.margins_intact());
    }
  }
}

// --- Nothing to do. ---

TEST_P(BitmapKernels, TakeNullForNothing) {
  EXPECT_EQ(table().count(nullptr, 0), 0u);
  EXPECT_EQ(table().and_count(nullptr, nullptr, 0), 0u);
  EXPECT_EQ(table().andnot_count(nullptr, nullptr, 0), 0u);
  table().or_into(nullptr, nullptr, 0);
  table().and_into(nullptr, nullptr, 0);
  table().andnot_into(nullptr, nullptr, 0);
  table().unite(nullptr, 0, nullptr, 0);
  table().count_planes(nullptr, 0, nullptr, 0, 0);
  table().and_count_band(nullptr, 0, nullptr, 0, 0, nullptr, 0);
  table().set_bits(nullptr, nullptr, 0);
  table().in_range_bits(nullptr, 0, 0, nullptr, 0);
  table().min_where(nullptr, nullptr, 0, 0);
  table().max_where(nullptr, nullptr, 0, 0);
  table().match_planes(nullptr, 0, 0, nullptr, 0, nullptr);
  table().unpack_sums(nullptr, 0, 0, 0, 0, nullptr, 0);
  table().mix(nullptr, nullptr, 0);
  table().draw_keys(nullptr, 0, nullptr, 0);
  table().find_tags(nullptr, 0, nullptr, nullptr, 0);
}

// Tags occur once, several times and not at all, and there are equal numbers that must not be taken
// for tags.
TEST_P(BitmapKernels, FindTagsAgreesWithReference) {
  for (const std::size_t buckets : {1u, 2u, 64u}) {
    GuardedBuffer<TaggedSlot> slots(buckets * kBucketSlots, 0, TaggedSlot{1, 99});
    for (TaggedSlot& slot : slots.elements()) {
      const auto random = static_cast<std::uint32_t>(random_());
      slot = {random % 8 + 1, random % 16 == 0 ? 0 : random % 8 + 1};
    }
    for (const std::size_t count : {std::size_t{1}, std::size_t{15}, std::size_t{1000}}) {
      SCOPED_TRACE(testing::Message() << "seed=" << kSeed << " buckets=" << buckets);
      std::vector<std::uint64_t> hashes;
      for (std::size_t i = 0; i < count; ++i) {
        hashes.push_back((random_() % 12) << 20 | random_() % 1024);
      }
      std::vector<std::uint32_t> expected(count), found(count);
      reference_table.find_tags(slots.data(), buckets - 1, hashes.data(), expected.data(), count);
      table().find_tags(slots.data(), buckets - 1, hashes.data(), found.data(), count);
      ASSERT_EQ(found, expected);
      ASSERT_TRUE(slots.margins_intact());
    }
  }
}

}  // namespace
}  // namespace rollcall::kernels
