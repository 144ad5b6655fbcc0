#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/naive_kinds.h"

namespace rollcall::testing {

Result<NaiveTable> milestones_table(const MilestonesQuery& ask, const QueryCommon& common,
                                    const NaiveScope& scope) {
  using Of = MilestonesQuery::Of;
  const NaiveData& data = scope.data;
  QueryCommon dated = common;
  if (ask.date) {
    const RangeEnd end = std::visit([](const auto& date) { return RangeEnd(date); }, *ask.date);
    dated.from = dated.to = end;
  }
  ROLLCALL_ASSIGN_OR_RETURN(const NaiveRange range,
                            resolve_range(data, scope.now, dated, Period::kDay));
  NaiveTable table;
  table.keys = {"date", "of", "at"};
  table.columns = {{"date", ColumnType::kDate},
                   {"of", ColumnType::kString},
                   {"at", ColumnType::kInt},
                   {"users", ColumnType::kCount},
                   {"complete", ColumnType::kBool}};
  std::map<NaiveUser, std::vector<std::pair<TimeUs, Day>>> events;
  for (const std::size_t i : scope.events(ask.event)) {
    events[data.user_of[i]].emplace_back(data.events[i].time, data.days[i]);
  }
  for (auto& [_, of_user] : events) std::ranges::sort(of_user);
  const DaysByUser days_by_user = scope.days_by_user(ask.event);
  const std::map<Of, std::string> names = {
      {Of::kFirstDay, "first_day"}, {Of::kActiveDay, "active_day"}, {Of::kEvent, "event"}};
  for (const Day date : range.periods) {
    for (const auto& [of, name] : names) {
      if (std::ranges::find(ask.of, of) == ask.of.end()) continue;
      for (const std::int32_t at : ask.at) {
        const auto number = static_cast<std::size_t>(at);
        Users users;
        for (const auto& [user, days] : days_by_user) {
          bool is_milestone = false;
          if (of == Of::kFirstDay) is_milestone = std::int64_t{date - *days.begin()} == at;
          if (of == Of::kActiveDay) {
            const auto up_to = std::distance(days.begin(), days.upper_bound(date));
            is_milestone = days.contains(date) && static_cast<std::size_t>(up_to) == number;
          }
          if (of == Of::kEvent) {
            const auto& of_user = events.at(user);
            is_milestone = number <= of_user.size() && of_user[number - 1].second == date;
          }
          if (is_milestone) users.push_back(user);
        }
        table.add_row(date, Cell(name), std::int64_t{at}, users, scope.now.ended(date));
      }
    }
  }
  return table;
}

}  // namespace rollcall::testing
