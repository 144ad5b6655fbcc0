#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "tests/support/naive_kinds.h"

namespace rollcall::testing {

namespace {

struct Feature {
  DaysByUser days;
  std::vector<std::size_t> events;
};

Cell middle_of(std::vector<std::int64_t> numbers) {
  if (numbers.empty()) return std::monostate{};
  std::sort(numbers.begin(), numbers.end());
  const std::size_t half = numbers.size() / 2;
  if (numbers.size() % 2 == 1) return static_cast<double>(numbers[half]);
  return static_cast<double>(numbers[half - 1] + numbers[half]) / 2;
}

Users users_on(const DaysByUser& days_by_user, Day first, Day last) {
  Users users;
  for (const auto& [user, days] : days_by_user) {
    if (any_day_in(days, first, last)) users.push_back(user);
  }
  return users;
}

}  // namespace

NaiveTable adoption_table(const AdoptionQuery& ask, const NaiveScope& scope,
                          const NaiveRange& range) {
  const NaiveData& data = scope.data;
  NaiveTable table;
  table.keys = {"date", "feature"};
  table.columns = {{"date", ColumnType::kDate},
                   {"feature", ColumnType::kString},
                   {"active", ColumnType::kCount},
                   {"users", ColumnType::kCount},
                   {"rate", ColumnType::kRatio},
                   {"new_adopters", ColumnType::kCount},
                   {"events_per_user", ColumnType::kRatio},
                   {"returning_users", ColumnType::kCount},
                   {"median_days_to_adopt", ColumnType::kRatio},
                   {"breadth", ColumnType::kRatio},
                   {"complete", ColumnType::kBool}};
  if (range.periods.empty()) return table;
  const DaysByUser activity = scope.days_by_user({});
  std::map<std::string, Feature> features;  // by text
  for (const Selector& feature : ask.features) {
    features[event_text(feature)] = {scope.days_by_user(feature), scope.events(feature)};
  }

  const auto add_rows = [&](bool is_range, Day first, Day last, bool complete) {
    const Cell date = is_range ? Cell() : Cell(first);
    const Users active = users_on(activity, first, last);
    std::int64_t uses = 0;
    for (const auto& [text, feature] : features) {
      const Users users = users_on(feature.days, first, last);
      uses += count(users);
      Users adopters;
      std::vector<std::int64_t> days_to_adopt;
      for (const NaiveUser user : users) {
        const Day first_use = *feature.days.at(user).begin();
        if (first_use < first) continue;
        adopters.push_back(user);
        days_to_adopt.push_back(first_use - *activity.at(user).begin());
      }
      const auto events = std::ranges::count_if(feature.events, [&](std::size_t event) {
        return first <= data.days[event] && data.days[event] <= last;
      });
      NaiveCell returning = Cell();
      if (!is_range) {
        const Users before =
            users_on(feature.days, data.calendar.first_day(first - 1, ask.period), first - 1);
        Users both;
        std::set_intersection(before.begin(), before.end(), users.begin(), users.end(),
                              std::back_inserter(both));
        returning = both;
      }
      const bool knows_events = !scope.among || data.settings.history;
      table.add_row(date, Cell(text), active, users, ratio(count(users), count(active), complete),
                    adopters, knows_events ? ratio(events, count(users), complete) : Cell(),
                    returning, is_range && complete ? middle_of(days_to_adopt) : Cell(), Cell(),
                    Cell(complete));
    }
    table.add_row(date, Cell(), active, Cell(), Cell(), Cell(), Cell(), Cell(), Cell(),
                  ratio(uses, count(active), complete), Cell(complete));
  };
  for (const Day period : range.periods) {
    const Day last = data.calendar.last_day(period, ask.period);
    add_rows(false, period, last, scope.now.ended(last));
  }
  add_rows(true, range.periods.front(), data.calendar.last_day(range.periods.back(), ask.period),
           range.ended);
  return table;
}

}  // namespace rollcall::testing
