#include "core/query/resolve/plan_context.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "rollcall/dates.h"

namespace rollcall {

Status check_history(std::string_view field, const PlanContext& context) {
  if (context.settings.history) return {};
  return Status::invalid_argument(
      fmt::format("{}: needs history, which the store does not keep (allowed: a new store, which "
                  "keeps it unless it is told not to, with the same sources read again)",
                  field));
}

Status check_reach(std::string_view field, Day needed, const PlanContext& context) {
  if (std::max(needed, context.days.first) >= context.first_day_of_history()) return {};
  return Status::invalid_argument(fmt::format(
      "{}: needs the events from {} on, and history begins with {}, as the store lets go of {} "
      "(allowed: what needs no earlier events)",
      field, to_string(std::max(needed, context.days.first)),
      to_string(*context.history_limit.from),
      context.history_limit.days == 0
          ? std::string("older ones no longer, but did")
          : fmt::format("what is older than {} days", context.history_limit.days)));
}

}  // namespace rollcall
