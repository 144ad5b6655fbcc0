// The plan of the kind that compares variants of an experiment.
#pragma once

#include "core/query/kinds/kind_row.h"
#include "rollcall/question.h"

namespace rollcall {

// Returns the variants that the question names, in the order of rows, or none if it names none.
std::vector<std::string> named_variants(const CompareQuery& ask);

PlanResult plan_compare(const CompareQuery& ask, const Query& query, const PlanContext& context);

}  // namespace rollcall
