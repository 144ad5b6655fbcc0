// This is an event as a question about a sequence of events sees it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "rollcall/types.h"

namespace rollcall {

inline constexpr unsigned kStepsMax = 32;
inline constexpr std::size_t kNoEvent = ~std::size_t{0};

// Returns the time from an instant to a later one, however far apart they are.
inline std::uint64_t elapsed(TimeUs from, TimeUs to) {
  return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
}

// A step is an event that the question looks for: of a funnel, one of its steps; of another kind,
// whatever its selectors are, in an order that the kind chooses.
struct StepEvent {
  TimeUs time = 0;
  std::uint32_t steps = 0;       // bit k: it is an event of step k, from 0
  std::uint32_t exclusions = 0;  // bit i: it is an event of exclusion i
};

}  // namespace rollcall
