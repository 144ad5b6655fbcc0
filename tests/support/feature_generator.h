// Random questions about features, and about what goes with staying.
#pragma once

#include "rollcall/query.h"
#include "tests/support/event_generator.h"
#include "tests/support/random.h"

namespace rollcall::testing {

// Each may have any of the fields of its kind, and those of every kind but members. The stream has
// events.
Query random_adoption(Random& random, const Stream& stream);
Query random_aha(Random& random, const Stream& stream);

}  // namespace rollcall::testing
