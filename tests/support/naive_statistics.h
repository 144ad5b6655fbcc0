// Statistics by the oracle, in long doubles, from the textbook's formulas. What is not known is
// unset.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "rollcall/types.h"

namespace rollcall::testing {

// Holds an estimate with the interval of 95 % around it, and a test against 0.
struct NaiveEstimate {
  std::optional<long double> value, low, high, statistic, p;
};

// Users who did something, and all.
struct NaiveRate {
  std::int64_t hits = 0;
  std::int64_t users = 0;
};

NaiveEstimate rate_estimate(NaiveRate rate);
NaiveEstimate rate_difference_estimate(NaiveRate rate, NaiveRate base);
// The amounts of users, which are divided by `scale`.
NaiveEstimate mean_estimate(const std::vector<AmountSum>& sample, long double scale);
NaiveEstimate mean_difference_estimate(const std::vector<AmountSum>& sample,
                                       const std::vector<AmountSum>& base, long double scale);
// The statistic of counts against shares, and its p.
NaiveEstimate fit_estimate(const std::vector<std::int64_t>& counts,
                           const std::vector<double>& shares);

}  // namespace rollcall::testing
