// Tells what the users of a campaign did, by the oracle. Who is in an audience goes by hashes of
// the engine's own, so that the oracle is told.
#pragma once

#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "rollcall/audience.h"
#include "rollcall/query.h"
#include "rollcall/status.h"
#include "tests/support/naive_scope.h"
#include "tests/support/naive_table.h"

namespace rollcall {
class Engine;
}

namespace rollcall::testing {

struct NaiveAudience {
  std::vector<std::string> classes;  // in the order of the audience
  // By class; the arms are those to be contacted, and those held out.
  std::map<std::string, std::array<std::set<UserId>, 2>> arms;
};
using NaiveAudiences = std::map<AudienceName, NaiveAudience>;

// Returns who is in an audience, as the engine lists them.
Result<NaiveAudience> listed_audience(const Engine& engine, const AudienceInfo& audience,
                                      UserKind kind);

//   kInvalidArgument  there is no such run
Result<NaiveTable> response_table(const ResponseQuery& ask, const NaiveScope& scope,
                                  const NaiveAudiences& audiences);

}  // namespace rollcall::testing
