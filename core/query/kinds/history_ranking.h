// Ranks the values of a property by the users whose events have them, for breakdowns of questions
// that history answers. Unlike aggregates, history knows all properties of an event together.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/query/plan/plan.h"
#include "rollcall/question.h"
#include "rollcall/status.h"

namespace rollcall {

struct HistoryRanking {
  std::vector<std::string> values;  // ascending
  std::unique_ptr<Plan> plan;       // a cell for each of them
};

// Counts the users of ranked_event(query), by value of the property that the query is broken down
// by, which is declared: on `days` or, if these are unset, in the query's own range.
//   kInvalidArgument  as resolve_event_selector and resolve_event_range
Result<HistoryRanking> make_history_ranking(const Query& query, const PlanContext& context,
                                            std::optional<DayRange> days);

}  // namespace rollcall
