#include <array>

#include "core/query/plan/plans.h"
#include "core/query/text/query_validation.h"

namespace rollcall {

PlanCounts PlanCounts::cells_of_nobody(const Plan& plan, QuestionAccount* account) {
  PlanCounts counts;
  counts.memory = QuestionMemory(account);
  const std::size_t cell_bytes =
      sizeof(std::uint64_t) + (plan.has_amounts() ? sizeof(AmountSum) : 0);
  counts.memory.take(plan.cell_count() * cell_bytes, QuestionNeed::kCells);
  counts.cells.resize(plan.cell_count());
  if (plan.has_amounts()) counts.amounts.resize(plan.cell_count());
  return counts;
}

PlanCounts PlanCounts::of_nobody(const Plan& plan, QuestionAccount* account) {
  PlanCounts counts = cells_of_nobody(plan, account);
  for (const TotalsRead& read : plan.reads().totals) {
    const std::size_t count =
        static_cast<std::size_t>(read.days.size()) * (read.by_hour ? kDayHoursMax : 1);
    counts.memory.take(count * sizeof(EventTotal), QuestionNeed::kTotals);
    counts.totals.emplace_back(count);
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
