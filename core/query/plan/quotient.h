// Quotients of counts and amounts, rounded once.
#pragma once

#include <cstdint>

#include "rollcall/types.h"

namespace rollcall {

// A denominator: a number of users, times the scale of an amount. Below 2^126, and not 0.
__extension__ using Divisor = unsigned __int128;

// The double that is nearest to numerator / divisor, as they are, ties to the even one.
double nearest_quotient(AmountSum numerator, Divisor divisor);

// The mean of quotients. Each is taken with twice the digits of a double, and so is their sum;
// what is rounded to a double is the mean.
class QuotientMean {
 public:
  void add(AmountSum numerator, Divisor divisor);
  std::uint64_t count() const { return count_; }
  double value() const;  // of one quotient at least

 private:
  // Their sum; `low_` is what `high_` lacks.
  double high_ = 0;
  double low_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace rollcall
