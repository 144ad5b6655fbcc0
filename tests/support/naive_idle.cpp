#include <map>

#include "tests/support/naive_kinds.h"

namespace rollcall::testing {

NaiveTable idle_table(const IdleQuery& ask, const NaiveScope& scope) {
  std::map<std::int32_t, Users> users_by_age;
  std::int64_t everybody = 0;
  for (const auto& [user, days] : scope.days_by_user(ask.event)) {
    users_by_age[scope.now.day - *days.rbegin()].push_back(user);
    ++everybody;
  }
  std::vector<std::int32_t> edges = ask.edges;
  if (scope.data.events.empty()) edges.clear();  // not even that nobody was here is known
  if (ask.each_day) {
    edges.clear();
    const std::int32_t oldest = users_by_age.empty() ? -1 : users_by_age.rbegin()->first;
    for (std::int32_t age = 0; age <= oldest; ++age) edges.push_back(age);
  }

  NaiveTable table;
  table.keys = {"from_days"};
  table.optional_keys = {"to_days"};
  table.columns = {{"from_days", ColumnType::kInt},
                   {"to_days", ColumnType::kInt},
                   {"users", ColumnType::kCount},
                   {"share", ColumnType::kRatio}};
  for (std::size_t i = 0; i < edges.size(); ++i) {
    std::optional<std::int32_t> to;
    if (i + 1 < edges.size()) to = edges[i + 1] - 1;
    if (ask.each_day) to = edges[i];
    Users users;
    for (const auto& [age, some] : users_by_age) {
      if (edges[i] <= age && (!to || age <= *to))
        users.insert(users.end(), some.begin(), some.end());
    }
    const Cell share = ratio(count(users), everybody);
    table.add_row(std::int64_t{edges[i]}, to ? Cell(std::int64_t{*to}) : Cell(), users, share);
  }
  return table;
}

}  // namespace rollcall::testing
