#include <algorithm>
#include <map>

#include "tests/support/naive_hours.h"
#include "tests/support/naive_kinds.h"

namespace rollcall::testing {

namespace {

// Counts some of the events.
struct Sums {
  std::int64_t events = 0;
  AmountSum value = 0;
  std::map<NaiveUser, AmountSum> users;

  void add(const NaiveData& data, std::size_t event) {
    const Amount amount = data.events[event].value.value_or(0);
    ++events;
    value += amount;
    users[data.user_of[event]] += amount;
  }
};

}  // namespace

NaiveTable counts_table(const CountsQuery& ask, const NaiveScope& scope, const NaiveRange& range) {
  const NaiveData& data = scope.data;
  const std::uint32_t decimals = data.settings.value_decimals;
  const std::vector<std::size_t> events = scope.events(ask.event);
  NaiveTable table;
  table.keys = {"date"};
  table.columns = {{"date", ColumnType::kDate},
                   {"events", ColumnType::kCount},
                   {"users", ColumnType::kCount},
                   {"value", ColumnType::kDecimal},
                   {"events_per_user", ColumnType::kRatio},
                   {"value_per_user", ColumnType::kRatio}};
  if (ask.payers) {
    table.columns.insert(table.columns.end(), {{"payers", ColumnType::kCount},
                                               {"paying_rate", ColumnType::kRatio},
                                               {"value_per_payer", ColumnType::kRatio}});
  }
  table.columns.push_back({"complete", ColumnType::kBool});
  for (const Day p : range.periods) {
    const Day last = data.calendar.last_day(p, ask.period);
    Sums sums;
    for (const std::size_t i : events) {
      if (p <= data.days[i] && data.days[i] <= last) sums.add(data, i);
    }
    const bool complete = scope.now.ended(last);
    if (is_by_hours(ask.period) && !data.settings.history) {
      // Nothing is known of single users, and the totals are those of all.
      Cell events_of_all, value_of_all;
      if (!scope.among) {
        events_of_all = sums.events;
        value_of_all = decimal_text(sums.value, decimals);
      }
      table.add_row(p, events_of_all, std::monostate{}, value_of_all, std::monostate{},
                    std::monostate{});
      table.rows.back().resize(table.columns.size() - 1, Cell());
      table.rows.back().emplace_back(Cell(complete));
      continue;
    }
    Users users, payers;
    for (const auto& [user, sum] : sums.users) {
      users.push_back(user);
      if (sum > 0) payers.push_back(user);
    }
    Cell number, events_per_user;
    if (!scope.among || data.settings.history) {
      number = sums.events;
      events_per_user = ratio(sums.events, count(users), complete);
    }
    table.add_row(p, number, users, decimal_text(sums.value, decimals), events_per_user,
                  amount_per_user(sums.value, decimals, count(users), complete));
    std::vector<NaiveCell>& row = table.rows.back();
    if (ask.payers) {
      row.insert(row.end(), {payers, ratio(count(payers), count(users), complete),
                             amount_per_user(sums.value, decimals, count(payers), complete)});
    }
    row.emplace_back(Cell(complete));
  }
  return table;
}

}  // namespace rollcall::testing
