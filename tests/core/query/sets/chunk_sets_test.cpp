#include "core/query/sets/chunk_sets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "core/query/sets/vertical_count.h"
#include "kernels/kernel_table.h"
#include "tests/support/random.h"

namespace rollcall::testing {
namespace {

using Words = std::vector<std::uint64_t>;

// A chunk with nothing in it, for sets that come from elsewhere.
class EmptyChunk : public ChunkSource {
 public:
  std::size_t word_count() const override { return 16; }
  BitSpan presence(SeriesId, Day, std::uint64_t*) const override { return {}; }
  Union unite(SeriesId, DayRange) const override { return {}; }
  Bounds bounds(SeriesId) const override { return {}; }
  std::span<const UserAmount> amounts(SeriesId, Day) const override { return {}; }
  BitSpan listed(const UserList&, std::uint64_t*) const override { return {}; }
  BitSpan in_audience(const AudienceRead&, std::uint64_t*) const override { return {}; }
  UserCursor history(UserCursor::Opened opened) const override { return {{}, std::move(opened)}; }
  std::uint32_t first_ordinal() const override { return 0; }
};

// Makes words of any length up to the chunk's, and often none.
Words random_words(Random& random) {
  Words words(random.chance(30) ? 0 : random.below(17));
  for (std::uint64_t& word : words) word = random.bits() & random.bits() & random.bits();
  return words;
}

BitSpan span_of(const Words& words) { return {words.data(), words.size()}; }

std::uint64_t word_at(BitSpan set, std::size_t i) { return i < set.word_count ? set.words[i] : 0; }

void expect_equal(BitSpan found, const Words& expected) {
  for (std::size_t i = 0; i < 16; ++i) {
    ASSERT_EQ(word_at(found, i), word_at(span_of(expected), i)) << "word " << i;
  }
}

Words unite(const std::vector<Words>& sets, std::size_t first, std::size_t last) {
  Words result(16);
  for (std::size_t i = first; i <= last; ++i) {
    for (std::size_t j = 0; j < sets[i].size(); ++j) result[j] |= sets[i][j];
  }
  return result;
}

class ChunkSetsTest : public ::testing::Test {
 protected:
  EmptyChunk chunk_;
  SetArena arena_;
  ChunkSets sets_{chunk_, arena_, {}};
};

TEST_F(ChunkSetsTest, MutableSetAgreesWithWords) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    Random random(seed);
    const std::size_t mark = arena_.mark();
    MutableSet set = sets_.make_set();
    Words expected(16);
    for (int step = 0; step < 20; ++step) {
      const Words other = random_words(random);
      const auto apply = [&](auto operation) {
        for (std::size_t i = 0; i < 16; ++i) {
          expected[i] = operation(expected[i], word_at(span_of(other), i));
        }
      };
      switch (random.below(5)) {
        case 0:
          set.assign(span_of(other));
          apply([](auto, auto b) { return b; });
          break;
        case 1:
          set.keep(span_of(other));
          apply([](auto a, auto b) { return a & b; });
          break;
        case 2:
          set.remove(span_of(other));
          apply([](auto a, auto b) { return a & ~b; });
          break;
        default:
          set.add(span_of(other));
          apply([](auto a, auto b) { return a | b; });
      }
      expect_equal(set.span(), expected);
    }
    set.clear();
    EXPECT_TRUE(set.span().empty());
    arena_.give_back_to(mark);
  }
}

TEST_F(ChunkSetsTest, SlidingUnionAgreesWithUnions) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Random random(seed);
    std::vector<Words> pushed(1 + random.below(40));
    for (Words& words : pushed) words = random_words(random);
    const std::size_t window = 1 + random.below(pushed.size() + 3);
    SCOPED_TRACE(::testing::Message()
                 << "seed " << seed << ", window " << window << " of " << pushed.size());
    const std::size_t mark = arena_.mark();
    SlidingUnion sliding(sets_, window, pushed.size());
    for (std::size_t i = 0; i < pushed.size(); ++i) {
      sliding.push(span_of(pushed[i]));
      expect_equal(sliding.value(), unite(pushed, i < window ? 0 : i - window + 1, i));
    }
    arena_.give_back_to(mark);
  }
}

