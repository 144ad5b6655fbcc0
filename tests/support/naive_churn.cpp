#include "tests/support/naive_kinds.h"

namespace rollcall::testing {

NaiveTable churn_table(const ChurnQuery& ask, const NaiveScope& scope, const NaiveRange& range) {
  const auto* gap = std::get_if<ChurnQuery::GapDays>(&ask.rule);
  const auto* next = std::get_if<ChurnQuery::NextPeriods>(&ask.rule);
  const Period period = next ? next->period : Period::kDay;
  const NaiveCalendar& calendar = scope.data.calendar;
  const DaysByUser activity = scope.days_by_user(ask.event);

  NaiveTable table;
  table.keys = {"date"};
  table.columns = {{"date", ColumnType::kDate},      {"base", ColumnType::kCount},
                   {"retained", ColumnType::kCount}, {"churned", ColumnType::kCount},
                   {"rate", ColumnType::kRatio},     {"recalled", ColumnType::kCount},
                   {"complete", ColumnType::kBool}};
  for (const Day p : range.periods) {
    const Day base_last = calendar.last_day(p, period);
    // Period by period, so that it shares no arithmetic with what is tested.
    Day window_last = gap ? p + gap->days : base_last;
    for (std::int32_t i = 0; next && i < next->count; ++i) {
      window_last = calendar.last_day(window_last + 1, period);
    }
    Users base, retained, churned, recalled;
    for (const auto& [user, days] : activity) {
      const bool is_new = p <= *days.begin() && *days.begin() <= base_last;
      const bool is_active = any_day_in(days, p, base_last);
      if (!(ask.base == ChurnQuery::Base::kNew ? is_new : is_active)) continue;
      base.push_back(user);
      const bool comes_back = any_day_in(days, base_last + 1, window_last);
      (comes_back ? retained : churned).push_back(user);
      if (!comes_back && any_day_in(days, window_last + 1, scope.now.day)) recalled.push_back(user);
    }
    const bool complete = scope.now.ended(window_last);
    const Cell rate = ratio(count(churned), count(base), complete);
    table.add_row(p, base, retained, churned, rate, recalled, complete);
  }
  return table;
}

}  // namespace rollcall::testing
