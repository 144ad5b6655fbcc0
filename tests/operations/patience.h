// Says how long tests of what waits and sends are patient.
#pragma once

#include <chrono>

namespace rollcall::testing {

// These tests wait no longer than this for what ends by itself much earlier.
inline constexpr std::chrono::seconds kSoon{8};

}  // namespace rollcall::testing
