// Says how sure means of amounts are, and differences of means. Intervals are of 95 %, p is
// two-sided. What is not known is unset; no result is infinite or not a number.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/statistics/rates.h"
#include "rollcall/types.h"

namespace rollcall {

// Holds the exact sums that a mean and its variance are made of. Sums of disjoint users add up.
// There are fewer than 2^62 users. Squares that are too small to be those of any users have no
// spread.
struct SampleSums {
  static constexpr std::size_t kSquareDigits = 4;
  static constexpr unsigned kDigitBits = 48;

  std::uint64_t users = 0;
  AmountSum sum = 0;
  // Holds the sum of the squares, with kDigitBits a digit, the lowest first. Squares are added
  // digit by digit. Nothing is carried into the next digit, so that each is a sum like any other.
  std::array<AmountSum, kSquareDigits> squares{};

  // Adds a user of this amount, which is between -2^96 and 2^96.
  void add(AmountSum amount);
};

// Is what Welch's test says of the difference of two means.
struct WelchResult {
  double statistic = 0;
  double degrees_of_freedom = 0;
  double p = 0;
  Interval difference;
};

// Returns the interval of a mean by Student's t ("Student", The probable error of a mean,
// Biometrika 6, 1908): mean ± t(n - 1) s / sqrt(n). Amounts are sums / `scale`, which is above 0.
// Unset: there are fewer than two users, or all have the same amount, so that their spread is not
// known.
std::optional<Interval> mean_interval(const SampleSums& sample, double scale);

// Returns mean - base, computed from the exact fraction, with an error of at most two units in the
// last place. Unset: one of them has no users.
std::optional<double> mean_difference(const SampleSums& sample, const SampleSums& base,
                                      double scale);

// Tests whether two means differ, without taking their variances to be equal, with the degrees of
// freedom of Welch and Satterthwaite, and gives the interval of mean - base (B. L. Welch, The
// generalization of "Student's" problem when several different population variances are involved,
// Biometrika 34, 1947). The variances are computed from exact sums: nothing is lost where a large
// mean has a small spread. Unset: one of them has fewer than two users, or neither has any spread.
std::optional<WelchResult> welch_t(const SampleSums& sample, const SampleSums& base, double scale);

}  // namespace rollcall
