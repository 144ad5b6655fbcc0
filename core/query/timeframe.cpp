#include "core/query/timeframe.h"

#include <fmt/format.h>

#include <algorithm>

namespace rollcall {
namespace {

TimeUs whole_seconds(TimeUs time) {
  const TimeUs fraction = time % kUsPerSecond;
  return time - fraction - (fraction < 0 ? kUsPerSecond : 0);
}

// The first day of `last`, which ends on the day of `as_of`; no earlier than the calendar.
Day first_day_of(LastSpan last, Day last_day, WeekStart week_start) {
  const auto back_from = [&](Period period, std::int32_t count) {
    const Calendar calendar(period, week_start);
    return std::max(kDayMin, calendar.first_day(calendar.index_of(last_day) - (count - 1)));
  };
  switch (last.unit) {
    case 'd':
      return back_from(Period::kDay, last.count);
    case 'w':
      return back_from(Period::kWeek, last.count);
    case 'm':
      return back_from(Period::kMonth, last.count);
    case 'q':
      return back_from(Period::kQuarter, last.count);
    default:
      break;
  }
  const std::int32_t year = civil_from_day(last_day).year - (last.count - 1);
  return std::max(kDayMin, day_from_civil({.year = year, .month = 1, .day = 1}));
}

}  // namespace

Result<Timeframe> resolve_timeframe(std::string_view kind, const QueryCommon& common,
                                    const PlanContext& context) {
  Timeframe timeframe;
  std::optional<TimeUs> as_of = context.known_until;
  if (common.as_of) {
    const Day* day = std::get_if<Day>(&*common.as_of);
    as_of = day != nullptr ? context.zone.last_second_of(*day) : std::get<TimeUs>(*common.as_of);
  }
  if (!as_of) return timeframe;
  *as_of = whole_seconds(*as_of);

  timeframe.as_of = context.zone.format(*as_of);
  timeframe.last_day = context.zone.day_of(*as_of);
  const bool ended = *as_of >= context.zone.last_second_of(timeframe.last_day);
  timeframe.last_ended_day = ended ? timeframe.last_day : timeframe.last_day - 1;
  timeframe.data = {context.days.first, std::min(context.days.last, timeframe.last_day)};
  timeframe.knows_all = context.days.last <= timeframe.last_day;

  const bool goes_on = context.known_until && whole_seconds(*context.known_until) > *as_of &&
                       context.days.last >= timeframe.last_day;
  if (!ended && goes_on) {
    return Status::invalid_argument(
        fmt::format("{}: as_of: must not cut through a day with later events, which are kept by "
                    "day, found {}; the "
                    "data go on to {}: ask for the end of a day, such as \"{}\"",
                    kind, timeframe.as_of, context.zone.format(whole_seconds(*context.known_until)),
                    to_string(timeframe.last_day - 1)));
  }
  return timeframe;
}

PeriodRange resolve_range(const QueryCommon& common, const PlanContext& context,
                          const Timeframe& timeframe, const Calendar& calendar) {
  const bool store_is_empty = context.days.empty();
  std::optional<Day> from = common.from, to = common.to;
  if (!timeframe.as_of.empty()) {
    if (common.last) {
      from = first_day_of(*common.last, timeframe.last_day, context.settings.week_start);
    }
    if (!to) to = timeframe.last_day;
  }
  if (!from && !store_is_empty) from = context.days.first;

  PeriodRange range;
  if (from) range.from = calendar.first_day(calendar.index_of(*from));
  if (to) range.to = calendar.last_day(calendar.index_of(*to));
  if (store_is_empty || !from || !to) return range;
  range.first = calendar.index_of(*from);
  range.last = calendar.index_of(std::min(*to, timeframe.last_day));
  return range;
}

Status check_cell_count(std::string_view kind, std::size_t rows, std::size_t cells_per_row) {
  constexpr std::size_t kCellsMax = 50'000'000;
  if (rows == 0 || cells_per_row <= kCellsMax / rows) return {};
  return Status::invalid_argument(
      fmt::format("{}: too many cells: found {} rows of {} cells, allowed: {} cells; narrow the "
                  "range with from and to, or take longer periods",
                  kind, rows, cells_per_row, kCellsMax));
}

}  // namespace rollcall
