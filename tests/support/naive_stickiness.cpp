#include "tests/support/naive_kinds.h"

namespace rollcall::testing {

namespace {

NaiveTable by_window(const StickinessQuery& ask, std::int32_t window_days, const NaiveScope& scope,
                     const NaiveRange& range) {
  const DaysByUser activity = scope.days_by_user(ask.event);
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
    for (const auto& [user, days] : activity) {
      std::size_t in_window = 0;
      for (const Day d : days) in_window += day - window_days < d && d <= day;
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
  std::vector<Users> exactly(range.periods.size() + 1), at_least(range.periods.size() + 1);
  for (const auto& [user, days] : scope.days_by_user(ask.event)) {
    std::size_t active_periods = 0;
    for (const Day p : range.periods) {
      active_periods += any_day_in(days, p, scope.data.calendar.last_day(p, ask.period));
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
