#include "core/query/sets/user_sums.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "tests/support/random.h"

namespace rollcall::testing {
namespace {

constexpr std::size_t kWords = 16;
constexpr SeriesId kSeries = 1;
constexpr DayRange kDays = {Day{0}, Day{9}};

// A chunk that has nothing but amounts.
class ChunkOfAmounts : public ChunkSource {
 public:
  std::size_t word_count() const override { return kWords; }
  BitSpan presence(SeriesId, Day, std::uint64_t*) const override { return {}; }
  Union unite(SeriesId, DayRange) const override { return {}; }
  Bounds bounds(SeriesId) const override { return {}; }
  std::span<const UserAmount> amounts(SeriesId, Day day) const override {
    const auto found = by_day.find(day);
    return found == by_day.end() ? std::span<const UserAmount>() : found->second;
  }
  BitSpan listed(const UserList&, std::uint64_t*) const override { return {}; }
  BitSpan in_audience(const AudienceRead&, std::uint64_t*) const override { return {}; }
  UserCursor history(UserCursor::Opened opened) const override { return {{}, std::move(opened)}; }
  std::uint32_t first_ordinal() const override { return 0; }

  std::map<Day, std::vector<UserAmount>> by_day;
};

// Users of a range of days whose amounts sum to more than 0.
std::vector<std::uint64_t> expected_words(const ChunkOfAmounts& chunk, DayRange days) {
  std::map<std::uint32_t, AmountSum> sums;
  for (const auto& [day, amounts] : chunk.by_day) {
    if (!days.contains(day)) continue;
    for (const UserAmount& of_user : amounts) sums[of_user.place] += of_user.amount;
  }
  std::vector<std::uint64_t> words(kWords);
  for (const auto& [place, sum] : sums) {
    if (sum > 0) words[place / 64] |= std::uint64_t{1} << (place % 64);
  }
  return words;
}

std::vector<std::uint64_t> words_of(BitSpan set) {
  std::vector<std::uint64_t> words(set.words, set.words + set.word_count);
  words.resize(kWords);
  return words;
}

class UserSumsTest : public ::testing::Test {
 protected:
  UserSumsTest() {
    Random random(5);
    for (int i = 0; i < 5'000; ++i) {
      chunk_.by_day[Day{static_cast<std::int32_t>(random.below(10))}].push_back(
          {static_cast<std::uint16_t>(random.below(64 * kWords)), random.between(-3, 3)});
    }
  }

  ChunkOfAmounts chunk_;
  SetArena arena_;
  ChunkSets sets_{chunk_, arena_, kDays};
};

TEST_F(UserSumsTest, PayersOfEachRangeAreThoseOfAMap) {
  UserSums sums(sets_, nullptr);
  for (std::int32_t first = 0; first < 10; ++first) {
    for (std::int32_t last = first; last < 10; ++last) {
      const DayRange days = {Day{first}, Day{last}};
      EXPECT_EQ(words_of(sums.payers({kSeries}, days)), expected_words(chunk_, days));
    }
  }
}

TEST_F(UserSumsTest, PayersAreWithinTheLimit) {
  std::vector<std::uint64_t> limit(kWords, 0x0f0f'0f0f'0f0f'0f0f);
  limit.back() = 0;
  sets_.limit_to({limit.data(), kWords - 1});
  UserSums sums(sets_, nullptr);
  std::vector<std::uint64_t> expected = expected_words(chunk_, kDays);
  for (std::size_t i = 0; i < kWords; ++i) expected[i] &= limit[i];
  EXPECT_EQ(words_of(sums.payers({kSeries}, kDays)), expected);
}

TEST_F(UserSumsTest, SumsGoOn) {
  UserSums sums(sets_, nullptr);
  for (std::int32_t day = 0; day < 10; ++day) {
    sums.add({kSeries}, {Day{day}, Day{day}});
    EXPECT_EQ(words_of(sums.positive()), expected_words(chunk_, {Day{0}, Day{day}}));
  }
}

}  // namespace
}  // namespace rollcall::testing
