#include <algorithm>
#include <set>

#include "tests/support/naive_kinds.h"

namespace rollcall::testing {

namespace {

constexpr TimeUs kHour = 3'600'000'000;

// Counts some of the events.
struct Sums {
  std::int64_t events = 0;
  AmountSum value = 0;
  std::set<NaiveUser> users;

  void add(const NaiveData& data, std::size_t event) {
    ++events;
    value += data.events[event].value.value_or(0);
    users.insert(data.user_of[event]);
  }
};

// Only the days of single users are kept: their events are not, and nothing is kept by hour.
NaiveTable by_hour(const CountsQuery& ask, const NaiveScope& scope, const NaiveRange& range) {
  const NaiveData& data = scope.data;
  const std::vector<std::size_t> events = scope.events(ask.event);
  NaiveTable table;
  table.keys = {"date", "hour"};
  table.columns = {{"date", ColumnType::kDate},
                   {"hour", ColumnType::kInt},
                   {"events", ColumnType::kCount},
                   {"users", ColumnType::kCount},
                   {"value", ColumnType::kDecimal},
                   {"events_per_user", ColumnType::kRatio},
                   {"value_per_user", ColumnType::kRatio},
                   {"complete", ColumnType::kBool}};
  for (const Day day : range.periods) {
    const TimeUs day_end = data.zone.start_of(day + 1);
    std::int64_t hour = 0;
    for (TimeUs begin = data.zone.start_of(day); begin < day_end && begin <= scope.now.time;
         begin += kHour, ++hour) {
      const TimeUs end = std::min(begin + kHour, day_end);
      Sums sums;
      for (const std::size_t i : events) {
        if (begin <= data.events[i].time && data.events[i].time < end) sums.add(data, i);
      }
      Cell number, value;
      if (!scope.among) {
        number = sums.events;
        value = decimal_text(sums.value, data.settings.value_decimals);
      }
      table.add_row(day, hour, number, std::monostate{}, value, std::monostate{}, std::monostate{},
                    end - 1'000'000 <= scope.now.time);
    }
  }
  return table;
}

}  // namespace

NaiveTable counts_table(const CountsQuery& ask, const NaiveScope& scope, const NaiveRange& range) {
  if (ask.by_hour) return by_hour(ask, scope, range);
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
                   {"value_per_user", ColumnType::kRatio},
                   {"complete", ColumnType::kBool}};
  for (const Day p : range.periods) {
    const Day last = data.calendar.last_day(p, ask.period);
    Sums sums;
    for (const std::size_t i : events) {
      if (p <= data.days[i] && data.days[i] <= last) sums.add(data, i);
    }
    const bool complete = scope.now.ended(last);
    const Users users(sums.users.begin(), sums.users.end());
    Cell number, events_per_user;
    if (!scope.among || data.settings.history) {
      number = sums.events;
      events_per_user = ratio(sums.events, count(users), complete);
    }
    table.add_row(p, number, users, decimal_text(sums.value, decimals), events_per_user,
                  amount_per_user(sums.value, decimals, count(users), complete), complete);
  }
  return table;
}

}  // namespace rollcall::testing
