#include "core/statistics/rates.h"

#include <cmath>
#include <numbers>

namespace rollcall {
namespace {

__extension__ using WideCount = __int128;

// Returns the numerator of rate - base over the product of their users.
double difference_numerator(RateCounts rate, RateCounts base) {
  return static_cast<double>(WideCount{rate.hits} * base.users - WideCount{base.hits} * rate.users);
}

double product_of_users(RateCounts rate, RateCounts base) {
  return static_cast<double>(WideCount{rate.users} * base.users);
}

// Returns Wilson's bounds of a rate of some users. The lower one is written without a difference,
// so that small rates of many users keep all digits.
Interval wilson(RateCounts rate) {
  constexpr double kSquare = kNormalQuantile * kNormalQuantile;
  const auto x = static_cast<double>(rate.hits);
  const auto n = static_cast<double>(rate.users);
  const double root =
      std::sqrt(x * (static_cast<double>(rate.users - rate.hits) / n) + kSquare / 4);
  const double above = x + kSquare / 2 + kNormalQuantile * root;
  return {x * (x / n) / above, rate.hits == rate.users ? 1 : above / (n + kSquare)};
}

double quotient(std::uint64_t a, std::uint64_t b) {
  return static_cast<double>(a) / static_cast<double>(b);
}

// Returns the distance of a rate from its bounds. Neither is below 0 for being rounded.
struct Reach {
  double down = 0;
  double up = 0;
};

Reach reach_of(RateCounts rate) {
  const Interval bounds = wilson(rate);
  const double value = quotient(rate.hits, rate.users);
  return {value - bounds.low, bounds.high - value};
}

}  // namespace

std::optional<Interval> wilson_interval(RateCounts rate) {
  if (rate.users == 0) return std::nullopt;
  return wilson(rate);
}

std::optional<double> rate_difference(RateCounts rate, RateCounts base) {
  if (rate.users == 0 || base.users == 0) return std::nullopt;
  return difference_numerator(rate, base) / product_of_users(rate, base);
}

std::optional<Interval> newcombe_interval(RateCounts rate, RateCounts base) {
  const std::optional<double> difference = rate_difference(rate, base);
  if (!difference) return std::nullopt;
  const Reach of_rate = reach_of(rate);
  const Reach of_base = reach_of(base);
  return Interval{*difference - std::hypot(of_rate.down, of_base.up),
                  *difference + std::hypot(of_rate.up, of_base.down)};
}

std::optional<TestResult> two_proportion_z(RateCounts rate, RateCounts base) {
  const std::uint64_t users = rate.users + base.users;
  const std::uint64_t hits = rate.hits + base.hits;
  if (rate.users == 0 || base.users == 0 || hits == 0 || hits == users) return std::nullopt;
  // q (1 - q) (1/m + 1/n) = hits (users - hits) / (users m n).
  const double spread = static_cast<double>(hits) * static_cast<double>(users - hits);
  const double z = difference_numerator(rate, base) / std::sqrt(product_of_users(rate, base)) *
                   std::sqrt(static_cast<double>(users) / spread);
  return TestResult{.statistic = z, .p = std::erfc(std::abs(z) / std::numbers::sqrt2)};
}

std::optional<double> phi_coefficient(RateCounts with, RateCounts without) {
  const std::uint64_t users = with.users + without.users;
  const std::uint64_t hits = with.hits + without.hits;
  if (with.users == 0 || without.users == 0 || hits == 0 || hits == users) return std::nullopt;
  // The square is a fraction, and the parts in which tables of the same users differ come first.
  const WideCount difference =
      WideCount{with.hits} * without.users - WideCount{without.hits} * with.users;
  const auto numerator = static_cast<double>(difference);
  const double square =
      numerator * numerator / static_cast<double>(WideCount{with.users} * without.users);
  const double phi = std::sqrt(square / static_cast<double>(WideCount{hits} * (users - hits)));
  return difference < 0 ? -phi : phi;
}

}  // namespace rollcall
