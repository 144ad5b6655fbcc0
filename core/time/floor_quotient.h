// Divides whole numbers, rounding down also below 0, as calendars and clocks need it.
#pragma once

namespace rollcall {

// `b` is above 0.
template <class Integer>
constexpr Integer floor_quotient(Integer a, Integer b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

}  // namespace rollcall
