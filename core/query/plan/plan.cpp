#include "core/query/plan/plan.h"

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

}  // namespace rollcall
