#include <map>
#include <optional>
#include <set>
#include <vector>

#include "tests/support/naive_kinds.h"
#include "tests/support/naive_segments.h"

namespace rollcall::testing {

namespace {

// Returns the end of a day as the instant up to which a question looks, if that has come.
NaiveNow end_of_day(Day day, const NaiveScope& scope) {
  if (!scope.now.ended(day)) return scope.now;
  NaiveNow now;
  now.is_known = true;
  now.time = scope.data.zone.last_second_of(day);
  now.day = now.last_ended = day;
  return now;
}

std::set<NaiveUser> who_paid(const NaiveScope& scope) {
  std::map<NaiveUser, AmountSum> sums;
  for (const std::size_t i : scope.events({})) {
    sums[scope.data.user_of[i]] += scope.data.events[i].value.value_or(0);
  }
  std::set<NaiveUser> users;
  for (const auto& [user, sum] : sums) {
    if (sum > 0) users.insert(user);
  }
  return users;
}

// Adds the rows of one instant, which begin with `date` if there is one.
Status add_rows(const AtRiskQuery& ask, const NaiveScope& scope, bool with_value,
                std::optional<Day> date, bool complete, NaiveTable& table) {
  ROLLCALL_ASSIGN_OR_RETURN(std::set<NaiveUser> base, users_of(ask.base, scope));
  if (with_value) {
    const DaysByUser seen = scope.days_by_user({});
    std::erase_if(base, [&](NaiveUser user) { return !seen.contains(user); });
  }
  const std::set<NaiveUser> paid = who_paid(scope);
  std::set<NaiveUser> taken;
  for (const AtRiskQuery::Rule& rule : ask.rules) {
    ROLLCALL_ASSIGN_OR_RETURN(const std::set<NaiveUser> fitting, users_of(rule.segment, scope));
    Users users, payers;
    for (const NaiveUser user : base) {
      if (!fitting.contains(user) || !taken.insert(user).second) continue;
      users.push_back(user);
      if (paid.contains(user)) payers.push_back(user);
    }
    std::vector<NaiveCell>& row = table.rows.emplace_back();
    if (date) row.emplace_back(Cell(*date));
    row.emplace_back(Cell(rule.name));
    row.emplace_back(users);
    row.emplace_back(ratio(count(users), static_cast<std::int64_t>(base.size()), complete));
    row.emplace_back(payers);
    if (date) row.emplace_back(Cell(complete));
  }
  return {};
}

}  // namespace

Result<NaiveTable> at_risk_table(const AtRiskQuery& ask, const NaiveScope& scope,
                                 const NaiveRange& range,
                                 const std::optional<PropertyCondition>& value) {
  NaiveTable table;
  if (ask.period) {
    table.keys = {"date"};
    table.columns = {{"date", ColumnType::kDate}};
  }
  table.keys.emplace_back("rule");
  table.columns.push_back({"rule", ColumnType::kString});
  table.columns.push_back({"users", ColumnType::kCount});
  table.columns.push_back({"share", ColumnType::kRatio});
  table.columns.push_back({"payers", ColumnType::kCount});
  if (ask.period) table.columns.push_back({"complete", ColumnType::kBool});

  NaiveScope then = value ? scope.with(*value) : scope;
  const bool has_moments = ask.period ? !range.periods.empty() : !scope.data.events.empty();
  if (!has_moments) {
    // Segments that cannot be are refused all the same.
    NaiveTable unseen = table;
    ROLLCALL_RETURN_IF_ERROR(add_rows(ask, then, value.has_value(), {}, true, unseen));
    return table;
  }
  if (!ask.period) {
    ROLLCALL_RETURN_IF_ERROR(add_rows(ask, then, value.has_value(), {}, true, table));
    return table;
  }
  for (const Day first : range.periods) {
    const Day last = scope.data.calendar.last_day(first, *ask.period);
    then.now = end_of_day(last, scope);
    ROLLCALL_RETURN_IF_ERROR(
        add_rows(ask, then, value.has_value(), first, scope.now.ended(last), table));
  }
  return table;
}

}  // namespace rollcall::testing
