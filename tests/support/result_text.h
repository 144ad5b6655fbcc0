// Results as plain text, and what differs between two of them.
#pragma once

#include <string>

#include "rollcall/query.h"
#include "rollcall/status.h"

namespace rollcall::testing {

// Null is "null", a ratio has at most four decimals, and text is as it is.
std::string cell_text(const Cell& cell);

// Returns "as_of ..." ("none" in an empty store) and an aligned table under its column names, then
// "next ..." where a page of members has one: what stands in tests/queries.
std::string to_text(const QueryResult& result);

// Returns that, or the error.
std::string text_or_error(const Result<QueryResult>& result);

// Says what is the first thing to differ: as_of, columns, rows cell by cell, or next; empty when
// nothing does. Ratios may differ by the rounding of a sum. Does not look at definition, pivot and
// stats.
std::string first_difference(const QueryResult& found, const QueryResult& expected);

// Returns whether nothing differs, or both are errors of one code.
bool agree(const Result<QueryResult>& found, const Result<QueryResult>& expected);

}  // namespace rollcall::testing
