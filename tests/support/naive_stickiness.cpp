#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "tests/support/naive_kinds.h"

namespace rollcall::testing {

namespace {

// Holds how many events a user has on each day.
using DayCounts = std::map<Day, std::int64_t>;

std::map<NaiveUser, DayCounts> day_counts(const Selector& selector, const NaiveScope& scope) {
  std::map<NaiveUser, DayCounts> counts;
  for (const std::size_t i : scope.events(selector)) {
    ++counts[scope.data.user_of[i]][scope.data.days[i]];
  }
  return counts;
}

// Returns whether from..to counts as a period of a user with these events.
bool counts_as_active(const StickinessQuery& ask, const DayCounts& events, Day from, Day to) {
  std::int64_t count = 0;
  for (const auto& [day, of_day] : events) count += from <= day && day <= to ? of_day : 0;
  if (count == 0 || !ask.per_period) return count != 0;
  const std::int64_t bound = ask.per_period->times;
  if (ask.per_period->compare == Segment::Compare::kExactly) return count == bound;
  return ask.per_period->compare == Segment::Compare::kAtLeast ? count >= bound : count <= bound;
}

NaiveTable by_window(const StickinessQuery& ask, std::int32_t window_days, const NaiveScope& scope,
                     const NaiveRange& range) {
  const std::map<NaiveUser, DayCounts> activity = day_counts(ask.event, scope);
  NaiveTable table;
  table.keys = {"date", "active_days"};
  table.columns = {{"date", ColumnType::kDate},
                   {"active_days", ColumnType::kInt},
                   {"users", ColumnType::kCount},
                   {"mean", ColumnType::kRatio},
                   {"complete", ColumnType::kBool}};
  for (const Day day : range.periods) {
    const bool complete = scope.now.ended(day);
    std::vector<Users> by_days(static_cast<std::size_t>(window_days) + 1);
    Users everybody;
    std::int64_t active_days = 0;
    for (const auto& [user, events] : activity) {
      std::size_t in_window = 0;
      for (const auto& [d, _] : events) {
        in_window += day - window_days < d && d <= day && counts_as_active(ask, events, d, d);
      }
      if (in_window == 0) continue;
      by_days[in_window].push_back(user);
      everybody.push_back(user);
      active_days += static_cast<std::int64_t>(in_window);
    }
    for (std::size_t n = 1; n < by_days.size(); ++n) {
      table.add_row(day, static_cast<std::int64_t>(n), by_days[n], std::monostate{}, complete);
    }
    const Cell mean = ratio(active_days, count(everybody), complete);
    table.add_row(day, std::monostate{}, everybody, mean, complete);
  }
  return table;
}

}  // namespace

NaiveTable stickiness_table(const StickinessQuery& ask, const NaiveScope& scope,
                            const NaiveRange& range) {
  if (ask.window_days) return by_window(ask, *ask.window_days, scope, range);
  // The first and last days of what counts as one period.
  std::vector<std::pair<Day, Day>> steps;
  for (std::size_t i = 0; i < range.periods.size(); ++i) {
    const Day last = scope.data.calendar.last_day(range.periods[i], ask.period);
    if (i % static_cast<std::size_t>(ask.period_step) == 0) {
      steps.emplace_back(range.periods[i], last);
    } else {
      steps.back().second = last;
    }
  }
  std::vector<Users> exactly(steps.size() + 1), at_least(steps.size() + 1);
  for (const auto& [user, events] : day_counts(ask.event, scope)) {
    std::size_t active_periods = 0;
    for (const auto& [first, last] : steps) {
      active_periods += counts_as_active(ask, events, first, last);
    }
    exactly[active_periods].push_back(user);
    for (std::size_t n = 0; n <= active_periods; ++n) at_least[n].push_back(user);
  }
  NaiveTable table;
  table.keys = {"active_periods"};
  table.columns = {{"active_periods", ColumnType::kInt},
                   {"users", ColumnType::kCount},
                   {"users_at_least", ColumnType::kCount},
                   {"complete", ColumnType::kBool}};
  for (std::size_t n = 1; n < exactly.size(); ++n) {
    table.add_row(static_cast<std::int64_t>(n), exactly[n], at_least[n], range.ended);
  }
  return table;
}

}  // namespace rollcall::testing
