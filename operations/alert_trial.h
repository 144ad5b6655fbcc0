// Tries out the definition of an alert before it is switched on.
#pragma once

#include "rollcall/alert.h"
#include "rollcall/engine.h"
#include "rollcall/question.h"
#include "rollcall/status.h"

namespace rollcall {

// Asks the question once. One that cannot be answered now, or has no row to look at, is most likely
// a slip, and refused.
Status try_definition(const Engine& engine, const AlertDefinition& definition,
                      const QueryLimits& limits);

}  // namespace rollcall
