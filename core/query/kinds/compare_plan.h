// The plan of the kind that compares variants of an experiment.
#pragma once

#include "core/query/kinds/kind_row.h"
#include "rollcall/question.h"

namespace rollcall {

PlanResult plan_compare(const CompareQuery& ask, const Query& query, const PlanContext& context);

}  // namespace rollcall
