// Knows the civil periods that runs of campaigns go by.
#pragma once

#include <optional>
#include <string_view>

#include "rollcall/dates.h"
#include "rollcall/types.h"

namespace rollcall {

// Returns the first day of the period that holds `day`, or of the one after it. The period is a day
// or longer.
Day first_day_of(Day day, Period period, WeekStart week_start);
Day first_day_after(Day day, Period period, WeekStart week_start);

// Reads the date that a text such as "2026-01-31T06:00:00Z" begins with.
std::optional<Day> date_of(std::string_view text);

}  // namespace rollcall
