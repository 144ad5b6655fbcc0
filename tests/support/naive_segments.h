// Segments by the oracle: sets of users, computed part by part.
#pragma once

#include <map>
#include <set>
#include <string>

#include "rollcall/query.h"
#include "rollcall/status.h"
#include "tests/support/naive_scope.h"

namespace rollcall::testing {

using SavedSegments = std::map<std::string, Segment>;

// The segment with what it names written in the place of the names.
//   kInvalidArgument  a name that is not in `saved`, or a segment within itself
Result<Segment> written_out(const Segment& segment, const SavedSegments& saved);

// Returns the users of a segment that names no other saved one.
//   kInvalidArgument  a range that ends before it begins; a file with a line that is no id; a
//                     campaign without such a run
//   kIoError          a file that cannot be read
Result<std::set<NaiveUser>> users_of(const Segment& segment, const NaiveScope& scope);

}  // namespace rollcall::testing
