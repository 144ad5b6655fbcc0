// This header resolves which days a query looks at, and which of them have ended.
//
// These are the rules:
// - `as_of` has a resolution of one second; a finer one is cut off. Unset, it is the latest event
//   time of the store. Given as a date, it is the last second of that date.
// - A day has ended when `as_of` has reached its last second. Days after the one that holds `as_of`
//   are not looked at, whatever the store knows about them.
// - An `as_of` cuts a day if the day has not ended by then, and the data go on after it. Pages hold
//   the users of whole days, so such a question is answered from the history, and without one it is
//   refused.
// - `from` is by default the first day of the store, `to` the day of `as_of`. Both are widened to
//   whole periods. `last` counts back from the day of `as_of`, which is its end. If the question
//   reads a history that begins later, a range left open begins with its first whole period.
// - Rows by hours and minutes are those of the history (resolve_clock), and end when `as_of` has
//   reached their last second.
// - A range that is empty without being upside down, and any range in an empty store, has no rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/query/resolve/plan_context.h"
#include "core/query/resolve/time_axis.h"
#include "core/time/calendar.h"
#include "rollcall/dates.h"
#include "rollcall/question.h"
#include "rollcall/status.h"

namespace rollcall {

// Its days are those of an axis (time_axis.h): civil days, unless resolve_clock made it.
struct Timeframe {
  // Is the text in a query's result, which is empty in an empty store, unless the query has it.
  std::string as_of;
  TimeUs as_of_time = 0;        // whole seconds
  Day last_day{kDayMin};        // holds `as_of`
  Day last_ended_day{kDayMin};  // the last day that has ended
  DayRange data;                // the store's days, up to last_day; may be empty
  bool knows_all = false;       // no data of the store lie after last_day

  bool has_ended(Day day) const { return day <= last_ended_day; }
};

// Returns whether the query's `as_of` cuts a day.
bool cuts_day(const QueryCommon& common, const PlanContext& context);
// Returns the context of one plan of the query, which has series of events of its own.
PlanContext with_events(const Query& query, const PlanContext& context);

//   kInvalidArgument  `as_of` cuts a day, and the store keeps no history
Result<Timeframe> resolve_timeframe(std::string_view kind, const QueryCommon& common,
                                    const PlanContext& context);

// Returns the timeframe of the same question asked at the end of `day`, or `asked` itself if the day
// has not ended by then. Events after that end are not seen.
Timeframe timeframe_until(const Timeframe& asked, Day day, const PlanContext& context);

// Returns a range as given, with its words turned into dates. Missing ends are filled in if the
// store or `as_of` tells them: `open_from` or else the first day with events, and the day of
// `as_of`.
struct DateEnds {
  std::optional<Day> from;
  std::optional<Day> to;
};

//   kInvalidArgument  `from` lies after `to`, or `open_from` does; the text names `field`
Result<DateEnds> resolve_dates(std::string_view field, const DateRangeText& dates,
                               const PlanContext& context, const Timeframe& timeframe,
                               std::optional<Day> open_from = {});

// Returns the range of a query as given, as instants.
struct RangeEnds {
  struct End {
    Day day;           // that holds the instant
    TimeUs time = 0;   // the first of the range, or the last
    std::string text;  // the date, or the time with its offset
  };
  std::optional<End> from;
  std::optional<End> to;
};

//   kInvalidArgument  `from` lies after `to`; the text names `kind`
Result<RangeEnds> resolve_ends(std::string_view kind, const QueryCommon& common,
                               const PlanContext& context, const Timeframe& timeframe,
                               std::optional<Day> open_from = {});

// Holds the periods of a query's range, numbered as by `Calendar`.
struct PeriodRange {
  // Is the range, widened to whole periods, as an answer's definition has it. It is empty if
  // neither the query nor the store tells.
  std::string from;
  std::string to;
  bool has_ended = false;  // all of it, periods yet to come included
  // Holds the periods that have rows: those of the range that do not begin after `as_of`.
  std::int32_t first = 0;
  std::int32_t last = -1;

  std::size_t size() const { return last < first ? 0 : static_cast<std::size_t>(last - first) + 1; }
};

Result<PeriodRange> resolve_range(std::string_view kind, const QueryCommon& common,
                                  const PlanContext& context, const Timeframe& timeframe,
                                  const Calendar& calendar);

// Holds what a question by hours or minutes goes by.
struct ClockFrame {
  TimeAxis axis;
  Timeframe timeframe;  // by days of the axis
  PeriodRange range;    // by these, too
  TimeUs begin = 0;     // the first instant that the sets of the first day of `data` hold
};

// Says what the rows of such a question need besides their own periods.
struct ClockReach {
  std::int32_t periods_before = 0;  // so many before the first row
  bool all_before = false;  // whatever came before these, too: the first day of the data has it
};

// Lays out the hours or minutes of a question's range as the days of an axis. `civil` is the
// question's timeframe.
//   kInvalidArgument  as resolve_ends; or there are too many rows
Result<ClockFrame> resolve_clock(std::string_view kind, const QueryCommon& common,
                                 const PlanContext& context, const Timeframe& civil, Period period,
                                 ClockReach reach);

// Guards against questions with an absurd number of cells.
//   kInvalidArgument  more than 5 million cells: about a gigabyte
Status check_cell_count(std::string_view kind, std::size_t rows, std::size_t cells_per_row);

}  // namespace rollcall
