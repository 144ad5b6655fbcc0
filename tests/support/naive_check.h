// This says which questions cannot be answered, whatever the data say.
#pragma once

#include "rollcall/query.h"
#include "rollcall/status.h"
#include "tests/support/naive_data.h"

namespace rollcall::testing {

// Is for a query whose segments name no others.
//   kInvalidArgument  a name that is not known, or conditions on two properties of one event
Status check_names(const Query& query, const NaiveData& data);

}  // namespace rollcall::testing
