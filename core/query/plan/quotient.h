// Computes quotients of counts and amounts, rounded once.
#pragma once

#include <cstdint>

#include "rollcall/types.h"

namespace rollcall {

// Is a denominator: a number of users, times the scale of an amount. It is below 2^126, and not 0.
__extension__ using Divisor = unsigned __int128;

// Returns the double nearest to the exact numerator / divisor, with ties to even.
double nearest_quotient(AmountSum numerator, Divisor divisor);

// Computes the mean of quotients. Each quotient and their sum are computed with twice the digits of
// a double; only the mean is rounded to a double.
class QuotientMean {
 public:
  void add(AmountSum numerator, Divisor divisor);
  std::uint64_t count() const { return count_; }
  double value() const { return over(count_); }  // needs at least one quotient
  // Returns the sum over another count, which is not 0.
  double over(std::uint64_t count) const;

 private:
  // The sum is high_ + low_; `low_` is what `high_` cannot hold.
  double high_ = 0;
  double low_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace rollcall
