#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "tests/support/naive_kinds.h"

namespace rollcall::testing {

namespace {

// Returns how many days in a row there are, back from `last`.
std::size_t streak_up_to(const std::set<Day>& days, Day last) {
  std::size_t length = 0;
  while (days.contains(last - static_cast<std::int32_t>(length))) ++length;
  return length;
}

}  // namespace

NaiveTable streaks_table(const StreaksQuery& ask, const NaiveScope& scope,
                         const NaiveRange& range) {
  NaiveTable table;
  table.keys = {"days"};
  table.columns = {{"days", ColumnType::kInt},
                   {"users_current", ColumnType::kCount},
                   {"users_longest", ColumnType::kCount},
                   {"complete", ColumnType::kBool}};
  const std::set<Day> in_range(range.periods.begin(), range.periods.end());
  std::vector<Users> current(in_range.size() + 1), longest(in_range.size() + 1);
  std::size_t rows = 0;
  for (const auto& [user, all_days] : scope.days_by_user(ask.event)) {
    std::set<Day> days;
    for (const Day day : all_days) {
      if (in_range.contains(day)) days.insert(day);
    }
    std::size_t most = 0;
    for (const Day day : days) most = std::max(most, streak_up_to(days, day));
    const Day today = scope.now.day;
    const std::size_t now = streak_up_to(days, days.contains(today) ? today : today - 1);
    current[now].push_back(user);
    longest[most].push_back(user);
    rows = std::max(rows, most);
  }
  for (std::size_t n = 1; n <= rows; ++n) {
    table.add_row(static_cast<std::int64_t>(n), current[n], longest[n], range.ended);
  }
  return table;
}

}  // namespace rollcall::testing
