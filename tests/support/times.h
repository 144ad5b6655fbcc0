// These are the times that tests count with. They are apart from those of the engine.
#pragma once

#include <cstdint>

#include "rollcall/types.h"

namespace rollcall::testing {

inline constexpr std::int64_t kSecondUs = 1'000'000;
inline constexpr std::int64_t kDayUs = 86'400 * kSecondUs;

// The events of many tests begin on 2026-01-01, a Thursday.
inline constexpr Day kFirstDay{20'454};
inline constexpr std::int64_t kFirstDayUs = kFirstDay.value * kDayUs;

}  // namespace rollcall::testing
