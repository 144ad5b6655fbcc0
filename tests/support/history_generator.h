// Random questions that history alone answers, about the events of a stream.
#pragma once

#include "rollcall/query.h"
#include "tests/support/event_generator.h"
#include "tests/support/random.h"

namespace rollcall::testing {

// The fields of every kind but members, with a range of days. The stream has events, here and below.
QueryCommon random_common(Random& random, const Stream& stream);

// Each may have any of the fields of its kind, and those of every kind but members.
Query random_clock(Random& random, const Stream& stream);
Query random_paths(Random& random, const Stream& stream);

// A question of any kind that needs history.
Query random_history_question(Random& random, const Stream& stream);

}  // namespace rollcall::testing