TEST_F(ChunkSetsTest, UnitesWithLater) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    Random random(seed);
    std::vector<Words> words(1 + random.below(10));
    for (Words& w : words) w = random_words(random);
    std::vector<BitSpan> spans;
    for (std::size_t i = 0; i + 1 < words.size(); ++i) spans.push_back(span_of(words[i]));
    const std::size_t mark = arena_.mark();
    sets_.unite_with_later(spans, span_of(words.back()));
    for (std::size_t i = 0; i < spans.size(); ++i) {
      expect_equal(spans[i], unite(words, i, words.size() - 1));
    }
    arena_.give_back_to(mark);
  }
}

// Numbers of users that go up, and begin again, as streaks do.
TEST_F(ChunkSetsTest, VerticalCountsGoUpAndBeginAgain) {
  constexpr std::size_t kUsers = 16 * 64;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    Random random(seed);
    const std::size_t most = 1 + random.below(20);
    const std::size_t mark = arena_.mark();
    VerticalCount a(sets_, most), b(sets_, most);
    std::vector<std::size_t> expected_a(kUsers), expected_b(kUsers);
    for (std::size_t step = 0; step < most; ++step) {
      const Words to_a = random_words(random), to_b = random_words(random);
      const Words kept = random_words(random);
      const bool restarts = random.chance(30);
      a.add(span_of(to_a));
      b.add(span_of(to_b));
      if (restarts) a.restart_others(span_of(kept));
      for (std::size_t user = 0; user < kUsers; ++user) {
        const auto is_in = [&](const Words& words) {
          return (word_at(span_of(words), user / 64) >> (user % 64) & 1) != 0;
        };
        expected_a[user] =
            restarts && !is_in(kept) ? 0 : expected_a[user] + (is_in(to_a) ? 1u : 0u);
        expected_b[user] += is_in(to_b) ? 1 : 0;
      }
    }
    Words equal(16);
    for (std::size_t user = 0; user < kUsers; ++user) {
      if (expected_a[user] == expected_b[user]) equal[user / 64] |= std::uint64_t{1} << (user % 64);
    }
    expect_equal(a.equal(b, arena_.take()), equal);
    for (std::size_t n = 0; n <= most + 1; ++n) {
      const Words some = random_words(random);
      Words expected(16);
      for (std::size_t user = 0; user < kUsers; ++user) {
        const std::uint64_t bit = std::uint64_t{1} << (user % 64);
        if (expected_a[user] == n) expected[user / 64] |= word_at(span_of(some), user / 64) & bit;
      }
      MutableSet found = sets_.make_set();
      found.assign(span_of(some));
      a.keep_exactly(n, found);
      expect_equal(found.span(), expected);
    }
    arena_.give_back_to(mark);
  }
}

TEST(SetArena, GivesBackAndReuses) {
  SetArena arena;
  std::uint64_t* const first = arena.take();
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(first) % 64, 0u);
  const std::size_t mark = arena.mark();
  std::uint64_t* const second = arena.take();
  EXPECT_NE(first, second);
  arena.give_back_to(mark);
  EXPECT_EQ(arena.take(), second);
}

TEST(SetArena, PoolHandsOutEachArenaOnce) {
  SetArenaPool pool;
  SetArena* used = nullptr;
  {
    SetArenaPool::Lease a(pool), b(pool);
    EXPECT_NE(&a.arena(), &b.arena());
    a.arena().take();
    used = &a.arena();
  }
  SetArenaPool::Lease a(pool), b(pool);
  EXPECT_TRUE(&a.arena() == used || &b.arena() == used);
  EXPECT_EQ(a.arena().mark(), 0u);
  EXPECT_EQ(b.arena().mark(), 0u);
}

}  // namespace
}  // namespace rollcall::testing
