// Tells what the users of a campaign did, by the oracle.
#pragma once

#include "rollcall/audience.h"
#include "rollcall/query.h"
#include "rollcall/status.h"
#include "tests/support/naive_audience.h"
#include "tests/support/naive_scope.h"
#include "tests/support/naive_table.h"

namespace rollcall {
class Engine;
}

namespace rollcall::testing {

// Returns who is in an audience, as the engine lists them.
Result<NaiveAudience> listed_audience(const Engine& engine, const AudienceInfo& audience,
                                      UserKind kind);

//   kInvalidArgument  there is no such run
Result<NaiveTable> response_table(const ResponseQuery& ask, const NaiveScope& scope);

}  // namespace rollcall::testing
