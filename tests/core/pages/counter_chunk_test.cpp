#include "core/pages/counter_chunk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <random>

namespace rollcall {
namespace {

CounterChunk reread(const CounterChunk& chunk) {
  std::string bytes;
  chunk.serialize(bytes);
  Result<CounterChunk> read = CounterChunk::deserialize(bytes);
  EXPECT_TRUE(read.ok()) << read.status().to_string();
  return *std::move(read);
}

// Counts one event for each of the ordinals; `values` is empty or as long.
void add(CounterChunk& chunk, const std::vector<std::uint32_t>& ordinals,
         const std::vector<Amount>& values = {}) {
  std::uint32_t size = 0;
  for (const std::uint32_t ordinal : ordinals) size = std::max(size, ordinal + 1);
  std::uint32_t* const events = chunk.reserve(size);
  for (std::size_t i = 0; i < ordinals.size(); ++i) {
    if (++events[ordinals[i]] == 0) chunk.carry_events(ordinals[i]);
    if (!values.empty()) chunk.add_value(ordinals[i], values[i]);
  }
}

TEST(CounterChunk, AgreesWithAMap) {
  constexpr std::uint32_t kSeed = 11;
  std::mt19937_64 random(kSeed);
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  CounterChunk chunk;
  struct Expected {
    std::uint64_t events = 0;
    AmountSum value = 0;
  };
  std::map<std::uint32_t, Expected> expected;
  for (int batch = 0; batch < 50; ++batch) {
    std::vector<std::uint32_t> ordinals;
    std::vector<Amount> values;
    const bool with_values = batch % 3 != 0;
    for (int i = 0; i < 200; ++i) {
      ordinals.push_back(static_cast<std::uint32_t>(random() % 5000));
      Expected& user = expected[ordinals.back()];
      ++user.events;
      if (!with_values) continue;
      values.push_back(static_cast<Amount>(random()));  // of either sign, so sums overflow 64 bits
      user.value += values.back();
    }
    add(chunk, ordinals, values);
    ASSERT_TRUE(chunk.validate().ok()) << chunk.validate().to_string();
  }
  const CounterChunk read = reread(chunk);
  for (std::uint32_t ordinal = 0; ordinal < 6000; ++ordinal) {
    ASSERT_EQ(chunk.total(ordinal).events, expected[ordinal].events);
    ASSERT_TRUE(chunk.total(ordinal).value == expected[ordinal].value) << ordinal;
    ASSERT_EQ(read.total(ordinal).events, expected[ordinal].events);
    ASSERT_TRUE(read.total(ordinal).value == expected[ordinal].value) << ordinal;
  }
}

TEST(CounterChunk, SumsPastSixtyFourBitsAreExact) {
  CounterChunk chunk;
  constexpr Amount kMost = std::numeric_limits<Amount>::max();
  constexpr Amount kLeast = std::numeric_limits<Amount>::min();
  const std::vector<std::uint32_t> ordinals(5, 9);
  add(chunk, ordinals, std::vector<Amount>(5, kMost));
  EXPECT_TRUE(chunk.total(9).value == static_cast<AmountSum>(kMost) * 5);
  add(chunk, ordinals, std::vector<Amount>(5, kLeast));
  add(chunk, ordinals, std::vector<Amount>(5, kLeast));
  EXPECT_TRUE(reread(chunk).total(9).value ==
              static_cast<AmountSum>(kMost) * 5 + static_cast<AmountSum>(kLeast) * 10);
}

TEST(CounterChunk, CountsPastThirtyTwoBitsAreExact) {
  CounterChunk chunk;
  *chunk.reserve(1) = ~std::uint32_t{0};
  add(chunk, {0, 0});
  EXPECT_EQ(chunk.total(0).events, (std::uint64_t{1} << 32) + 1);
  EXPECT_EQ(reread(chunk).total(0).events, (std::uint64_t{1} << 32) + 1);
}

TEST(CounterChunk, GrowsAndKeepsWhatItHas) {
  CounterChunk chunk;
  add(chunk, {1, 2, 3}, {5, 5, 5});
  const std::size_t bytes = chunk.memory_bytes();
  add(chunk, {kChunkOrdinals - 1}, {7});
  EXPECT_GT(chunk.memory_bytes(), bytes);
  EXPECT_EQ(chunk.size(), kChunkOrdinals);
  EXPECT_EQ(chunk.total(2).events, 1u);
  EXPECT_TRUE(chunk.total(2).value == 5);
  EXPECT_TRUE(chunk.total(kChunkOrdinals - 1).value == 7);
}

TEST(CounterChunk, KeepsNoSumsWithoutAmounts) {
  CounterChunk plain, valued;
  add(plain, {1, 2, 3});
  add(valued, {1, 2, 3}, {0, 0, 0});
  EXPECT_LT(plain.memory_bytes(), valued.memory_bytes());
}

TEST(CounterChunk, DeserializeRefusesDamage) {
  CounterChunk chunk;
  add(chunk, {1, 2}, {std::numeric_limits<Amount>::max(), 1});
  add(chunk, {1}, {1});
  std::string bytes;
  chunk.serialize(bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(CounterChunk::deserialize(std::string_view(bytes).substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(CounterChunk::deserialize(bytes + '\0').ok());
}

}  // namespace
}  // namespace rollcall
