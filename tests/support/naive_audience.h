// The oracle's audiences. Who is in one goes by hashes of the engine's own, so that the oracle is
// told.
#pragma once

#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "rollcall/audience.h"
#include "rollcall/types.h"

namespace rollcall::testing {

struct NaiveAudience {
  std::vector<std::string> classes;  // in the order of the audience
  // By class; the arms are those to be contacted, and those held out.
  std::map<std::string, std::array<std::set<UserId>, 2>> arms;
};
using NaiveAudiences = std::map<AudienceName, NaiveAudience>;

}  // namespace rollcall::testing
