// The oracle answers breakdowns with the table of each value of a property, one below the other.
#pragma once

#include "rollcall/query.h"
#include "rollcall/status.h"
#include "tests/support/naive_scope.h"
#include "tests/support/naive_table.h"

namespace rollcall::testing {

// Also answers a query without a breakdown.
Result<NaiveTable> broken_down_table(const Query& query, const NaiveScope& scope,
                                     const NaiveRange& range);

}  // namespace rollcall::testing
