// Resolves which events of history a question looks at.
#pragma once

#include <optional>
#include <string_view>

#include "core/query/resolve/plan_context.h"
#include "core/query/resolve/timeframe.h"
#include "rollcall/question.h"
#include "rollcall/status.h"

namespace rollcall {

// Is a range of dates as instants. It is not widened to periods.
struct EventRange {
  std::optional<Day> from;  // unset if neither the query nor the store tells
  std::optional<Day> to;
  TimeUs begin = 0;
  TimeUs end = 0;  // the first instant after the range, or after what is known if that is first
  TimeUs seen_end = 0;  // the first instant after what is known

  // Returns whether the store has no events, or as_of lies before the range.
  bool empty() const { return end <= begin; }
};

//   kInvalidArgument  `from` lies after `to`
Result<EventRange> resolve_event_range(std::string_view kind, const QueryCommon& common,
                                       const PlanContext& context, const Timeframe& timeframe);

}  // namespace rollcall
