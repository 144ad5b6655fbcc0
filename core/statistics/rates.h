// Says how sure rates are, and differences of rates. Intervals are of 95 %, p is two-sided. Nothing
// is adjusted for many comparisons, or for looking often. What is not known is unset; no result is
// infinite or not a number.
#pragma once

#include <cstdint>
#include <optional>

namespace rollcall {

// Holds the bounds of an interval, both included.
struct Interval {
  double low = 0;
  double high = 0;
};

// Is what a test says: its statistic, and the probability of one as far or farther from 0 in either
// direction, if there is no difference.
struct TestResult {
  double statistic = 0;
  double p = 0;
};

// Says how many of some users did something: `hits` of `users`, never more than these. There are
// fewer than 2^62 users.
struct RateCounts {
  std::uint64_t hits = 0;
  std::uint64_t users = 0;
};

// Is the value 1.959964 that a standard normal variable exceeds in 2.5 % of all cases.
inline constexpr double kNormalQuantile = 1.959963984540054;

// Returns the interval of a rate by its score (E. B. Wilson, Probable inference, the law of
// succession, and statistical inference, JASA 22, 1927). It lies within 0 and 1, and has a width
// also if nobody or everybody did it. Unset: there are no users.
std::optional<Interval> wilson_interval(RateCounts rate);

// Returns rate - base, computed from the exact fraction; it is the double nearest to this as long
// as the product of both numbers of users is at most 2^53. Unset: one of them has no users.
std::optional<double> rate_difference(RateCounts rate, RateCounts base);

// Returns the interval of rate - base for independent users: method 10, "hybrid score", of R. G.
// Newcombe, Interval estimation for the difference between independent proportions, Statistics in
// Medicine 17, 1998. Unset: one of them has no users.
std::optional<Interval> newcombe_interval(RateCounts rate, RateCounts base);

// Tests whether two rates differ: z = (rate - base) / sqrt(q (1 - q) (1/m + 1/n)), where q is the
// rate of all m + n users ("pooled"; J. L. Fleiss, Statistical methods for rates and proportions,
// chapter 2, without the correction for continuity). Unset: one of them has no users, or all users
// are alike, so that nothing can be told from them.
std::optional<TestResult> two_proportion_z(RateCounts rate, RateCounts base);

// Returns the association of two marks of the same users, from -1 to 1: the phi coefficient of
// their 2 x 2 table (G. U. Yule, On the methods of measuring association between two attributes,
// JRSS 75, 1912). It is z / sqrt(users) of the two rates of one mark, with and without the other.
// `with` are the users who have the first mark, `without` those who have not, hits those who have
// the second. Several first marks of the same users, up to 100,000, that are associated with the
// second one equally have equal results. Unset: one of the four sums is 0.
std::optional<double> phi_coefficient(RateCounts with, RateCounts without);

}  // namespace rollcall
