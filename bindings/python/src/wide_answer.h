// Turns a long answer into a wide one.
#pragma once

#include <string>

#include "rollcall/answer.h"
#include "rollcall/status.h"

namespace rollcall::python {

// Returns the answer with one row for each combination of the row keys of its pivot, and one column
// for each value of the key across, which is the column's name. The cells are those of the column
// `cells`; a combination that the long answer does not have is null. The size is kept beside the
// keys. A row that sums up others stands last with null in place of its key, if it has any of
// these cells.
//   kInvalidArgument  an answer with fewer than two keys, or a column that it does not have
Result<QueryResult> widen(const QueryResult& result, const std::string& cells);

}  // namespace rollcall::python
