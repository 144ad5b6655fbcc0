// Random questions that history alone answers, about the events of a stream.
#pragma once

#include "rollcall/query.h"
#include "tests/support/event_generator.h"
#include "tests/support/random.h"

namespace rollcall::testing {

// Returns the fields of every kind but members, with whole days as ends of the range.
QueryCommon random_common(Random& random, const Stream& stream);

// Each may have any of the fields of its kind, and those of every kind but members. The stream has
// events.
Query random_clock(Random& random, const Stream& stream);
Query random_paths(Random& random, const Stream& stream);

// A question of any kind that needs history, or mostly does.
Query random_history_question(Random& random, const Stream& stream);

}  // namespace rollcall::testing
