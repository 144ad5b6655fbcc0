// Random questions about what users are worth, of the events of a stream.
#pragma once

#include "rollcall/query.h"
#include "tests/support/event_generator.h"
#include "tests/support/random.h"

namespace rollcall::testing {

// Each may have any of the fields of its kind, and those of every kind but members. The stream has
// events.
Query random_rfm(Random& random, const Stream& stream);
Query random_rfm_users(Random& random, const Stream& stream);

}  // namespace rollcall::testing
