// Random questions about one user of a stream.
#pragma once

#include "rollcall/query.h"
#include "tests/support/event_generator.h"
#include "tests/support/random.h"

namespace rollcall::testing {

// The stream has events. Few users are unknown.
Query random_profile(Random& random, const Stream& stream);

}  // namespace rollcall::testing
