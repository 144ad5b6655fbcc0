// Distributions: where parts of the users begin, and what bytes are read.
#include "core/query/plan/distribution.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "rollcall/question.h"
#include "tests/support/random.h"
#include "tests/support/run_size.h"

namespace rollcall::testing {
namespace {

std::string bytes_of(const Distribution& distribution) {
  std::string bytes;
  ByteWriter writer(bytes);
  distribution.write(writer);
  return bytes;
}

bool reads(std::string_view bytes, Distribution& distribution) {
  ByteReader reader(bytes);
  return distribution.read(reader) && reader.done();
}

// The numbers of single users, which are looked at one by one.
using Users = std::vector<Fraction>;

// The least number of which so many of the users lie below, those who have it counting half.
std::optional<Fraction> start_of(const Users& users, std::uint64_t part, std::uint64_t parts) {
  std::optional<Fraction> least;
  for (const Fraction& number : users) {
    std::uint64_t twice_the_rank = 0;
    for (const Fraction& other : users) {
      twice_the_rank += is_less(other, number) ? 2U : is_less(number, other) ? 0U : 1U;
    }
    const bool reaches = parts * twice_the_rank >= 2 * users.size() * part;
    if (reaches && (!least || is_less(number, *least))) least = number;
  }
  return least;
}

void expect_starts(const Distribution& distribution, const Users& users, std::uint64_t parts) {
  const std::vector<std::optional<Fraction>> starts = distribution.starts_of_parts(parts);
  ASSERT_EQ(starts.size(), parts - 1);
  for (std::uint64_t part = 1; part < parts; ++part) {
    const std::optional<Fraction> expected = start_of(users, part, parts);
    const std::optional<Fraction>& found = starts[part - 1];
    ASSERT_EQ(found.has_value(), expected.has_value()) << "part " << part;
    if (!expected) continue;
    ASSERT_FALSE(is_less(*found, *expected) || is_less(*expected, *found)) << "part " << part;
  }
}

TEST(Distribution, PartsBeginWhereTheRanksSay) {
  const std::uint64_t seed = run_seed();
  for (std::uint64_t round = 0; round < 300; ++round) {
    SCOPED_TRACE(::testing::Message() << "ROLLCALL_SEED=" << seed << " round " << round);
    Random random(seed + round);
    const std::size_t count = random.below(random.chance(50) ? 12 : 200);
    const AmountSum unit = random.pick(std::vector<AmountSum>{1, 1'000, AmountSum{1} << 80});
    const auto values = static_cast<std::int32_t>(random.pick(std::vector<int>{2, 9, 100'000}));
    Users users;
    Distribution distribution, other;
    for (std::size_t i = 0; i < count; ++i) {
      Fraction number = {unit * random.between(-values, values), 1};
      if (random.chance(30)) number.of = 1 + random.below(random.chance(50) ? 3 : 1'000'000);
      const std::size_t equal = random.chance(80) ? 1 : 1 + random.below(5);
      users.insert(users.end(), equal, number);
      (random.chance(50) ? distribution : other).add(number, equal);
    }
    distribution.merge(other);
    EXPECT_EQ(distribution.user_count(), users.size());
    ASSERT_NO_FATAL_FAILURE(expect_starts(distribution, users, 5));
    ASSERT_NO_FATAL_FAILURE(expect_starts(distribution, users, 1 + random.below(20)));
    // However numbers were added, their bytes are the same, and say the same.
    random.shuffle(users);
    Distribution again, read;
    for (const Fraction& number : users) again.add(number, 1);
    EXPECT_EQ(bytes_of(again), bytes_of(distribution));
    ASSERT_TRUE(reads(bytes_of(again), read));
    EXPECT_EQ(bytes_of(read), bytes_of(distribution));
    ASSERT_NO_FATAL_FAILURE(expect_starts(read, users, 5));
  }
}

TEST(Distribution, NobodyHasNoParts) {
  EXPECT_EQ(Distribution().starts_of_parts(3), (std::vector<std::optional<Fraction>>(2)));
}

TEST(Distribution, ManyUsersAreOneEntry) {
  Distribution distribution;
  for (int i = 0; i < 100'000; ++i) distribution.add({i % 10, 3}, 2);
  EXPECT_EQ(distribution.user_count(), 200'000u);
  EXPECT_LT(bytes_of(distribution).size(), 100u);
}

TEST(Distribution, NumbersOfBytesAscendAndBelongToSomebody) {
  const auto bytes = [](const std::vector<std::pair<Fraction, std::uint64_t>>& entries) {
    std::string text;
    ByteWriter writer(text);
    writer.varint(entries.size());
    for (const auto& [number, users] : entries) {
      writer.sum(number.number);
      writer.varint(number.of);
      writer.varint(users);
    }
    return text;
  };
  const auto is_read = [&](const std::vector<std::pair<Fraction, std::uint64_t>>& entries) {
    Distribution distribution;
    return reads(bytes(entries), distribution);
  };
  EXPECT_TRUE(is_read({}));
  EXPECT_TRUE(is_read({{{-5}, 1}, {{1, 2}, 3}, {{1, 3}, 1}}));
  EXPECT_TRUE(is_read({{{1, std::uint64_t{1} << 32}, 1}}));
  EXPECT_FALSE(is_read({{{1, (std::uint64_t{1} << 32) + 1}, 1}}));
  EXPECT_FALSE(is_read({{{1, 0}, 1}}));
  EXPECT_FALSE(is_read({{{1, 1}, 0}}));
  EXPECT_FALSE(is_read({{{2}, 1}, {{1}, 1}}));
  EXPECT_FALSE(is_read({{{2}, 1}, {{2}, 1}}));
  Distribution distribution;
  std::string cut;
  ByteWriter writer(cut);
  writer.varint(std::uint64_t{1} << 40);
  EXPECT_FALSE(reads(cut, distribution));
}

TEST(Distribution, SumsOfNumbersStayWithinBounds) {
  const auto is_within = [](std::uint64_t users, AmountSum number) {
    Distribution distribution;
    distribution.add({number}, users);
    distribution.add({-1}, 1);
    return distribution.is_within(10, 100, 201);
  };
  EXPECT_TRUE(is_within(2, 100));
  EXPECT_TRUE(is_within(2, -100));
  EXPECT_TRUE(is_within(9, 0));
  EXPECT_FALSE(is_within(10, 0));
  EXPECT_FALSE(is_within(1, 101));
  EXPECT_FALSE(is_within(1, -101));
  EXPECT_FALSE(is_within(3, 100));
  EXPECT_FALSE(is_within(3, AmountSum{1} << 120));
}

TEST(Distribution, TakesMemoryOfTheQuestion) {
  QuestionBudget budget(1 << 20);
  const QueryLimits limits;
  QuestionAccount account(budget, limits);
  {
    Distribution distribution(&account);
    for (int i = 0; i < 10'000; ++i) distribution.add({i * 1'000}, 1);
    EXPECT_GE(budget.taken(), 10'000 * sizeof(Amount));
    EXPECT_LE(budget.taken(), 4 * 10'000 * sizeof(Amount));
    const std::size_t before = budget.taken();
    (void)distribution.starts_of_parts(5);
    EXPECT_EQ(budget.taken(), before);
    EXPECT_THROW(
        {
          for (int i = 0; i < 1'000'000; ++i) distribution.add({i}, 1);
        },
        QuestionFailure);
  }
  EXPECT_EQ(budget.taken(), 0u);
}

}  // namespace
}  // namespace rollcall::testing
