// These operations work on a question of any kind; the row of its kind defines them. Reading and
// writing a question as JSON are public (rollcall/query.h).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/query/kinds/kind_row.h"
#include "core/query/plan/plan.h"
#include "core/query/text/query_json.h"
#include "rollcall/json.h"
#include "rollcall/question.h"
#include "rollcall/status.h"

namespace rollcall {

std::string_view kind_of(const Query& query);

// Returns the question how many users a segment has.
Query count_of(Segment users);

// Reads the fields of `object`, which is a question of the kind `name`. The result is not set if
// there is no such kind.
std::optional<Status> parse_kind(std::string_view name, const Json& object,
                                 std::string_view time_zone, Query& query);

// Returns the fields in force except dates, in the order in which they are written.
JsonFields fields_of(const Query& query);

// Checks that a query is well-formed, whatever store it is asked of.
//   kInvalidArgument  a number out of range, or fields that exclude each other; the text names the
//                     kind and the field, what was found and what is allowed
Status validate(const Query& query);

// Describes a query in one paragraph: who is counted, when, and what the numbers of a row are.
std::string describe(const Query& query);

// Returns the context of one plan of the query, which has events of its own and can plan funnels.
PlanContext planning_context(const Query& query, const PlanContext& context);
// Makes the plan of a query.
//   kInvalidArgument  as validate; an unknown event or property, an impossible range, or a question
//                     that the aggregates cannot answer exactly; the text says what to change or
//                     declare
Result<std::unique_ptr<Plan>> make_plan(const Query& query, const PlanContext& context);

// Returns the periods of the query's rows. The result is not set if its rows go by none.
std::optional<Period> row_period(const Query& query);
// Returns the event whose values a breakdown ranks.
Selector ranked_event(const Query& query);
// Returns the kind's own ranking of the values of a breakdown (KindRow::ranking), or none if it has
// none.
Result<std::optional<Ranking>> make_ranking(const Query& query, const PlanContext& context);

}  // namespace rollcall
