// This shows a long result as a matrix: cohorts as rows, periods as columns.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/query.h"
#include "rollcall/status.h"

namespace rollcall {

struct Matrix {
  // Returns the same answer with one row per row of the matrix: the keys, the size if there is one,
  // then one column per value of the key across, in the order of their first appearance. A cell
  // that the long form does not have is null. The row that sums up others holds quotients whatever
  // the cells are, and its key says so: "pooled rate". Its size, which differs by column, is null.
  QueryResult result;
  std::size_t first_cell = 0;  // the column where cells begin
  // Names, for each row, the column of the long form whose values it shows.
  std::vector<std::string> measures;

  // Holds, for each row and column of cells, the part of a whole that it stands for. It is not set
  // if the cell is null, or if the kind has none.
  std::vector<std::vector<std::optional<double>>> shares;
  // Says for each of them whether its time is not over. It is empty if the kind knows no such
  // thing.
  std::vector<std::vector<bool>> incomplete;
};

// Returns the matrix as a table that says by itself which cells are not over yet: a last column
// "incomplete" names their columns, with blanks between; a name that has blanks, or is empty,
// stands in double quotes.
QueryResult with_incomplete_column(const Matrix& matrix);

// `cells` names the column that is shown; if it is not set, that is the one that belongs to the
// kind.
//   kInvalidArgument  an answer with fewer than two keys, or a column that is none of its measures
Result<Matrix> to_matrix(const QueryResult& result, const std::optional<std::string>& cells);

// Says whether the numbers of a column are seconds.
bool is_duration(std::string_view column);
// Says whether the quotients of a column, in answers of a kind, are parts of a whole, which people
// read in percent.
bool is_share(std::string_view kind, std::string_view column);
// Says whether the numbers of a column, in answers of a kind, tell how sure a difference is.
bool is_statistic(std::string_view kind, std::string_view column);

}  // namespace rollcall
