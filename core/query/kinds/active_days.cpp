#include "core/query/kinds/active_days.h"

#include <algorithm>
#include <cstddef>

namespace rollcall {

Streaks streaks_of(std::span<const Day> days, Day today) {
  Streaks streaks;
  std::int32_t length = 0;
  for (std::size_t i = 0; i < days.size(); ++i) {
    length = i > 0 && days[i] == days[i - 1] + 1 ? length + 1 : 1;
    streaks.longest = std::max(streaks.longest, length);
  }
  if (!days.empty() && days.back() >= today - 1) streaks.current = length;
  return streaks;
}

namespace {

bool has_day_in(std::span<const Day> days, DayRange range) {
  const auto first = std::ranges::lower_bound(days, range.first);
  return first != days.end() && *first <= range.last;
}

}  // namespace

std::string_view lifecycle_state(std::span<const Day> days, const Calendar& calendar, Day today) {
  const std::int32_t period = calendar.index_of(today);
  const bool was_active = has_day_in(days, calendar.days(period - 1));
  if (!has_day_in(days, calendar.days(period))) return was_active ? "dormant" : "inactive";
  if (was_active) return "returning";
  return days.front() < calendar.first_day(period) ? "resurrecting" : "new";
}

}  // namespace rollcall
