#include "core/statistics/means.h"

#include <boost/multiprecision/cpp_int.hpp>
#include <cmath>

#include "core/base/assert.h"
#include "core/statistics/distributions.h"

namespace rollcall {
namespace {

__extension__ using Magnitude = unsigned __int128;

// Holds whatever products of these sums come to: squares have 192 bits, and there are three factors
// of numbers of users, each below 2^62.
using Wide = boost::multiprecision::int512_t;

double to_double(const Wide& number) { return number.convert_to<double>(); }

Wide squares_of(const SampleSums& sample) {
  Wide squares = 0;
  for (std::size_t i = sample.squares.size(); i-- > 0;)
    squares = (squares << SampleSums::kDigitBits) + sample.squares[i];
  return squares;
}

// Returns the variance of a mean of at least two users, s^2 / n, in squares of the unit of sums.
double variance_of_mean(const SampleSums& sample) {
  const Wide users = sample.users;
  const Wide sum = sample.sum;
  // The numerator is exact: two numbers of about the same size are subtracted here.
  const Wide numerator = users * squares_of(sample) - sum * sum;
  // Only sums that are of no users, as other machines may send them, are less.
  if (numerator < 0) return 0;
  return to_double(numerator) / to_double(users * users * (users - 1));
}

// Returns mean - base, in the unit of the sums.
double difference_of(const SampleSums& sample, const SampleSums& base) {
  const Wide numerator = Wide(sample.sum) * base.users - Wide(base.sum) * sample.users;
  return to_double(numerator) / to_double(Wide(sample.users) * base.users);
}

// Returns how many standard errors the 95 % interval reaches.
double student_quantile(const StudentsT& distribution) {
  return boost::math::quantile(boost::math::complement(distribution, 0.025));
}

}  // namespace

void SampleSums::add(AmountSum amount) {
  ++users;
  sum += amount;
  const auto magnitude = static_cast<Magnitude>(amount < 0 ? -amount : amount);
  ROLLCALL_DCHECK(magnitude >> (2 * kDigitBits) == 0);
  constexpr Magnitude kDigit = (Magnitude{1} << kDigitBits) - 1;
  const Magnitude low = magnitude & kDigit, high = magnitude >> kDigitBits;
  Magnitude rest = low * low;
  squares[0] += static_cast<AmountSum>(rest & kDigit);
  rest = (rest >> kDigitBits) + 2 * low * high;
  squares[1] += static_cast<AmountSum>(rest & kDigit);
  rest = (rest >> kDigitBits) + high * high;
  squares[2] += static_cast<AmountSum>(rest & kDigit);
  squares[3] += static_cast<AmountSum>(rest >> kDigitBits);
}

std::optional<Interval> mean_interval(const SampleSums& sample, double scale) {
  if (sample.users < 2) return std::nullopt;
  const double variance = variance_of_mean(sample);
  if (variance == 0) return std::nullopt;
  const auto users = static_cast<double>(sample.users);
  const double mean = static_cast<double>(sample.sum) / users / scale;
  const double reach = student_quantile(StudentsT(users - 1)) * std::sqrt(variance) / scale;
  return Interval{mean - reach, mean + reach};
}

std::optional<double> mean_difference(const SampleSums& sample, const SampleSums& base,
                                      double scale) {
  if (sample.users == 0 || base.users == 0) return std::nullopt;
  return difference_of(sample, base) / scale;
}

std::optional<WelchResult> welch_t(const SampleSums& sample, const SampleSums& base, double scale) {
  if (sample.users < 2 || base.users < 2) return std::nullopt;
  const double of_sample = variance_of_mean(sample);
  const double of_base = variance_of_mean(base);
  const double variance = of_sample + of_base;
  if (variance == 0) return std::nullopt;
  // Shares of the variance, not variances, are squared, so that neither is too large for a double.
  const double share = of_sample / variance;
  const double rest = of_base / variance;
  const double degrees = 1 / (share * share / static_cast<double>(sample.users - 1) +
                              rest * rest / static_cast<double>(base.users - 1));
  const StudentsT distribution(degrees);
  const double difference = difference_of(sample, base);
  const double error = std::sqrt(variance);
  const double t = difference / error;
  const double reach = student_quantile(distribution) * error;
  return WelchResult{.statistic = t,
                     .degrees_of_freedom = degrees,
                     .p = 2 * boost::math::cdf(boost::math::complement(distribution, std::abs(t))),
                     .difference = {(difference - reach) / scale, (difference + reach) / scale}};
}

}  // namespace rollcall
