#include "tests/support/naive_kinds.h"

namespace rollcall::testing {

NaiveTable lifecycle_table(const LifecycleQuery& ask, const NaiveScope& scope,
                           const NaiveRange& range) {
  const DaysByUser activity = scope.days_by_user(ask.event);
  NaiveTable table;
  table.keys = {"date"};
  table.columns = {{"date", ColumnType::kDate},         {"new", ColumnType::kCount},
                   {"returning", ColumnType::kCount},   {"resurrecting", ColumnType::kCount},
                   {"dormant", ColumnType::kCount},     {"active", ColumnType::kCount},
                   {"quick_ratio", ColumnType::kRatio}, {"complete", ColumnType::kBool}};
  for (const Day p : range.periods) {
    const Day last = scope.data.calendar.last_day(p, ask.period);
    const Day before = scope.data.calendar.first_day(p - 1, ask.period);
    Users fresh, returning, resurrecting, dormant, active;
    for (const auto& [user, days] : activity) {
      const bool is_active = any_day_in(days, p, last);
      const bool was_active = any_day_in(days, before, p - 1);
      if (is_active) active.push_back(user);
      if (is_active && *days.begin() >= p) fresh.push_back(user);
      if (is_active && was_active) returning.push_back(user);
      if (is_active && !was_active && *days.begin() < p) resurrecting.push_back(user);
      if (!is_active && was_active) dormant.push_back(user);
    }
    const bool complete = scope.now.ended(last);
    const Cell quick_ratio = ratio(count(fresh) + count(resurrecting), count(dormant), complete);
    table.add_row(p, fresh, returning, resurrecting, dormant, active, quick_ratio, complete);
  }
  return table;
}

}  // namespace rollcall::testing
