// These functions say what the active days of one user tell. The days are in order, each once.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/time/calendar.h"
#include "rollcall/types.h"

namespace rollcall {

// The lengths in days of the longest run of days in a row, and of the one that ends on `today` or
// the day before; 0 if there is none.
struct Streaks {
  std::int32_t longest = 0;
  std::int32_t current = 0;
};
Streaks streaks_of(std::span<const Day> days, Day today);

// Returns the state of the user in the period that holds `today`, as `lifecycle` has it: "new",
// "returning", "resurrecting", "dormant", or "inactive" if the user was last active before the
// period before.
std::string_view lifecycle_state(std::span<const Day> days, const Calendar& calendar, Day today);

}  // namespace rollcall
