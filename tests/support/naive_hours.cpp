#include "tests/support/naive_hours.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace rollcall::testing {

namespace {

constexpr TimeUs kUsOfHour = 3600 * kUsOfSecond;

// The number of the last period that begins at `time` or before it.
Day number_of(const std::vector<TimeUs>& starts, TimeUs time) {
  return Day{static_cast<std::int32_t>(std::upper_bound(starts.begin(), starts.end(), time) -
                                       starts.begin()) -
             1};
}

// Totals of hours are counted in elapsed time from the beginning of the day.
Status check_hours_of_totals(const NaiveData& data, const NaiveRange& range) {
  for (const Day number : range.periods) {
    const TimeUs start = data.start_of(number), end = data.start_of(number + 1);
    const Day day = data.zone.day_of(start);
    const TimeUs day_start = data.zone.start_of(day), day_end = data.zone.start_of(day + 1);
    // The hour of the day that holds the period's first instant.
    const TimeUs hour_start = day_start + (start - day_start) / kUsOfHour * kUsOfHour;
    const TimeUs hour_end = std::min(hour_start + kUsOfHour, day_end);
    if (start != hour_start || end != hour_end) {
      return Status::invalid_argument("hours that are none of the totals");
    }
  }
  return {};
}

}  // namespace

bool is_by_hours(Period period) { return period == Period::kHour || period == Period::kMinute; }

Result<NaiveHours> in_hours(const NaiveData& data, const NaiveNow& now, const QueryCommon& common,
                            Period period) {
  NaiveHours hours{.data = data, .now = now, .range = {}};
  ROLLCALL_ASSIGN_OR_RETURN(const NaiveEnds ends, resolve_ends(data, now, common));
  if (data.events.empty()) return hours;
  const TimeUs length = period == Period::kHour ? kUsOfHour : 60 * kUsOfSecond;
  const TimeUs from = *ends.begin, to = *ends.last;

  TimeUs first = from, last = now.time;
  for (const NaiveEvent& event : data.events) {
    first = std::min(first, event.time);
    last = std::max(last, event.time);
  }
  std::vector<TimeUs>& starts = hours.data.period_starts;
  starts.push_back(data.zone.period_start(first, length));
  while (starts.back() <= last) starts.push_back(data.zone.next_period(starts.back(), length));
  starts.push_back(data.zone.next_period(starts.back(), length));
  for (std::size_t i = 0; i < data.events.size(); ++i) {
    hours.data.days[i] = number_of(starts, data.events[i].time);
  }
  hours.now.day = number_of(starts, now.time);
  const bool ended =
      now.time >= starts[static_cast<std::size_t>(hours.now.day.value) + 1] - kUsOfSecond;
  hours.now.last_ended = ended ? hours.now.day : hours.now.day - 1;

  for (Day number = number_of(starts, from);
       number <= hours.now.day && hours.data.start_of(number) <= to; number = number + 1) {
    hours.range.periods.push_back(number);
  }
  const TimeUs end = data.zone.next_period(data.zone.period_start(to, length), length);
  hours.range.ended = now.time >= end - kUsOfSecond;
  if (!data.settings.history) {
    ROLLCALL_RETURN_IF_ERROR(check_hours_of_totals(hours.data, hours.range));
  }
  return hours;
}

void name_hours(const NaiveData& data, NaiveTable& table) {
  for (Column& column : table.columns) {
    if (column.type == ColumnType::kDate) column.type = ColumnType::kTime;
  }
  for (auto& row : table.rows) {
    for (NaiveCell& cell : row) {
      Cell* const key = std::get_if<Cell>(&cell);
      const Day* const number = key == nullptr ? nullptr : std::get_if<Day>(key);
      if (number != nullptr) cell = Cell(data.zone.zoned(data.start_of(*number)));
    }
  }
}

}  // namespace rollcall::testing
