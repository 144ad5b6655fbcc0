#include "core/statistics/rates.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <vector>

namespace rollcall {
namespace {

void expect_near(double actual, double expected) {
  EXPECT_NEAR(actual, expected, 1e-13 + std::abs(expected) * 1e-12);
}

struct RateCase {
  RateCounts rate;
  Interval interval;
};
// The first four are examples of R. G. Newcombe, Two-sided confidence intervals for the single
// proportion, Statistics in Medicine 17, 1998, table I, method 3, there with four digits. All
// digits are those of statsmodels 0.15, proportion_confint(hits, users, method="wilson").
constexpr RateCase kRates[] = {
    {{81, 263}, {0.2552885198782742, 0.3662095769828}},
    {{15, 148}, {0.06238639953073628, 0.160487241723308}},
    {{0, 20}, {0, 0.1611251580528194}},
    {{1, 29}, {0.006113214292762667, 0.1717552187932029}},
    {{29, 29}, {0.8830302015002592, 1}},
    {{3, 1'000'000}, {1.020271240968123e-06, 8.821149774312438e-06}},
    {{8'502, 44'700}, {0.1865897968436629, 0.1938661305174701}},
};

TEST(Wilson, EqualsPublishedIntervals) {
  for (const RateCase& known : kRates) {
    const std::optional<Interval> interval = wilson_interval(known.rate);
    ASSERT_TRUE(interval);
    expect_near(interval->low, known.interval.low);
    expect_near(interval->high, known.interval.high);
  }
}

TEST(Wilson, KnowsNothingOfNobody) { EXPECT_FALSE(wilson_interval({0, 0})); }

TEST(Wilson, HasBoundsOfOneUser) {
  EXPECT_EQ(wilson_interval({0, 1})->low, 0);
  EXPECT_LT(wilson_interval({0, 1})->high, 1);
  EXPECT_GT(wilson_interval({1, 1})->low, 0);
  EXPECT_EQ(wilson_interval({1, 1})->high, 1);
}

struct DifferenceCase {
  RateCounts rate, base;
  Interval interval;
};
// The first eight are the examples of table II of Newcombe's paper, method 10, there with four
// digits. All digits are those of statsmodels 0.15,
// confint_proportions_2indep(hits, users, base_hits, base_users, method="newcomb", compare="diff").
constexpr DifferenceCase kDifferences[] = {
    {{56, 70}, {48, 80}, {0.05243147240236498, 0.3338726540369061}},
    {{9, 10}, {3, 10}, {0.1705227239345029, 0.809017973535488}},
    {{6, 7}, {2, 7}, {0.05822792748231209, 0.8062496375242278}},
    {{5, 56}, {0, 29}, {-0.03813714790353694, 0.1925600138551117}},
    {{0, 10}, {0, 20}, {-0.1611251580528194, 0.2775327998628893}},
    {{0, 10}, {0, 10}, {-0.2775327998628893, 0.2775327998628893}},
    {{10, 10}, {0, 20}, {0.6790860371419145, 1}},
    {{10, 10}, {0, 10}, {0.6075093504305241, 1}},
    {{8'279, 45'489}, {8'502, 44'700}, {-0.01328194087191484, -0.00312130268876128}},
};

TEST(Newcombe, EqualsPublishedIntervals) {
  for (const DifferenceCase& known : kDifferences) {
    const std::optional<Interval> interval = newcombe_interval(known.rate, known.base);
    ASSERT_TRUE(interval);
    expect_near(interval->low, known.interval.low);
    expect_near(interval->high, known.interval.high);
  }
}

TEST(Newcombe, TurnsRoundWithTheRates) {
  for (const DifferenceCase& known : kDifferences) {
    const std::optional<Interval> there = newcombe_interval(known.rate, known.base);
    const std::optional<Interval> back = newcombe_interval(known.base, known.rate);
    EXPECT_EQ(there->low, -back->high);
    EXPECT_EQ(there->high, -back->low);
    EXPECT_EQ(rate_difference(known.rate, known.base).value(),
              -rate_difference(known.base, known.rate).value());
  }
}

TEST(Newcombe, KnowsNothingOfNobody) {
  EXPECT_FALSE(newcombe_interval({0, 0}, {1, 2}));
  EXPECT_FALSE(newcombe_interval({1, 2}, {0, 0}));
  EXPECT_FALSE(rate_difference({0, 0}, {1, 2}));
  EXPECT_FALSE(rate_difference({1, 2}, {0, 0}));
}

struct ZCase {
  RateCounts rate, base;
  TestResult result;
};
// These are of statsmodels 0.15, proportions_ztest([hits, base_hits], [users, base_users]).
constexpr ZCase kZ[] = {
    {{56, 70}, {48, 80}, {2.650171951258534, 0.008045081368196561}},
    {{5, 56}, {0, 29}, {1.658648869239228, 0.09718656817057973}},
    {{10, 10}, {0, 20}, {5.47722557505166, 4.320463057827506e-08}},
    {{8'279, 45'489}, {8'502, 44'700}, {-3.164358912748191, 0.001554249975614329}},
    {{20'119, 45'489}, {20'034, 44'700}, {-1.784086224797472, 0.07440965529691913}},
};

TEST(TwoProportionZ, EqualsKnownResults) {
  for (const ZCase& known : kZ) {
    const std::optional<TestResult> there = two_proportion_z(known.rate, known.base);
    const std::optional<TestResult> back = two_proportion_z(known.base, known.rate);
    ASSERT_TRUE(there && back);
    expect_near(there->statistic, known.result.statistic);
    EXPECT_NEAR(there->p, known.result.p, known.result.p * 1e-11);
    EXPECT_EQ(back->statistic, -there->statistic);
    EXPECT_EQ(back->p, there->p);
  }
}

TEST(TwoProportionZ, IsZeroForEqualRates) {
  // 1/3 and 1/3, of which neither is a double.
  const std::optional<TestResult> test = two_proportion_z({1'000'003, 3'000'009}, {1, 3});
  EXPECT_EQ(test->statistic, 0);
  EXPECT_EQ(test->p, 1);
}

TEST(TwoProportionZ, KnowsNothingOfUsersAllAlike) {
  EXPECT_FALSE(two_proportion_z({0, 0}, {1, 2}));
  EXPECT_FALSE(two_proportion_z({1, 2}, {0, 0}));
  EXPECT_FALSE(two_proportion_z({0, 0}, {0, 0}));
  EXPECT_FALSE(two_proportion_z({0, 5}, {0, 1}));
  EXPECT_FALSE(two_proportion_z({5, 5}, {1, 1}));
  EXPECT_TRUE(two_proportion_z({0, 1}, {1, 1}));
}

TEST(Phi, EqualsKnownAssociations) {
  // These are numpy's corrcoef of the two marks.
  expect_near(phi_coefficient({30, 35}, {10, 30}).value(), 0.5367450401216944);
  expect_near(phi_coefficient({43, 52}, {44, 48}).value(), -0.1333197299732686);
  expect_near(phi_coefficient({7, 7}, {0, 3}).value(), 1);
  expect_near(phi_coefficient({0, 7}, {3, 3}).value(), -1);
}

// All tables of 60 users with 24 hits, in pairs.
TEST(Phi, IsTheSameOfEqualAssociations) {
  constexpr std::int64_t kUsers = 60, kHits = 24;
  struct Table {
    std::int64_t cross;    // d
    std::int64_t product;  // of both numbers of users; phi goes as d / sqrt(product)
    double phi;
  };
  std::vector<Table> tables;
  for (std::int64_t users = 1; users < kUsers; ++users) {
    for (std::int64_t hits = std::max<std::int64_t>(0, kHits - (kUsers - users));
         hits <= std::min(users, kHits); ++hits) {
      const RateCounts with = {static_cast<std::uint64_t>(hits), static_cast<std::uint64_t>(users)};
      const RateCounts without = {static_cast<std::uint64_t>(kHits - hits),
                                  static_cast<std::uint64_t>(kUsers - users)};
      tables.push_back({hits * (kUsers - users) - (kHits - hits) * users, users * (kUsers - users),
                        phi_coefficient(with, without).value()});
    }
  }
  int alike = 0;
  for (const Table& a : tables) {
    for (const Table& b : tables) {
      const std::int64_t left = a.cross * std::abs(a.cross) * b.product;
      const std::int64_t right = b.cross * std::abs(b.cross) * a.product;
      EXPECT_EQ(left == right, a.phi == b.phi) << a.phi << ' ' << b.phi;
      EXPECT_EQ(left < right, a.phi < b.phi) << a.phi << ' ' << b.phi;
      alike += left == right && a.product != b.product;
    }
  }
  EXPECT_GT(alike, 100);
  EXPECT_EQ(phi_coefficient({7, 7}, {0, 3}), 1);
}

TEST(Phi, KnowsNothingOfAnEmptyMargin) {
  EXPECT_FALSE(phi_coefficient({0, 0}, {1, 2}));
  EXPECT_FALSE(phi_coefficient({1, 2}, {0, 0}));
  EXPECT_FALSE(phi_coefficient({0, 4}, {0, 2}));
  EXPECT_FALSE(phi_coefficient({4, 4}, {2, 2}));
}

}  // namespace
}  // namespace rollcall
