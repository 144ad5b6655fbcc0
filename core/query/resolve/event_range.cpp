#include "core/query/resolve/event_range.h"

#include <algorithm>

namespace rollcall {

Result<EventRange> resolve_event_range(std::string_view kind, const QueryCommon& common,
                                       const PlanContext& context, const Timeframe& timeframe) {
  ROLLCALL_ASSIGN_OR_RETURN(const DateEnds ends,
                            resolve_dates(kind, {common.from, common.to, common.last}, context,
                                          timeframe, context.first_day_of_history()));
  EventRange range{.from = ends.from, .to = ends.to};
  if (timeframe.data.empty() || !ends.from || !ends.to || timeframe.last_day < *ends.from) {
    return range;
  }
  range.begin = context.zone.start_of(*ends.from);
  range.seen_end = timeframe.as_of_time + kUsPerSecond;
  range.end = std::min(context.zone.start_of(*ends.to + 1), range.seen_end);
  return range;
}

}  // namespace rollcall
