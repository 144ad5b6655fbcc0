#include <array>

#include "core/query/plan/plans.h"
#include "core/query/text/query_validation.h"

namespace rollcall {

Result<std::unique_ptr<Plan>> make_plan(const Query& query, const PlanContext& context) {
  ROLLCALL_RETURN_IF_ERROR(validate(query));
  constexpr std::array kMakers = {&make_active_plan,     &make_retention_plan, &make_churn_plan,
                                  &make_idle_plan,       &make_counts_plan,    &make_lifecycle_plan,
                                  &make_stickiness_plan, &make_segment_plan};  // as in Query::ask
  static_assert(kMakers.size() == std::variant_size_v<decltype(Query::ask)>);
  return kMakers[query.ask.index()](query, context);
}

}  // namespace rollcall
