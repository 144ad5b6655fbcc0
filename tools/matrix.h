// A long result as a matrix: cohorts as rows, periods as columns.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rollcall/query.h"
#include "rollcall/status.h"

namespace rollcall::tools {

enum class MatrixCells { kUsers, kRate };

struct Matrix {
  // The same answer with one row per row of the matrix: the key, the size where there is one, then
  // one column per period, in the order of their first appearance. A cell that the long form does
  // not have is null. The summary row holds rates whatever the cells are, and its key says so:
  // "pooled rate". Its size, which differs by column, is null.
  QueryResult result;
  std::size_t first_cell = 0;  // the column where periods begin

  // For each row and period: the rate; unset where it is null.
  std::vector<std::vector<std::optional<double>>> rates;
  // For each row and period: whether the cell's time is not over.
  std::vector<std::vector<bool>> incomplete;
};

// The matrix as a table that says by itself which cells are not over yet: a last column
// "incomplete" names their columns, with blanks between.
QueryResult with_incomplete_column(const Matrix& matrix);

//   kInvalidArgument  results of this kind have no matrix
Result<Matrix> to_matrix(const QueryResult& result, MatrixCells cells);

}  // namespace rollcall::tools
