// These are random funnels about the events of a stream.
#pragma once

#include "rollcall/query.h"
#include "tests/support/event_generator.h"
#include "tests/support/random.h"

namespace rollcall::testing {

// Returns an event of the stream, or some of them, with conditions on any of its properties.
Selector random_event(Random& random, const Stream& stream);

// Returns a funnel with any of its fields, and those of every kind but members. The stream has
// events.
Query random_funnel(Random& random, const Stream& stream);

}  // namespace rollcall::testing
