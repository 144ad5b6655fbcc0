// The oracle lists the users behind a cell.
#pragma once

#include "rollcall/query.h"
#include "rollcall/status.h"
#include "tests/support/naive_data.h"
#include "tests/support/naive_table.h"

namespace rollcall::testing {

//   kInvalidArgument  no such row, or no such count of users
Result<QueryResult> members_of(const NaiveTable& table, const Members& members,
                               const NaiveData& data);

}  // namespace rollcall::testing
