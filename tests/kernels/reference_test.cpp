// The reference kernels against answers written by hand: every other table is compared with them.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/kernel_table.h"

namespace rollcall::kernels {
namespace {

constexpr std::int32_t kInt32Min = std::numeric_limits<std::int32_t>::min();
constexpr std::int32_t kInt32Max = std::numeric_limits<std::int32_t>::max();

constexpr std::array<std::uint64_t, 3> kA = {0b1100, 0, 0xffff'ffff'ffff'ffff};
constexpr std::array<std::uint64_t, 3> kB = {0b1010, 7, 0x8000'0000'0000'0001};

TEST(ReferenceKernels, Count) {
  EXPECT_EQ(reference_table.count(kA.data(), 3), 66u);
  EXPECT_EQ(reference_table.count(kA.data(), 2), 2u);
  EXPECT_EQ(reference_table.count(nullptr, 0), 0u);
}

TEST(ReferenceKernels, AndCount) {
  EXPECT_EQ(reference_table.and_count(kA.data(), kB.data(), 3), 3u);
  EXPECT_EQ(reference_table.and_count(kA.data(), kB.data(), 2), 1u);
  EXPECT_EQ(reference_table.and_count(nullptr, nullptr, 0), 0u);
}

TEST(ReferenceKernels, AndnotCount) {
  EXPECT_EQ(reference_table.andnot_count(kA.data(), kB.data(), 3), 63u);
  EXPECT_EQ(reference_table.andnot_count(kB.data(), kA.data(), 3), 4u);
  EXPECT_EQ(reference_table.andnot_count(nullptr, nullptr, 0), 0u);
}

TEST(ReferenceKernels, OrInto) {
  std::array<std::uint64_t, 3> out = kA;
  reference_table.or_into(out.data(), kB.data(), 2);
  EXPECT_EQ(out, (std::array<std::uint64_t, 3>{0b1110, 7, 0xffff'ffff'ffff'ffff}));
}

TEST(ReferenceKernels, AndInto) {
  std::array<std::uint64_t, 3> out = kA;
  reference_table.and_into(out.data(), kB.data(), 3);
  EXPECT_EQ(out, (std::array<std::uint64_t, 3>{0b1000, 0, 0x8000'0000'0000'0001}));
}

TEST(ReferenceKernels, AndnotInto) {
  std::array<std::uint64_t, 3> out = kA;
  reference_table.andnot_into(out.data(), kB.data(), 3);
  EXPECT_EQ(out, (std::array<std::uint64_t, 3>{0b0100, 0, 0x7fff'ffff'ffff'fffe}));
}

TEST(ReferenceKernels, CountPlanes) {
  constexpr std::uint64_t kFirst = 0b0111, kSecond = 0b0011, kThird[] = {0b0001, 1};
  const std::array<BitSpan, 3> sets = {BitSpan{&kFirst, 1}, BitSpan{&kSecond, 1},
                                       BitSpan{kThird, 2}};
  std::array<std::uint64_t, 2> low = {9, 9}, high = {9, 9};
  const std::array<std::uint64_t*, 2> planes = {low.data(), high.data()};
  reference_table.count_planes(sets.data(), 3, planes.data(), 2, 2);
  EXPECT_EQ(low, (std::array<std::uint64_t, 2>{0b0101, 1}));
  EXPECT_EQ(high, (std::array<std::uint64_t, 2>{0b0011, 0}));
}

TEST(ReferenceKernels, UniteCutsOffAndFillsUp) {
  std::array<std::uint64_t, 3> out = {9, 9, 9};
  const std::array<BitSpan, 3> sets = {BitSpan{kA.data(), 1}, BitSpan{kB.data(), 2}, BitSpan{}};
  reference_table.unite(sets.data(), 3, out.data(), 3);
  EXPECT_EQ(out, (std::array<std::uint64_t, 3>{0b1110, 7, 0}));
  reference_table.unite(sets.data(), 3, out.data(), 1);
  EXPECT_EQ(out, (std::array<std::uint64_t, 3>{0b1110, 7, 0}));
  reference_table.unite(sets.data(), 0, out.data(), 2);
  EXPECT_EQ(out, (std::array<std::uint64_t, 3>{0, 0, 0}));
}

TEST(ReferenceKernels, AndCountBandMovesOneColumnARow) {
  constexpr std::array<std::uint64_t, 4> kWords = {0b1, 0b11, 0b111, 0b1111};
  const std::array<BitSpan, 2> rows = {BitSpan{&kWords[1], 1}, BitSpan{&kWords[3], 1}};
  const std::array<BitSpan, 3> columns = {BitSpan{&kWords[0], 1}, BitSpan{&kWords[1], 1},
                                          BitSpan{&kWords[2], 1}};
  std::array<std::uint64_t, 8> counts = {10, 10, 10, 10, 10, 10, 10, 10};
  reference_table.and_count_band(rows.data(), 2, columns.data(), 3, 3, counts.data(), 4);
  EXPECT_EQ(counts, (std::array<std::uint64_t, 8>{11, 12, 12, 10, 12, 13, 10, 10}));
}

TEST(ReferenceKernels, SetBitsKeepsWhatIsSetAndTakesOrdinalsModuloTheChunk) {
  std::array<std::uint64_t, 1024> words{};
  words[0] = 0b100;
  const std::vector<std::uint32_t> ordinals = {
      0, 63, 64, 64, 65'535, 65'536 + 1, 0xffff'0000 + 130};
  reference_table.set_bits(words.data(), ordinals.data(), ordinals.size());
  EXPECT_EQ(words[0], 0x8000'0000'0000'0007u);
  EXPECT_EQ(words[1], 1u);
  EXPECT_EQ(words[2], 4u);
  EXPECT_EQ(words[1023], 0x8000'0000'0000'0000u);
  EXPECT_EQ(reference_table.count(words.data(), words.size()), 7u);
}

// The codes are 0 to 5, ten of each, in three planes.
TEST(ReferenceKernels, MatchPlanesFindsTheCodesOfASet) {
  std::array<std::uint64_t, 3> planes{};
  for (std::size_t i = 0; i < 60; ++i) {
    for (std::size_t plane = 0; plane < 3; ++plane) {
      planes[plane] |= (std::uint64_t{i % 6} >> plane & 1) << i;
    }
  }
  const std::array<std::uint32_t, 2> codes = {4, 1};
  std::uint64_t out = 0;
  reference_table.match_planes(planes.data(), 3, 1, codes.data(), 2, &out);
  EXPECT_EQ(reference_table.count(&out, 1), 20u);
  EXPECT_EQ(out & 0b111111, 0b010010u);
  reference_table.match_planes(planes.data(), 3, 1, codes.data(), 0, &out);
  EXPECT_EQ(out, 0u);
}

// The numbers 5, 0, 7 and 1 of three bits each begin at bit 62.
TEST(ReferenceKernels, UnpackSumsAddsUpWhatLiesEndToEnd) {
  const std::array<std::uint64_t, 3> stream = {std::uint64_t{0b01} << 62, 0b001'111'000'1, 0};
  std::array<std::uint64_t, 4> sums{};
  reference_table.unpack_sums(stream.data(), 62, 3, 0, 1, sums.data(), sums.size());
  EXPECT_EQ(sums, (std::array<std::uint64_t, 4>{5, 5, 12, 13}));
  reference_table.unpack_sums(stream.data(), 62, 3, 100, 10, sums.data(), sums.size());
  EXPECT_EQ(sums, (std::array<std::uint64_t, 4>{150, 150, 220, 230}));
}

// These are what MurmurHash3's own finalizer makes of them, and it is a bijection.
TEST(ReferenceKernels, Mix) {
  const std::array<std::uint64_t, 3> numbers = {0, 1, 0xffff'ffff'ffff'ffff};
  std::array<std::uint64_t, 3> mixed{};
  reference_table.mix(numbers.data(), mixed.data(), numbers.size());
  EXPECT_EQ(mixed, (std::array<std::uint64_t, 3>{0, 0xb456bcfc34c2cb2c, 0x64b5720b4b825f21}));
}

// The upper halves of three times these are 0, 2 and 0xffffffff, and 2^31 is taken off.
TEST(ReferenceKernels, DrawKeys) {
  const std::array<std::uint64_t, 3> numbers = {1, std::uint64_t{1} << 63 | 0xaaaaaaab,
                                                0xffff'ffff'ffff'ffff};
  std::array<std::int32_t, 3> keys{};
  reference_table.draw_keys(numbers.data(), 3, keys.data(), numbers.size());
  EXPECT_EQ(keys, (std::array<std::int32_t, 3>{-2'147'483'648, 2, 2'147'483'647}));
}

TEST(ReferenceKernels, InRangeBitsIncludesBothEnds) {
  std::array<std::int32_t, 128> column{};
  for (std::size_t i = 0; i < column.size(); ++i) column[i] = static_cast<std::int32_t>(i) - 10;
  std::array<std::uint64_t, 2> out = {~std::uint64_t{0}, ~std::uint64_t{0}};
  reference_table.in_range_bits(column.data(), -9, 55, out.data(), 2);
  EXPECT_EQ(out, (std::array<std::uint64_t, 2>{~std::uint64_t{1}, 0b11}));
}

TEST(ReferenceKernels, InRangeBitsOfAnEmptyAndOfTheFullRange) {
  std::array<std::int32_t, 64> column{};
  column[0] = kInt32Min;
  column[63] = kInt32Max;
  std::uint64_t out = 1;
  reference_table.in_range_bits(column.data(), 1, -1, &out, 1);
  EXPECT_EQ(out, 0u);
  reference_table.in_range_bits(column.data(), kInt32Min, kInt32Max, &out, 1);
  EXPECT_EQ(out, ~std::uint64_t{0});
  reference_table.in_range_bits(column.data(), kInt32Max, kInt32Max, &out, 1);
  EXPECT_EQ(out, std::uint64_t{1} << 63);
}

TEST(ReferenceKernels, MinWhereAndMaxWhereChangeOnlyWhatIsSelected) {
  std::array<std::int32_t, 128> column{};
  column[1] = 7;
  column[2] = 7;
  column[127] = kInt32Max;
  const std::array<std::uint64_t, 2> bits = {0b101, std::uint64_t{1} << 63};

  std::array<std::int32_t, 128> expected = column;
  expected[2] = 3;
  expected[127] = 3;
  reference_table.min_where(column.data(), bits.data(), 3, 2);
  EXPECT_EQ(column, expected);

  expected[0] = 5;
  expected[2] = 5;
  expected[127] = 5;
  reference_table.max_where(column.data(), bits.data(), 5, 2);
  EXPECT_EQ(column, expected);
}

TEST(ReferenceKernels, FindTagsTakesTheFirstSlotOfTheBucket) {
  std::vector<TaggedSlot> slots(2 * kBucketSlots, TaggedSlot{0, 0});
  slots[0] = {7, 1};
  slots[3] = {8, 2};
  slots[5] = {8, 3};
  slots[kBucketSlots] = {9, 4};
  const std::uint64_t tag7 = std::uint64_t{7} << 20, tag8 = std::uint64_t{8} << 20,
                      tag9 = std::uint64_t{9} << 20;
  const std::vector<std::uint64_t> hashes = {tag7, tag8, tag9, tag9 | 1, tag7 | 1};
  std::vector<std::uint32_t> numbers(hashes.size());
  reference_table.find_tags(slots.data(), 1, hashes.data(), numbers.data(), hashes.size());
  EXPECT_EQ(numbers, (std::vector<std::uint32_t>{1, 2, 0, 4, 0}));
}

}  // namespace
}  // namespace rollcall::kernels
