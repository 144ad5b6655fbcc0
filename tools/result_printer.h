// The answer to a question, in the form asked for. The numbers are the same in each.
#pragma once

#include <string>

#include "rollcall/query.h"
#include "rollcall/status.h"
#include "tools/matrix.h"
#include "tools/terminal.h"

namespace rollcall::tools {

enum class OutputFormat { kTable, kCsv, kJson, kJsonLines, kMarkdown };
enum class Shape { kAuto, kLong, kWide };

struct PrintOptions {
  OutputFormat format = OutputFormat::kTable;
  // Auto: wide for people (tables and Markdown) where the kind has a matrix, long for programs.
  Shape shape = Shape::kAuto;
  MatrixCells cells = MatrixCells::kUsers;
  Style style;
};

// Returns whole lines.
//   kInvalidArgument  the wide shape of a result that has no matrix, or the cells of a matrix that
//                     is none
Result<std::string> print_result(const QueryResult& result, const PrintOptions& options);

}  // namespace rollcall::tools
