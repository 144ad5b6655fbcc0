#include "tests/support/naive_breakdown.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tests/support/naive_hours.h"
#include "tests/support/naive_kinds.h"

namespace rollcall::testing {

namespace {

const std::string kOther = "$other";

// Returns the event whose users say which values are the largest.
Selector ranking_event(const Query& query) {
  return std::visit(
      [](const auto& ask) -> Selector {
        if constexpr (requires { ask.cohort_event; }) return ask.cohort_event;
        if constexpr (requires { ask.event; }) return ask.event;
        return {};
      },
      query.ask);
}

Result<std::map<std::string, std::set<NaiveUser>>> users_by_value(const Query& query,
                                                                  const NaiveScope& scope,
                                                                  const NaiveRange& range) {
  if (const auto* ask = std::get_if<FunnelQuery>(&query.ask)) {
    return funnel_values(*ask, query.common, scope);
  }
  std::optional<Period> period = row_period(query);
  // Whoever is about to leave was there before the range.
  if (std::holds_alternative<AtRiskQuery>(query.ask)) period.reset();
  const auto* const nps = std::get_if<NpsQuery>(&query.ask);
  // Without history, users are known by whole days.
  const NaiveData& data = scope.data;
  const bool by_whole_days = period && is_by_hours(*period) && !data.settings.history;
  const auto day_of = [&](Day number) { return data.zone.day_of(data.start_of(number)); };
  std::map<std::string, std::set<NaiveUser>> users;
  for (const std::size_t i : scope.events(ranking_event(query))) {
    bool in_range = !period;
    if (by_whole_days && !range.periods.empty()) {
      const Day day = data.zone.day_of(data.events[i].time);
      in_range = day_of(range.periods.front()) <= day && day <= day_of(range.periods.back());
    } else if (period && !range.periods.empty()) {
      Day first = range.periods.front();
      if (nps) first = data.calendar.last_day(first, *period) - (nps->window_days.back() - 1);
      in_range = first <= data.days[i] &&
                 data.days[i] <= data.calendar.last_day(range.periods.back(), *period);
    }
    if (!in_range) continue;
    users[property_of(scope.data.events[i], query.common.breakdown)].insert(scope.data.user_of[i]);
  }
  return users;
}

// The values that have rows of their own, and whether the rest has any users.
struct Shown {
  std::vector<std::string> values;  // in the order of their bytes
  bool has_rest = false;
};

Result<Shown> shown_values(const Query& query, const NaiveScope& scope, const NaiveRange& range) {
  ROLLCALL_ASSIGN_OR_RETURN(const auto all, users_by_value(query, scope, range));
  std::vector<std::pair<std::int64_t, std::string>> ranked;  // largest first, by negated size
  Shown shown;
  for (const auto& [value, users] : all) {
    if (value == kOther) {
      shown.has_rest = true;
    } else {
      ranked.emplace_back(-static_cast<std::int64_t>(users.size()), value);
    }
  }
  std::sort(ranked.begin(), ranked.end());
  for (const auto& [size, value] : ranked) {
    if (shown.values.size() < static_cast<std::size_t>(query.common.breakdown_limit)) {
      shown.values.push_back(value);
    } else {
      shown.has_rest = true;
    }
  }
  std::sort(shown.values.begin(), shown.values.end());
  return shown;
}

}  // namespace

Result<NaiveTable> broken_down_table(const Query& query, const NaiveScope& scope,
                                     const NaiveRange& range) {
  ROLLCALL_ASSIGN_OR_RETURN(NaiveTable table, table_of(query, scope, range, std::nullopt));
  const std::string& property = query.common.breakdown;
  if (property.empty()) return table;
  table.rows.clear();
  table.columns.insert(table.columns.begin(), {property, ColumnType::kString});
  table.keys.insert(table.keys.begin(), property);

  const auto add_rows = [&](const std::string& value, const PropertyCondition& part) -> Status {
    ROLLCALL_ASSIGN_OR_RETURN(NaiveTable rows, table_of(query, scope, range, part));
    for (auto& row : rows.rows) {
      row.insert(row.begin(), NaiveCell(Cell(value)));
      table.rows.push_back(std::move(row));
    }
    return {};
  };
  using Test = PropertyCondition::Test;
  ROLLCALL_ASSIGN_OR_RETURN(const Shown shown, shown_values(query, scope, range));
  for (const std::string& value : shown.values) {
    ROLLCALL_RETURN_IF_ERROR(add_rows(value, {property, Test::kAnyOf, {value}}));
  }
  if (shown.has_rest) {
    ROLLCALL_RETURN_IF_ERROR(add_rows(kOther, {property, Test::kNoneOf, shown.values}));
  }
  return table;
}

}  // namespace rollcall::testing
