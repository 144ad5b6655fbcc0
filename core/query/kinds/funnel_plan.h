// Makes the plans of funnels.
#pragma once

#include <span>
#include <string>

#include "core/query/kinds/kind_row.h"
#include "rollcall/question.h"

namespace rollcall {

// These do what KindRow::plan and KindRow::ranking say.
PlanResult plan_funnel(const FunnelQuery& ask, const Query& query, const PlanContext& context);
PlanResult plan_funnel_ranking(const FunnelQuery& ask, const Query& query,
                               const PlanContext& context, std::span<const std::string> values);

}  // namespace rollcall
