// Tests whether counts go by the shares that are expected of them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/statistics/rates.h"

namespace rollcall {

// Compares counts with the shares that were to be, of which there are as many; each is above 0, and
// they are taken relative to their sum. The statistic is the sum of (count - expected)^2 / expected
// (K. Pearson, On the criterion that a given system of deviations..., Philosophical Magazine 50,
// 1900), and p the probability of one as large or larger by the chi-square distribution with one
// degree of freedom less than there are counts. Unset: there are fewer than two counts, or all are
// 0.
std::optional<TestResult> chi_square_fit(std::span<const std::uint64_t> counts,
                                         std::span<const double> shares);

}  // namespace rollcall
