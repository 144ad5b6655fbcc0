#include <date/date.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <set>
#include <vector>

#include "tests/support/naive_kinds.h"

namespace rollcall::testing {

namespace {

constexpr std::int64_t kUsOfDay = 86'400'000'000;

// From 1, which is Monday.
unsigned iso_weekday(Day day) {
  return date::weekday{date::sys_days{date::days{day.value}}}.iso_encoding();
}

struct WeekHour {
  std::int64_t hours = 0, events = 0, due = 0, followed = 0;
  std::set<NaiveUser> users;
};
using Week = std::array<std::array<WeekHour, 24>, 8>;  // by weekday, from 1

// Looks at the clocks every half hour: none is set in between, but in times of old.
void count_hours(const NaiveZone& zone, TimeUs begin, TimeUs end, Week& week) {
  std::optional<NaiveZone::Reading> before;
  for (TimeUs time = begin; time < end; time += kUsOfDay / 48) {
    const NaiveZone::Reading now = zone.reading_at(time);
    if (now != before) ++week[iso_weekday(now.day)][now.hour].hours;
    before = now;
  }
}

}  // namespace

Result<NaiveTable> clock_table(const ClockQuery& ask, const QueryCommon& common,
                               const NaiveScope& scope) {
  const NaiveData& data = scope.data;
  NaiveTable table;
  table.keys = {"weekday", "hour"};
  table.columns = {{"weekday", ColumnType::kInt},
                   {"hour", ColumnType::kInt},
                   {"hours", ColumnType::kCount},
                   {"events", ColumnType::kCount},
                   {"users", ColumnType::kCount}};
  if (ask.then) {
    table.columns.push_back({"due", ColumnType::kCount});
    table.columns.push_back({"followed", ColumnType::kCount});
    table.columns.push_back({"rate", ColumnType::kRatio});
  }
  table.columns.push_back({"complete", ColumnType::kBool});
  ROLLCALL_ASSIGN_OR_RETURN(const std::optional<NaiveInstants> instants,
                            resolve_instants(scope, common));
  if (!instants) return table;

  Week week;
  count_hours(data.zone, instants->begin, instants->end, week);
  const std::int64_t within = ask.within ? ask.within->us : kUsOfDay;
  const std::vector<std::size_t> all_then =
      ask.then ? scope.events(*ask.then) : std::vector<std::size_t>();
  for (const std::size_t place : scope.events(ask.event)) {
    const TimeUs time = data.events[place].time;
    if (time < instants->begin || time >= instants->end) continue;
    const NaiveZone::Reading reading = data.zone.reading_at(time);
    WeekHour& cell = week[iso_weekday(reading.day)][reading.hour];
    ++cell.events;
    cell.users.insert(data.user_of[place]);
    if (time + within >= instants->known_end) continue;
    ++cell.due;
    cell.followed += std::ranges::any_of(all_then, [&](std::size_t other) {
      const TimeUs then = data.events[other].time;
      return other != place && data.user_of[other] == data.user_of[place] && then >= time &&
             then <= time + within;
    });
  }

  for (unsigned weekday = 1; weekday <= 7; ++weekday) {
    bool complete = true;
    for (Day day = std::max(instants->from, instants->to - 6); day <= instants->to; day = day + 1) {
      if (iso_weekday(day) != weekday) continue;
      const TimeUs needed = data.zone.last_second_of(day) + (ask.then ? within : 0);
      complete = scope.now.time >= needed;
    }
    for (std::size_t hour = 0; hour < 24; ++hour) {
      const WeekHour& cell = week[weekday][hour];
      std::vector<NaiveCell> row = {Cell(std::int64_t{weekday}),
                                    Cell(static_cast<std::int64_t>(hour)), Cell(cell.hours),
                                    Cell(cell.events), Users(cell.users.begin(), cell.users.end())};
      if (ask.then) {
        row.emplace_back(Cell(cell.due));
        row.emplace_back(Cell(cell.followed));
        row.emplace_back(ratio(cell.followed, cell.due, complete));
      }
      row.emplace_back(Cell(complete));
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

}  // namespace rollcall::testing
