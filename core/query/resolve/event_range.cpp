#include "core/query/resolve/event_range.h"

#include <fmt/format.h>

#include <algorithm>

namespace rollcall {

Result<EventRange> resolve_event_range(std::string_view kind, const QueryCommon& common,
                                       const PlanContext& context, const Timeframe& timeframe) {
  ROLLCALL_ASSIGN_OR_RETURN(
      const DateEnds ends,
      resolve_dates(kind, {common.from, common.to, common.last}, context, timeframe));
  EventRange range{.from = ends.from, .to = ends.to};
  if (timeframe.data.empty() || !ends.from || !ends.to || timeframe.last_day < *ends.from) {
    return range;
  }
  range.begin = context.zone.start_of(*ends.from);
  range.seen_end = timeframe.as_of_time + kUsPerSecond;
  range.end = std::min(context.zone.start_of(*ends.to + 1), range.seen_end);
  return range;
}

Status check_history(std::string_view kind, const StoreSettings& settings) {
  if (settings.history) return {};
  return Status::invalid_argument(
      fmt::format("{}: needs history, which the store does not keep (allowed: a new store, which "
                  "keeps it unless it is told not to, with the same sources read again)",
                  kind));
}

}  // namespace rollcall
