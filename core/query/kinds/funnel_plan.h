// Makes the plans of funnels.
#pragma once

#include "core/query/kinds/kind_row.h"
#include "rollcall/question.h"

namespace rollcall {

// These do what KindRow::plan and KindRow::ranking say.
PlanResult plan_funnel(const FunnelQuery& ask, const Query& query, const PlanContext& context);
Result<Ranking> rank_funnel(const FunnelQuery& ask, const Query& query, const PlanContext& context);

}  // namespace rollcall
