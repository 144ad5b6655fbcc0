#include "core/query/resolve/event_range.h"

#include <algorithm>

namespace rollcall {

Result<EventRange> resolve_event_range(std::string_view kind, const QueryCommon& common,
                                       const PlanContext& context, const Timeframe& timeframe) {
  ROLLCALL_ASSIGN_OR_RETURN(const RangeEnds ends, resolve_ends(kind, common, context, timeframe,
                                                               context.first_day_of_history()));
  EventRange range;
  if (ends.from) range.from = ends.from->day;
  if (ends.to) range.to = ends.to->day;
  if (timeframe.data.empty() || !ends.from || !ends.to || timeframe.last_day < ends.from->day) {
    return range;
  }
  range.begin = ends.from->time;
  range.seen_end = timeframe.as_of_time + kUsPerSecond;
  range.end = std::min(ends.to->time + 1, range.seen_end);
  return range;
}

}  // namespace rollcall
