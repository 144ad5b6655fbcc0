#include "core/statistics/chi_square.h"

#include <cstddef>
#include <numeric>

#include "core/base/assert.h"
#include "core/statistics/distributions.h"

namespace rollcall {

std::optional<TestResult> chi_square_fit(std::span<const std::uint64_t> counts,
                                         std::span<const double> shares) {
  ROLLCALL_ASSERT(counts.size() == shares.size());
  const auto all =
      static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}));
  if (counts.size() < 2 || all == 0) return std::nullopt;
  const double whole = std::accumulate(shares.begin(), shares.end(), 0.0);
  double statistic = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double expected = all * (shares[i] / whole);
    const double off = static_cast<double>(counts[i]) - expected;
    statistic += off * (off / expected);
  }
  const ChiSquared distribution(static_cast<double>(counts.size() - 1));
  return TestResult{.statistic = statistic,
                    .p = boost::math::cdf(boost::math::complement(distribution, statistic))};
}

}  // namespace rollcall
