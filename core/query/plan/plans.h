// One function per kind of query, each in a file of its own; make_plan chooses among them.
#pragma once

#include <memory>

#include "core/query/plan/plan.h"

namespace rollcall {

// Each takes the query whose `ask` is of its kind, already validated.
using PlanResult = Result<std::unique_ptr<Plan>>;
PlanResult make_active_plan(const Query& query, const PlanContext& context);
PlanResult make_retention_plan(const Query& query, const PlanContext& context);
PlanResult make_churn_plan(const Query& query, const PlanContext& context);
PlanResult make_idle_plan(const Query& query, const PlanContext& context);
PlanResult make_counts_plan(const Query& query, const PlanContext& context);
PlanResult make_lifecycle_plan(const Query& query, const PlanContext& context);
PlanResult make_stickiness_plan(const Query& query, const PlanContext& context);
PlanResult make_segment_plan(const Query& query, const PlanContext& context);

}  // namespace rollcall
