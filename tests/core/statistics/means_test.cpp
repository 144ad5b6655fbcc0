#include "core/statistics/means.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

namespace rollcall {
namespace {

SampleSums sums_of(const std::vector<std::int64_t>& amounts, AmountSum plus = 0) {
  SampleSums sample;
  for (const std::int64_t amount : amounts) sample.add(amount + plus);
  return sample;
}

void expect_near(double actual, double expected) {
  EXPECT_NEAR(actual, expected, 1e-13 + std::abs(expected) * 1e-12);
}

struct MeansCase {
  std::vector<std::int64_t> sample, base;  // in tenths
  WelchResult welch;
  double difference;
  Interval of_sample;
};

// The first three are often given as examples of Welch's test. All digits are those of scipy 1.17:
// ttest_ind(sample, base, equal_var=False) with its confidence_interval(), and
// t.interval(0.95, n - 1, mean(sample), sem(sample)).
const MeansCase kMeans[] = {
    {{275, 210, 190, 236, 170, 179, 169, 201, 219, 226, 231, 196, 190, 217, 214},
     {271, 220, 208, 234, 234, 235, 258, 220, 248, 202, 219, 221, 229, 205, 244},
     {-2.455356398286006,
      24.98852929023142,
      0.02137800146286699,
      {-3.984096267140929, -0.3492370661924069}},
     -2.166666666666667,
     {19.26670165245124, 22.37329834754875}},
    {{172, 209, 226, 181, 217, 214, 235, 242, 147, 218},
     {215, 228, 210, 230, 216, 236, 225, 207, 234, 218,
      207, 217, 215, 225, 236, 215, 225, 235, 215, 218},
     {-1.565433523598504,
      9.904741248650831,
      0.1488416966053282,
      {-3.698421325375163, 0.6484213253751658}},
     -1.525,
     {18.45904656445124, 22.76095343554876}},
    {{30, 40, 10, 21},
     {4902, 3400, 4339},
     {-9.559497721932658,
      2.000852348856284,
      0.01075156114978449,
      {-607.2819819899806, -230.4013513433526}},
     -418.8416666666667,
     {0.4898303568843594, 4.560169643115641}},
    {{0, 0, 0, 50, 0},
     {0, 10},
     {0.4472135954999579, 5, 0.6734284355375537, {-2.373997863104496, 3.373997863104496}},
     0.5,
     {-1.776445105197793, 3.776445105197793}},
};

TEST(Means, EqualKnownResults) {
  for (const MeansCase& known : kMeans) {
    const SampleSums sample = sums_of(known.sample), base = sums_of(known.base);
    const std::optional<WelchResult> welch = welch_t(sample, base, 10);
    ASSERT_TRUE(welch);
    expect_near(welch->statistic, known.welch.statistic);
    expect_near(welch->degrees_of_freedom, known.welch.degrees_of_freedom);
    expect_near(welch->p, known.welch.p);
    expect_near(welch->difference.low, known.welch.difference.low);
    expect_near(welch->difference.high, known.welch.difference.high);
    expect_near(mean_difference(sample, base, 10).value(), known.difference);
    const std::optional<Interval> interval = mean_interval(sample, 10);
    ASSERT_TRUE(interval);
    expect_near(interval->low, known.of_sample.low);
    expect_near(interval->high, known.of_sample.high);
  }
}

TEST(Means, KeepTheSpreadOfLargeAmounts) {
  // Sums and squares of doubles would have no digit of the spread left.
  const AmountSum far = AmountSum{1} << 90;
  for (const MeansCase& known : kMeans) {
    for (const AmountSum plus : {far, -far}) {
      const SampleSums sample = sums_of(known.sample, plus), base = sums_of(known.base, plus);
      const std::optional<WelchResult> welch = welch_t(sample, base, 10);
      ASSERT_TRUE(welch);
      expect_near(welch->statistic, known.welch.statistic);
      expect_near(welch->degrees_of_freedom, known.welch.degrees_of_freedom);
      expect_near(mean_difference(sample, base, 10).value(), known.difference);
    }
  }
}

TEST(Means, TurnRoundWithTheSamples) {
  for (const MeansCase& known : kMeans) {
    const SampleSums sample = sums_of(known.sample), base = sums_of(known.base);
    const std::optional<WelchResult> there = welch_t(sample, base, 10);
    const std::optional<WelchResult> back = welch_t(base, sample, 10);
    EXPECT_EQ(there->statistic, -back->statistic);
    EXPECT_EQ(there->p, back->p);
    EXPECT_EQ(there->difference.low, -back->difference.high);
    EXPECT_EQ(there->difference.high, -back->difference.low);
    EXPECT_EQ(mean_difference(sample, base, 10).value(),
              -mean_difference(base, sample, 10).value());
  }
}

TEST(Means, KnowNothingOfNobodyOneUserOrUsersAllAlike) {
  const SampleSums none, one = sums_of({7}), alike = sums_of({7, 7, 7}), spread = sums_of({1, 2});
  for (const SampleSums& sample : {none, one, alike}) EXPECT_FALSE(mean_interval(sample, 1));
  for (const SampleSums& sample : {none, one}) {
    EXPECT_FALSE(welch_t(sample, spread, 1));
    EXPECT_FALSE(welch_t(spread, sample, 1));
  }
  EXPECT_FALSE(welch_t(alike, sums_of({9, 9}), 1));
  EXPECT_FALSE(mean_difference(none, spread, 1));
  EXPECT_FALSE(mean_difference(spread, none, 1));
  EXPECT_EQ(mean_difference(one, alike, 1), 0);
  // One spread is enough.
  EXPECT_EQ(welch_t(alike, spread, 1)->degrees_of_freedom, 1);
}

// Another machine may send sums that no users can have.
TEST(Means, KnowNothingOfImpossibleSums) {
  SampleSums impossible = sums_of({1, 2, 3});
  impossible.squares[0] = 2;
  EXPECT_FALSE(mean_interval(impossible, 1));
  EXPECT_FALSE(welch_t(impossible, impossible, 1));
  const auto welch = welch_t(sums_of({1, 2, 4}), impossible, 1);
  ASSERT_TRUE(welch);
  EXPECT_TRUE(std::isfinite(welch->statistic));
}

TEST(SampleSums, SquareEveryAmount) {
  // The squares by their digits of 48 bits.
  struct Square {
    AmountSum amount;
    std::array<std::uint64_t, SampleSums::kSquareDigits> digits;
  };
  constexpr std::uint64_t kMax = (std::uint64_t{1} << 48) - 1;
  const AmountSum one = 1;
  const Square cases[] = {
      {3, {9, 0, 0, 0}},
      {-3, {9, 0, 0, 0}},
      {one << 24, {0, 1, 0, 0}},
      {-(one << 48), {0, 0, 1, 0}},
      {(one << 48) - 1, {1, kMax - 1, 0, 0}},
      {(one << 49) - 1, {1, kMax - 3, 3, 0}},
      {-(one << 72), {0, 0, 0, 1}},
      {(one << 96) - 1, {1, 0, kMax - 1, kMax}},
  };
  for (const Square& known : cases) {
    SampleSums sample;
    sample.add(known.amount);
    for (std::size_t i = 0; i < known.digits.size(); ++i) {
      EXPECT_EQ(static_cast<std::uint64_t>(sample.squares[i]), known.digits[i]);
    }
  }
}

}  // namespace
}  // namespace rollcall
