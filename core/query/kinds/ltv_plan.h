// The plan of the kind that asks what users are worth.
#pragma once

#include "core/query/kinds/kind_row.h"

namespace rollcall {

PlanResult plan_ltv(const LtvQuery& ask, const Query& query, const PlanContext& context);

}  // namespace rollcall
