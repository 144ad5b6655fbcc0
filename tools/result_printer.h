// Prints the answer to a question, in the form asked for. The numbers are the same in each.
#pragma once

#include <optional>
#include <string>

#include "rollcall/matrix.h"
#include "rollcall/query.h"
#include "rollcall/status.h"
#include "rollcall/types.h"
#include "tools/terminal.h"

namespace rollcall::tools {

enum class OutputFormat { kTable, kCsv, kJson, kJsonLines, kMarkdown, kRoaring };
enum class Shape { kAuto, kLong, kWide };

struct PrintOptions {
  OutputFormat format = OutputFormat::kTable;
  // Auto is wide for people (tables and Markdown) if that is usual (Pivot::is_usual), and long
  // otherwise.
  Shape shape = Shape::kAuto;
  std::optional<std::string> cells = std::nullopt;  // the column that a matrix shows
  bool escape_formulas = false;                     // in CSV
  Style style = {};
  UserKind user_kind = UserKind::kString;  // of the store; sets are made of integers
};

// Returns whole lines: a table as it is drawn, all else as it is, whatever ids and names hold.
//   kInvalidArgument  the wide shape of a result that has no matrix, or the cells of a matrix that
//                     is none; or a set of no list of users, or of ids that are texts
Result<std::string> print_result(const QueryResult& result, const PrintOptions& options);

}  // namespace rollcall::tools
