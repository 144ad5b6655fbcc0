// Tries out the definition of an alert, and switches the alert on.
#pragma once

#include <string>

#include "rollcall/alert.h"
#include "rollcall/engine.h"
#include "rollcall/question.h"
#include "rollcall/status.h"

namespace rollcall {

// Asks the question once. One that cannot be answered now, or has no row to look at, is most likely
// a slip, and refused.
Status try_definition(const Engine& engine, const AlertDefinition& definition,
                      const QueryLimits& limits);
// Switches an alert on whose definition has been tried.
//   kNotFound  the store has none of that name
Status switch_on(const Engine& engine, const std::string& directory, const std::string& name);

}  // namespace rollcall
