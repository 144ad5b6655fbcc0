// Random conditions on the properties of events.
#pragma once

#include <string>

#include "rollcall/query.h"
#include "tests/support/random.h"

namespace rollcall::testing {

// Draws a condition that compares numbers, near those that events of a stream have as values of
// properties and as amounts.
PropertyCondition random_number_condition(Random& random, const std::string& property);

}  // namespace rollcall::testing
