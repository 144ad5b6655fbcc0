// Results as plain text, and what differs between two of them.
#pragma once

#include <string>

#include "rollcall/query.h"

namespace rollcall::testing {

// "as_of ..." ("none" in an empty store) and an aligned table under its column names: what stands
// in tests/queries. Null is "null", a ratio has at most four decimals, text is as it is.
std::string to_text(const QueryResult& result);

// Says what is the first thing to differ: as_of, columns or rows, cell by cell; empty when nothing
// does. Ratios may differ by the rounding of a sum. Does not look at definition, pivot and stats.
std::string first_difference(const QueryResult& found, const QueryResult& expected);

}  // namespace rollcall::testing
