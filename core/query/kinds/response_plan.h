// The plan of the kind that asks what the users of a campaign did.
#pragma once

#include "core/query/kinds/kind_row.h"
#include "rollcall/question.h"

namespace rollcall {

PlanResult plan_response(const ResponseQuery& ask, const Query& query, const PlanContext& context);

}  // namespace rollcall
