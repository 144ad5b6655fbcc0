// Ranks the values of a property by the users whose events have them, for breakdowns of questions
// that history answers. Unlike aggregates, history knows all properties of an event together.
#pragma once

#include <optional>

#include "core/query/kinds/kind_row.h"
#include "rollcall/question.h"
#include "rollcall/status.h"

namespace rollcall {

// Is a range of instants [begin, end), which may be empty.
struct InstantRange {
  TimeUs begin = 0;
  TimeUs end = 0;
};

// Counts the users of ranked_event(query), by value of the property that the query is broken down
// by, which the store has: in `range`, as far as it is known, or, if that is unset, in the query's
// own range.
//   kInvalidArgument  as resolve_event_selector and resolve_event_range
Result<Ranking> make_history_ranking(const Query& query, const PlanContext& context,
                                     std::optional<InstantRange> range = {});

// Is that of a kind whose breakdowns are always ranked so.
template <class Ask>
Result<Ranking> rank_by_history(const Ask&, const Query& query, const PlanContext& context) {
  return make_history_ranking(query, context);
}

}  // namespace rollcall
