#include "core/counter_chunk.h"

#include <gtest/gtest.h>

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
      ordinals.push_back(static_cast<std::uint32_t>(random() % 5000) + 2 * kChunkOrdinals);
      Expected& user = expected[ordinals.back() % kChunkOrdinals];
      ++user.events;
      if (!with_values) continue;
      values.push_back(static_cast<Amount>(random()));  // of either sign, so sums overflow 64 bits
      user.value += values.back();
    }
    chunk.add(ordinals, values);
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
  chunk.add(ordinals, std::vector<Amount>(5, kMost));
  EXPECT_TRUE(chunk.total(9).value == static_cast<AmountSum>(kMost) * 5);
  chunk.add(ordinals, std::vector<Amount>(5, kLeast));
  chunk.add(ordinals, std::vector<Amount>(5, kLeast));
  EXPECT_TRUE(reread(chunk).total(9).value ==
              static_cast<AmountSum>(kMost) * 5 + static_cast<AmountSum>(kLeast) * 10);
}

TEST(CounterChunk, KeepsNoSumsWithoutAmounts) {
  CounterChunk plain;
  plain.add(std::vector<std::uint32_t>{1, 2, 3}, {});
  CounterChunk zeros;
  zeros.add(std::vector<std::uint32_t>{1, 2, 3}, std::vector<Amount>{0, 0, 0});
  EXPECT_EQ(zeros.memory_bytes(), plain.memory_bytes());
}

TEST(CounterChunk, DeserializeRefusesDamage) {
  CounterChunk chunk;
  chunk.add(std::vector<std::uint32_t>{1, 2},
            std::vector<Amount>{std::numeric_limits<Amount>::max(), 1});
  chunk.add(std::vector<std::uint32_t>{1}, std::vector<Amount>{1});
  std::string bytes;
  chunk.serialize(bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(CounterChunk::deserialize(std::string_view(bytes).substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(CounterChunk::deserialize(bytes + '\0').ok());
}

}  // namespace
}  // namespace rollcall
