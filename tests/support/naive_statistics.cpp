#include "tests/support/naive_statistics.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>

namespace rollcall::testing {

namespace {

constexpr long double kZ = 1.959963984540054235524594430520551528L;
constexpr long double kEpsilon = std::numeric_limits<long double>::epsilon();
constexpr int kTermsMax = 10'000;

// The regularised incomplete beta function I_x(a, b), by its continued fraction.
long double beta_fraction(long double x, long double a, long double b) {
  constexpr long double kTiny = 1e-4000L;
  long double c = 1, d = 1 - (a + b) * x / (a + 1);
  d = 1 / (std::abs(d) < kTiny ? kTiny : d);
  long double product = d;
  for (int m = 1; m <= kTermsMax; ++m) {
    long double factor = 1;
    for (const bool is_odd : {false, true}) {
      const long double term = is_odd ? -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
                                      : m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
      d = 1 + term * d;
      d = 1 / (std::abs(d) < kTiny ? kTiny : d);
      c = 1 + term / c;
      if (std::abs(c) < kTiny) c = kTiny;
      factor = d * c;
      product *= factor;
    }
    if (std::abs(factor - 1) < kEpsilon) break;
  }
  return product;
}

long double incomplete_beta(long double x, long double a, long double b) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const long double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) +
                                     a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(x, a, b) / a;
  return 1 - front * beta_fraction(1 - x, b, a) / b;
}

// The probability of a t as far from 0 or farther.
long double p_of_t(long double t, long double degrees) {
  return incomplete_beta(degrees / (degrees + t * t), degrees / 2, 0.5L);
}

// The t that 5 % are as far from 0 as, or farther.
long double t_of_interval(long double degrees) {
  long double low = 0, high = 1'000;
  for (int i = 0; i < 200; ++i) {
    const long double middle = (low + high) / 2;
    (p_of_t(middle, degrees) > 0.05L ? low : high) = middle;
  }
  return low;
}

// The probability of a chi-square as large or larger, by the series of the lower part.
long double p_of_chi_square(long double x, long double degrees) {
  const long double a = degrees / 2, half = x / 2;
  if (half <= 0) return 1;
  const long double front = std::exp(a * std::log(half) - half - std::lgamma(a));
  if (half < a + 1) {
    long double term = 1 / a, sum = term;
    for (int n = 1; n <= kTermsMax && std::abs(term) > sum * kEpsilon; ++n) {
      term *= half / (a + n);
      sum += term;
    }
    return 1 - front * sum;
  }
  long double fraction = 0;
  constexpr int kDepth = 2'000;
  for (int n = kDepth; n >= 1; --n) fraction = n * (n - a) / (half + 2 * n + 1 - a - fraction);
  return front / (half + 1 - a - fraction);
}

long double mean_of(const std::vector<AmountSum>& sample) {
  long double sum = 0;
  for (const AmountSum amount : sample) sum += static_cast<long double>(amount);
  return sum / static_cast<long double>(sample.size());
}

bool are_alike(const std::vector<AmountSum>& sample) {
  return std::ranges::adjacent_find(sample, std::ranges::not_equal_to()) == sample.end();
}

// The variance of the mean of at least two.
long double variance_of_mean_of(const std::vector<AmountSum>& sample) {
  if (are_alike(sample)) return 0;
  const long double mean = mean_of(sample);
  long double squares = 0;
  for (const AmountSum amount : sample) {
    const long double off = static_cast<long double>(amount) - mean;
    squares += off * off;
  }
  const auto users = static_cast<long double>(sample.size());
  return squares / (users - 1) / users;
}

}  // namespace

NaiveEstimate rate_estimate(NaiveRate rate) {
  if (rate.users == 0) return {};
  const auto n = static_cast<long double>(rate.users);
  const long double p = static_cast<long double>(rate.hits) / n;
  const long double middle = p + kZ * kZ / (2 * n);
  const long double reach = kZ * std::sqrt(p * (1 - p) / n + kZ * kZ / (4 * n * n));
  const long double all = 1 + kZ * kZ / n;
  return {.value = p,
          .low = std::max(0.0L, middle - reach) / all,  // rounding may lead below
          .high = (middle + reach) / all,
          .statistic = {},
          .p = {}};
}

