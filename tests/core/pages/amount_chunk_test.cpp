#include "core/pages/amount_chunk.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <random>
#include <string_view>
#include <vector>

namespace rollcall {
namespace {

constexpr Amount kMax = std::numeric_limits<Amount>::max();
constexpr Amount kMin = std::numeric_limits<Amount>::min();

AmountChunk reread(const AmountChunk& chunk) {
  std::string bytes;
  chunk.serialize(bytes);
  Result<AmountChunk> read = AmountChunk::deserialize(bytes);
  EXPECT_TRUE(read.ok()) << read.status().to_string();
  return *std::move(read);
}

// Sums of sets are compared with a map, over several merges, before and after a round trip.
TEST(AmountChunk, SumsAgreeWithAMap) {
  constexpr std::uint32_t kSeed = 7;
  std::mt19937_64 random(kSeed);
  AmountChunk chunk;
  std::map<std::uint32_t, AmountSum> expected;
  for (int i = 0; i < 5000; ++i) {
    const auto ordinal = static_cast<std::uint32_t>(random() % 700);
    const auto amount = static_cast<Amount>(random());
    chunk.add(ordinal + 3 * kChunkOrdinals, amount);
    expected[ordinal] += amount;
    if (i % 500 != 0) continue;
    std::vector<std::uint64_t> words(8);  // ends before the last user
    for (std::uint64_t& word : words) word = random();
    AmountSum sum = 0, all = 0;
    for (const auto& [user, value] : expected) {
      all += value;
      if (user / 64 < words.size() && (words[user / 64] >> (user % 64) & 1) != 0) sum += value;
    }
    const BitSpan users{words.data(), words.size()};
    ASSERT_TRUE(sum_of(chunk.entries(), users) == sum) << "seed " << kSeed << " step " << i;
    ASSERT_TRUE(chunk.sum() == all);
    ASSERT_TRUE(sum_of(reread(chunk).entries(), users) == sum);
  }
}

TEST(AmountChunk, SumsThatOutgrowTheirBitsAreExact) {
  AmountChunk chunk;
  for (int i = 0; i < 3; ++i) chunk.add(5, kMax);
  for (int i = 0; i < 2; ++i) chunk.add(6, kMin);
  const std::uint64_t five = 1 << 5, six = 1 << 6;
  const AmountChunk read = reread(chunk);
  EXPECT_TRUE(sum_of(read.entries(), {&five, 1}) == static_cast<AmountSum>(kMax) * 3);
  EXPECT_TRUE(sum_of(read.entries(), {&six, 1}) == static_cast<AmountSum>(kMin) * 2);
}

TEST(AmountChunk, SameAmountsInAnotherOrderAreTheSameBytes) {
  AmountChunk forth, back;
  for (std::uint32_t i = 0; i < 1000; ++i) forth.add(i % 300, i);
  for (std::uint32_t i = 1000; i-- > 0;) back.add(i % 300, i);
  std::string forth_bytes, back_bytes;
  forth.serialize(forth_bytes);
  back.serialize(back_bytes);
  EXPECT_EQ(forth_bytes, back_bytes);
}

TEST(AmountChunk, DamageIsAnError) {
  AmountChunk chunk;
  chunk.add(1, 10);
  chunk.add(2, 20);
  std::string bytes;
  chunk.serialize(bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(AmountChunk::deserialize(std::string_view(bytes).substr(0, size)).ok()) << size;
  }
  std::swap(bytes[1], bytes[3]);  // ordinals 2 and 1
  EXPECT_EQ(AmountChunk::deserialize(bytes).status().message(), "amounts: ordinal 1 follows 2");
}

}  // namespace
}  // namespace rollcall
