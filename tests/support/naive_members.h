// The oracle lists the users behind a cell.
#pragma once

#include <string>

#include "rollcall/query.h"
#include "rollcall/status.h"
#include "tests/support/naive_data.h"
#include "tests/support/naive_table.h"

namespace rollcall::testing {

// Return an id as answers and questions write it, and read it.
std::string id_text(const UserId& user);
//   kInvalidArgument  it is no id of that kind
Result<UserId> read_id(const std::string& text, UserKind kind);

//   kInvalidArgument  no such row, or no such count of users
Result<QueryResult> members_of(const NaiveTable& table, const Members& members,
                               const NaiveData& data);

}  // namespace rollcall::testing