NaiveEstimate rate_difference_estimate(NaiveRate rate, NaiveRate base) {
  if (rate.users == 0 || base.users == 0) return {};
  const NaiveEstimate one = rate_estimate(rate), other = rate_estimate(base);
  const long double difference = *one.value - *other.value;
  NaiveEstimate estimate;
  estimate.value = difference;
  estimate.low = difference - std::sqrt(std::pow(*one.value - *one.low, 2.0L) +
                                        std::pow(*other.high - *other.value, 2.0L));
  estimate.high = difference + std::sqrt(std::pow(*one.high - *one.value, 2.0L) +
                                         std::pow(*other.value - *other.low, 2.0L));
  const std::int64_t hits = rate.hits + base.hits, users = rate.users + base.users;
  if (hits == 0 || hits == users) return estimate;
  const long double pooled = static_cast<long double>(hits) / static_cast<long double>(users);
  const long double error = std::sqrt(
      pooled * (1 - pooled) *
      (1 / static_cast<long double>(rate.users) + 1 / static_cast<long double>(base.users)));
  estimate.statistic = difference / error;
  estimate.p = std::erfc(std::abs(*estimate.statistic) / std::sqrt(2.0L));
  return estimate;
}

NaiveEstimate mean_estimate(const std::vector<AmountSum>& sample, long double scale) {
  if (sample.empty()) return {};
  NaiveEstimate estimate;
  estimate.value = mean_of(sample) / scale;
  if (are_alike(sample)) return estimate;
  const long double reach = t_of_interval(static_cast<long double>(sample.size() - 1)) *
                            std::sqrt(variance_of_mean_of(sample)) / scale;
  estimate.low = *estimate.value - reach;
  estimate.high = *estimate.value + reach;
  return estimate;
}

NaiveEstimate mean_difference_estimate(const std::vector<AmountSum>& sample,
                                       const std::vector<AmountSum>& base, long double scale) {
  if (sample.empty() || base.empty()) return {};
  NaiveEstimate estimate;
  // The means may be far from 0, and close to each other.
  const auto sum_of = [](const std::vector<AmountSum>& amounts) {
    return std::accumulate(amounts.begin(), amounts.end(), AmountSum{0});
  };
  const AmountSum users = static_cast<AmountSum>(sample.size());
  const AmountSum base_users = static_cast<AmountSum>(base.size());
  const long double difference =
      static_cast<long double>(sum_of(sample) * base_users - sum_of(base) * users) /
      static_cast<long double>(users * base_users);
  estimate.value = difference / scale;
  if (sample.size() < 2 || base.size() < 2 || (are_alike(sample) && are_alike(base))) {
    return estimate;
  }
  const long double a = variance_of_mean_of(sample), b = variance_of_mean_of(base);
  const long double degrees = (a + b) * (a + b) /
                              (a * a / static_cast<long double>(sample.size() - 1) +
                               b * b / static_cast<long double>(base.size() - 1));
  const long double error = std::sqrt(a + b);
  const long double reach = t_of_interval(degrees) * error;
  estimate.low = (difference - reach) / scale;
  estimate.high = (difference + reach) / scale;
  estimate.statistic = difference / error;
  estimate.p = p_of_t(*estimate.statistic, degrees);
  return estimate;
}

NaiveEstimate fit_estimate(const std::vector<std::int64_t>& counts,
                           const std::vector<double>& shares) {
  const std::int64_t all = std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
  if (counts.size() < 2 || all == 0) return {};
  const long double whole = std::accumulate(shares.begin(), shares.end(), 0.0L);
  NaiveEstimate estimate;
  estimate.statistic = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const long double expected = static_cast<long double>(all) * shares[i] / whole;
    *estimate.statistic +=
        std::pow(static_cast<long double>(counts[i]) - expected, 2.0L) / expected;
  }
  estimate.p = p_of_chi_square(*estimate.statistic, static_cast<long double>(counts.size() - 1));
  return estimate;
}

}  // namespace rollcall::testing
