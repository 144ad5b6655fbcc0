// These are random questions about a stream of events.
#pragma once

#include "rollcall/query.h"
#include "tests/support/event_generator.h"
#include "tests/support/random.h"

namespace rollcall::testing {

// Draws an expression of at most `depth` levels. Few have ranges that end before they begin.
Segment random_segment(Random& random, const Stream& stream, int depth);

// A question of any kind, with any of its fields but `members`; few are refused. It is mostly about
// one property, since the aggregates cannot answer conditions on two of one event.
Query random_query(Random& random, const Stream& stream);

// Returns whether a range ends before it begins, as it is written.
bool is_upside_down(const QueryCommon& common);

}  // namespace rollcall::testing
