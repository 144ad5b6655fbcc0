#include "core/query/resolve/timeframe.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <variant>

#include "core/query/text/date_text.h"

namespace rollcall {
namespace {

TimeUs whole_seconds(TimeUs time) {
  const TimeUs fraction = time % kUsPerSecond;
  return time - fraction - (fraction < 0 ? kUsPerSecond : 0);
}

// Returns the instant that `as_of` means; a date in words counts from the day of `known_until`.
std::optional<TimeUs> instant_of(const AsOf& as_of, const PlanContext& context) {
  if (const auto* time = std::get_if<TimeUs>(&as_of)) return *time;
  if (const auto* day = std::get_if<Day>(&as_of)) return context.zone.last_second_of(*day);
  if (!context.known_until) return {};
  const DayRange days =
      days_of(std::get<RelativeDate>(as_of), context.zone.day_of(*context.known_until),
              context.settings.week_start);
  return context.zone.last_second_of(days.last);
}

}  // namespace

Result<Timeframe> resolve_timeframe(std::string_view kind, const QueryCommon& common,
                                    const PlanContext& context) {
  Timeframe timeframe;
  std::optional<TimeUs> as_of =
      common.as_of ? instant_of(*common.as_of, context) : context.known_until;
  if (!as_of) return timeframe;
  *as_of = whole_seconds(*as_of);

  timeframe.as_of = context.zone.format(*as_of);
  timeframe.as_of_time = *as_of;
  timeframe.last_day = context.zone.day_of(*as_of);
  const bool ended = *as_of >= context.zone.last_second_of(timeframe.last_day);
  timeframe.last_ended_day = ended ? timeframe.last_day : timeframe.last_day - 1;
  timeframe.data = {context.days.first, std::min(context.days.last, timeframe.last_day)};
  timeframe.knows_all = context.days.last <= timeframe.last_day;

  if (!context.settings.history && cuts_day(common, context)) {
    return Status::invalid_argument(fmt::format(
        "{}: as_of: must not cut through a day of which more may be known, as events are "
        "kept by day, found {}; the data go on to {}: ask for the end of a day, such as \"{}\"",
        kind, timeframe.as_of, context.zone.format(whole_seconds(*context.known_until)),
        to_string(timeframe.last_day - 1)));
  }
  return timeframe;
}

Timeframe timeframe_until(const Timeframe& asked, Day day, const PlanContext& context) {
  if (!asked.has_ended(day)) return asked;
  Timeframe timeframe;
  timeframe.as_of_time = context.zone.last_second_of(day);
  timeframe.as_of = context.zone.format(timeframe.as_of_time);
  timeframe.last_day = timeframe.last_ended_day = day;
  timeframe.data = {asked.data.first, std::min(asked.data.last, day)};
  timeframe.knows_all = context.days.last <= day;
  return timeframe;
}

bool cuts_day(const QueryCommon& common, const PlanContext& context) {
  if (!common.as_of || !context.known_until) return false;
  const std::optional<TimeUs> as_of = instant_of(*common.as_of, context);
  if (!as_of) return false;
  const TimeUs time = whole_seconds(*as_of);
  const Day day = context.zone.day_of(time);
  return time < context.zone.last_second_of(day) && whole_seconds(*context.known_until) > time &&
         context.days.last >= day;
}

PlanContext with_events(const Query& query, const PlanContext& context) {
  PlanContext own = context;
  constexpr const char* kReason = "as_of cuts a day, and aggregates go by whole days";
  own.events = context.settings.history && cuts_day(query.common, context)
                   ? std::make_shared<EventSeries>(kReason)
                   : std::make_shared<EventSeries>();
  return own;
}

Result<DateEnds> resolve_dates(std::string_view field, const DateRangeText& dates,
                               const PlanContext& context, const Timeframe& timeframe,
                               std::optional<Day> open_from) {
  DateEnds ends;
  const WeekStart week_start = context.settings.week_start;
  const bool has_today = !timeframe.as_of.empty();
  const auto days_of_end = [&](const std::optional<DateText>& date) -> std::optional<DayRange> {
    if (!date || (!has_today && !std::holds_alternative<Day>(*date))) return {};
    return days_of(*date, timeframe.last_day, week_start);
  };
  if (const auto days = days_of_end(dates.from)) ends.from = days->first;
  if (const auto days = days_of_end(dates.to)) ends.to = days->last;
  if (ends.from && ends.to && *ends.to < *ends.from) {
    return Status::invalid_argument(
        fmt::format("{}: from: must not be later than to, found {} and {}", field,
                    to_string(*ends.from), to_string(*ends.to)));
  }
  if (dates.last && has_today) {
    ends.from = days_of(*dates.last, timeframe.last_day, week_start).first;
  }
  if (!ends.to && has_today) ends.to = timeframe.last_day;
  if (ends.from || context.days.empty()) return ends;
  ends.from = std::max(context.days.first, open_from.value_or(context.days.first));
  if (ends.to && *ends.to < *ends.from && *ends.to >= context.days.first) {
    return Status::invalid_argument(
        fmt::format("{}: the range ends on {}, and the history begins with {} (allowed: a later "
                    "end)",
                    field, to_string(*ends.to), to_string(*context.history_limit.from)));
  }
  return ends;
}

Result<RangeEnds> resolve_ends(std::string_view kind, const QueryCommon& common,
                               const PlanContext& context, const Timeframe& timeframe,
                               std::optional<Day> open_from) {
  // The days of the ends come first, and then their times of day.
  const auto date_of = [](const std::optional<RangeEnd>& end) -> std::optional<DateText> {
    if (!end) return {};
    if (const auto* time = std::get_if<LocalTime>(&*end)) return time->day;
    if (const auto* day = std::get_if<Day>(&*end)) return *day;
    return std::get<RelativeDate>(*end);
  };
  ROLLCALL_ASSIGN_OR_RETURN(
      const DateEnds days,
      resolve_dates(kind, {date_of(common.from), date_of(common.to), common.last}, context,
                    timeframe, open_from));
  const auto end_of = [&](const std::optional<Day>& day, const std::optional<RangeEnd>& end,
                          TimeUs time_of_day) -> std::optional<RangeEnds::End> {
    if (!day) return {};
    const auto* const time = end ? std::get_if<LocalTime>(&*end) : nullptr;
    if (time == nullptr) return RangeEnds::End{*day, time_of_day, to_string(*day)};
    const TimeUs instant = context.zone.first_at(*time);
    return RangeEnds::End{context.zone.day_of(instant), instant,
                          to_string(context.zone.zoned(instant))};
  };
  RangeEnds ends;
  ends.from = end_of(days.from, common.from, days.from ? context.zone.start_of(*days.from) : 0);
  ends.to = end_of(days.to, common.to, days.to ? context.zone.start_of(*days.to + 1) - 1 : 0);
  return ends;
}

Result<PeriodRange> resolve_range(std::string_view kind, const QueryCommon& common,
                                  const PlanContext& context, const Timeframe& timeframe,
                                  const Calendar& calendar) {
  ROLLCALL_ASSIGN_OR_RETURN(RangeEnds ends,
                            resolve_ends(kind, common, context, timeframe, context.open_from));
  const bool is_open = !common.from && !common.last;
  if (is_open && context.open_from && ends.from) {
    // The first period begins no earlier than history does.
    const std::int32_t first = calendar.index_of(ends.from->day);
    if (calendar.first_day(first) < ends.from->day) {
      ends.from->day = calendar.first_day(first + 1);
    }
  }
  PeriodRange range;
  if (ends.from) range.from = to_string(calendar.first_day(calendar.index_of(ends.from->day)));
  if (ends.to) {
    const Day last = calendar.last_day(calendar.index_of(ends.to->day));
    range.to = to_string(last);
    range.has_ended = timeframe.has_ended(last);
  }
  if (context.days.empty() || !ends.from || !ends.to) return range;
  range.first = calendar.index_of(ends.from->day);
  range.last = calendar.index_of(std::min(ends.to->day, timeframe.last_day));
  return range;
}

Result<ClockFrame> resolve_clock(std::string_view kind, const QueryCommon& common,
                                 const PlanContext& context, const Timeframe& civil, Period period,
                                 ClockReach reach) {
  const TimeZone& zone = context.zone;
  ROLLCALL_ASSIGN_OR_RETURN(const RangeEnds ends,
                            resolve_ends(kind, common, context, civil, context.open_from));
  ClockFrame frame = {
      .axis = TimeAxis(zone, ClockPeriods(zone, period, 0, 0), 0), .timeframe = civil, .range = {}};
  if (context.days.empty() || !ends.from || !ends.to) {
    if (ends.from) frame.range.from = ends.from->text;
    if (ends.to) frame.range.to = ends.to->text;
    return frame;
  }
  const TimeUs origin = std::min(ends.from->time, zone.start_of(context.days.first));
  const ClockPeriods periods(zone, period, origin, std::max(ends.to->time, civil.as_of_time));
  const std::int64_t first = periods.index_of(ends.from->time);
  const std::int64_t last = periods.index_of(std::min(ends.to->time, civil.as_of_time));
  if (first <= last) {
    ROLLCALL_RETURN_IF_ERROR(check_cell_count(kind, static_cast<std::size_t>(last - first) + 1, 1));
  }
  // Nothing comes before the first period that was numbered.
  const std::int64_t first_needed = std::max<std::int64_t>(first - reach.periods_before, 0);
  frame.axis = TimeAxis(zone, periods, first_needed);

  Timeframe& timeframe = frame.timeframe;
  timeframe.last_day = frame.axis.day_of(civil.as_of_time);
  const bool has_ended = civil.as_of_time >= frame.axis.last_second_of(timeframe.last_day);
  timeframe.last_ended_day = has_ended ? timeframe.last_day : timeframe.last_day - 1;

  PeriodRange& range = frame.range;
  range.first = static_cast<std::int32_t>(first - first_needed);
  range.last = first <= last ? static_cast<std::int32_t>(last - first_needed) : range.first - 1;
  const TimeUs end = periods.start_of(periods.index_of(ends.to->time) + 1);
  range.from = to_string(zone.zoned(periods.start_of(first)));
  range.to = to_string(zone.zoned(end - kUsPerSecond));
  range.has_ended = civil.as_of_time >= end - kUsPerSecond;

  timeframe.data = {Day{reach.all_before ? -1 : 0}, Day{range.last}};
  frame.begin = reach.all_before ? std::numeric_limits<TimeUs>::min() : frame.axis.start_of({0});
  return frame;
}

Status check_cell_count(std::string_view kind, std::size_t rows, std::size_t cells_per_row) {
  constexpr std::size_t kCellsMax = 5'000'000;
  if (rows == 0 || cells_per_row <= kCellsMax / rows) return {};
  return Status::invalid_argument(
      fmt::format("{}: too many cells: found {} rows of {} cells, allowed: {} cells; narrow the "
                  "range with from and to, or take longer periods",
                  kind, rows, cells_per_row, kCellsMax));
}

}  // namespace rollcall
