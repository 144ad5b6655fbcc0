#include "core/query/plan/quotient.h"

#include <cmath>

namespace rollcall {
namespace {

__extension__ using Magnitude = unsigned __int128;

// Doubles hold all whole numbers up to this one.
constexpr std::uint64_t kExactMax = std::uint64_t{1} << 53;

Magnitude magnitude_of(AmountSum number) {
  return number < 0 ? Magnitude{0} - static_cast<Magnitude>(number)
                    : static_cast<Magnitude>(number);
}

// Returns the double nearest to bits * 2^-shift, or just above that if there is a `rest`.
double rounded(Magnitude bits, bool rest, int shift) {
  // A conversion from 64 bits rounds as it should, because what is cut off before it leaves a last
  // bit.
  for (; bits >> 64 != 0; bits >>= 1, --shift) rest = rest || (bits & 1) != 0;
  const std::uint64_t kept = static_cast<std::uint64_t>(bits) | (rest ? 1 : 0);
  return std::ldexp(static_cast<double>(kept), -shift);
}

// Holds a number as the sum of two doubles, the first of which is nearest to it.
struct Pair {
  double high = 0;
  double low = 0;
};

// Computes a / b bit by bit, with as many bits as the two doubles hold.
Pair divide(Magnitude a, Magnitude b) {
  constexpr int kBitsOfEach = 55;  // two more than a double's, so that the last is a rest
  Magnitude quotient = a / b, rest = a % b;
  int shift = 0;
  const auto take_bits = [&] {
    while (quotient >> (kBitsOfEach - 1) == 0 && rest != 0) {
      rest <<= 1;
      quotient = quotient << 1 | (rest >= b ? 1 : 0);
      if (rest >= b) rest -= b;
      ++shift;
    }
  };
  take_bits();
  Pair pair;
  pair.high = rounded(quotient, rest != 0, shift);
  // This is by how much the quotient so far differs from that double, which is no more than 64 bits
  // of it.
  const auto whole = static_cast<Magnitude>(std::ldexp(pair.high, shift));
  const bool above = whole > quotient;
  const auto off = static_cast<double>(above ? whole - quotient : quotient - whole);
  const double beyond = static_cast<double>(rest) / static_cast<double>(b);
  pair.low = std::ldexp(above ? beyond - off : beyond + off, -shift);
  return pair;
}

Pair quotient_of(AmountSum numerator, Divisor divisor) {
  const Magnitude a = magnitude_of(numerator);
  Pair pair;
  if (a <= kExactMax && divisor <= kExactMax) {
    const auto x = static_cast<double>(static_cast<std::uint64_t>(a));
    const auto y = static_cast<double>(static_cast<std::uint64_t>(divisor));
    pair.high = x / y;
    pair.low = std::fma(-pair.high, y, x) / y;
  } else {
    pair = divide(a, divisor);
  }
  return numerator < 0 ? Pair{-pair.high, -pair.low} : pair;
}

// Returns a + b, and what that lacks (Knuth, TAOCP 2, 4.2.2).
Pair sum_of(double a, double b) {
  const double sum = a + b;
  const double of_b = sum - a;
  return {sum, (a - (sum - of_b)) + (b - of_b)};
}

}  // namespace

double nearest_quotient(AmountSum numerator, Divisor divisor) {
  return quotient_of(numerator, divisor).high;
}

void QuotientMean::add(AmountSum numerator, Divisor divisor) {
  const Pair next = quotient_of(numerator, divisor);
  const Pair sum = sum_of(high_, next.high);
  const Pair total = sum_of(sum.high, sum.low + low_ + next.low);
  high_ = total.high;
  low_ = total.low;
  ++count_;
}

double QuotientMean::over(std::uint64_t count) const {
  const auto divisor = static_cast<double>(count);
  const double mean = high_ / divisor;
  return mean + (std::fma(-mean, divisor, high_) + low_) / divisor;
}

}  // namespace rollcall
