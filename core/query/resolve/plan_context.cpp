#include "core/query/resolve/plan_context.h"

#include <fmt/format.h>

namespace rollcall {

Status check_history(std::string_view field, const PlanContext& context) {
  if (context.settings.history) return {};
  return Status::invalid_argument(
      fmt::format("{}: needs history, which the store does not keep (allowed: a new store, which "
                  "keeps it unless it is told not to, with the same sources read again)",
                  field));
}

}  // namespace rollcall
