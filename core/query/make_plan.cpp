#include <array>

#include "core/query/plans.h"
#include "core/query/query_validation.h"

namespace rollcall {

void ReadSet::add(const ReadSet& other) {
  const auto append = [](auto& to, const auto& from) {
    to.insert(to.end(), from.begin(), from.end());
  };
  append(presence, other.presence);
  append(unions, other.unions);
  append(bounds, other.bounds);
  append(amounts, other.amounts);
  append(totals, other.totals);
  append(lists, other.lists);
}

PlanCounts PlanCounts::of_nobody(const Plan& plan) {
  PlanCounts counts;
  counts.cells.resize(plan.cell_count());
  if (plan.has_amounts()) counts.amounts.resize(plan.cell_count());
  for (const TotalsRead& read : plan.reads().totals) {
    counts.totals.emplace_back(static_cast<std::size_t>(read.days.size()) *
                               (read.by_hour ? kDayHoursMax : 1));
  }
  return counts;
}

Result<std::unique_ptr<Plan>> make_plan(const Query& query, const PlanContext& context) {
  ROLLCALL_RETURN_IF_ERROR(validate(query));
  constexpr std::array kMakers = {&make_active_plan,     &make_retention_plan, &make_churn_plan,
                                  &make_idle_plan,       &make_counts_plan,    &make_lifecycle_plan,
                                  &make_stickiness_plan, &make_segment_plan};  // as in Query::ask
  static_assert(kMakers.size() == std::variant_size_v<decltype(Query::ask)>);
  return kMakers[query.ask.index()](query, context);
}

}  // namespace rollcall
