// Draws amounts, and questions about what users are worth.
#pragma once

#include <functional>

#include "rollcall/query.h"
#include "rollcall/types.h"
#include "tests/support/random.h"

namespace rollcall::testing {

// Draws an amount of a store with six decimals. If it may be extreme, it is the smallest or the
// largest that there is now and then.
Amount random_amount(Random& random, bool extreme);

// `selector` draws the events. Costs by the value of a breakdown come mostly where there is one.
LtvQuery random_ltv(Random& random, const std::function<Selector()>& selector, bool has_breakdown);

}  // namespace rollcall::testing
