#include "tests/support/naive_kinds.h"

namespace rollcall::testing {

NaiveTable active_table(const ActiveQuery& ask, const NaiveScope& scope, const NaiveRange& range) {
  const DaysByUser activity = scope.days_by_user(ask.event);
  const auto users_between = [&](Day first, Day last) {
    Users users;
    for (const auto& [user, days] : activity) {
      if (any_day_in(days, first, last)) users.push_back(user);
    }
    return users;
  };

  NaiveTable table;
  table.keys = {"date"};
  table.columns = {{"date", ColumnType::kDate}, {"users", ColumnType::kCount}};
  if (ask.ratio_to_window) table.columns.push_back({"ratio", ColumnType::kRatio});
  table.columns.push_back({"complete", ColumnType::kBool});
  for (const Day p : range.periods) {
    const Day last = scope.data.calendar.last_day(p, ask.period);
    const bool complete = scope.now.ended(last);
    const std::int32_t periods_of_day = ask.period == Period::kHour ? 24 : 1;
    const Users users =
        users_between(ask.window_days ? last - (*ask.window_days * periods_of_day - 1) : p, last);
    if (ask.ratio_to_window) {
      const Users window = users_between(last - (*ask.ratio_to_window - 1), last);
      table.add_row(p, users, ratio(count(users), count(window), complete), complete);
    } else {
      table.add_row(p, users, complete);
    }
  }
  return table;
}

}  // namespace rollcall::testing
