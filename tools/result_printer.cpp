#include "tools/result_printer.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "rollcall/cell_text.h"
#include "rollcall/kinds.h"
#include "rollcall/message_text.h"
#include "rollcall/roaring.h"
#include "tools/chart.h"
#include "tools/table_printer.h"
#include "tools/text.h"

namespace rollcall::tools {
namespace {

constexpr std::size_t kBarColumns = 30;
constexpr std::size_t kGaugeColumns = 31;  // odd, so that 0 is in the middle

// Writes a cell for people, with nothing that would move the cursor.
std::string shown_text(const Cell& cell, std::string_view kind, std::string_view column,
                       const Style& style) {
  return text_for(style, shown_text(cell, kind, column));
}

bool is_number(ColumnType type) {
  return type == ColumnType::kInt || type == ColumnType::kCount || type == ColumnType::kRatio ||
         type == ColumnType::kDecimal;
}

double number_of(const Cell& cell) {
  if (const auto* count = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*count);
  if (const auto* ratio = std::get_if<double>(&cell)) return *ratio;
  return 0;
}

Table to_table(const QueryResult& result, const Style& style) {
  Table table;
  for (const Column& column : result.columns) {
    table.columns.push_back(
        {.title = text_for(style, column.name), .right = is_number(column.type)});
  }
  for (const auto& row : result.rows) {
    std::vector<TableCell>& cells = table.rows.emplace_back();
    for (std::size_t i = 0; i < row.size(); ++i) {
      cells.push_back({.text = shown_text(row[i], result.kind, result.columns[i].name, style)});
    }
  }
  return table;
}

// Adds what a chart of the kind shows: bars or, of a score, gauges. A quotient that is no part of a
// whole is such a score: from -100, all against, to 100, all in favour.
void add_bars(const QueryResult& result, Table& table) {
  const QueryKind* const kind = find_query_kind(result.kind);
  const std::string_view name = kind == nullptr ? "" : kind->chart;
  const auto column = std::find_if(result.columns.begin(), result.columns.end(),
                                   [name](const Column& c) { return c.name == name; });
  if (column == result.columns.end()) return;
  const auto index = static_cast<std::size_t>(column - result.columns.begin());
  const bool is_score = !kind->shows_percent && column->type == ColumnType::kRatio;
  double maximum = 0;
  for (const auto& row : result.rows) maximum = std::max(maximum, number_of(row[index]));
  table.columns.push_back({.title = "", .bar = true});
  for (std::size_t i = 0; i < result.rows.size(); ++i) {
    const Cell& cell = result.rows[i][index];
    const bool has_score = is_score && std::holds_alternative<double>(cell);
    table.rows[i].push_back({.text = has_score  ? gauge(number_of(cell), -100, 100, kGaugeColumns)
                                     : is_score ? ""
                                                : bar(number_of(cell), maximum, kBarColumns)});
  }
}

Table to_table(const Matrix& matrix, const Style& style) {
  Table table = to_table(matrix.result, style);
  for (std::size_t y = 0; y < table.rows.size(); ++y) {
    for (std::size_t x = 0; x < matrix.shares[y].size(); ++x) {
      const Cell& value = matrix.result.rows[y][matrix.first_cell + x];
      const bool empty = std::holds_alternative<std::monostate>(value);
      const bool incomplete = !matrix.incomplete.empty() && matrix.incomplete[y][x];
      TableCell& cell = table.rows[y][matrix.first_cell + x];
      // A column of cells is named for its key; the row knows what they are.
      cell.text = shown_text(value, matrix.result.kind, matrix.measures[y], style);
      cell.dim = empty || incomplete;
      if (incomplete && !empty) cell.text += "*";
      if (style.pretty) cell.heat = matrix.shares[y][x];
    }
  }
  return table;
}

std::string footer(const QueryResult& result, bool wide, const Style& style) {
  std::string text = fmt::format("as of {}, {} rows in {:.1f} ms", result.as_of, result.rows.size(),
                                 static_cast<double>(result.stats.elapsed_us) / 1000);
  if (wide) text += "; * not over yet";
  return style.color ? fmt::format("{}{}{}\n", kColorDim, text, kColorReset) : text + "\n";
}

std::string print_csv(const QueryResult& result, bool escape_formulas) {
  // Numbers and dates are no formulas, even negative ones.
  const auto field = [escape_formulas](const std::string& text) {
    return csv_field(escape_formulas ? without_formula(text) : text);
  };
  std::string text;
  for (std::size_t i = 0; i < result.columns.size(); ++i) {
    if (i > 0) text += ',';
    text += field(result.columns[i].name);
  }
  text += '\n';
  for (const auto& row : result.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) text += ',';
      const bool is_text = result.columns[i].type == ColumnType::kString;
      text += is_text ? field(plain_text(row[i])) : csv_field(plain_text(row[i]));
    }
    text += '\n';
  }
  return text;
}

std::string json_string(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string json_text(const Cell& cell) {
  struct Visitor {
    std::string operator()(std::monostate) const { return "null"; }
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(std::int64_t value) const { return fmt::format("{}", value); }
    // Returns the shortest text that reads back as the same number, and shows that it is no whole
    // one.
    std::string operator()(double value) const {
      std::string text = fmt::format("{}", value);
      return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
    }
    std::string operator()(Day value) const { return json_string(to_string(value)); }
    std::string operator()(const ZonedTime& value) const { return json_string(to_string(value)); }
    std::string operator()(const std::string& value) const { return json_string(value); }
  };
  return std::visit(Visitor(), cell);
}

std::string print_json_lines(const QueryResult& result) {
  std::string text;
  for (const auto& row : result.rows) {
    text += '{';
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) text += ',';
      text.append(json_string(result.columns[i].name)).append(":").append(json_text(row[i]));
    }
    text += "}\n";
  }
  return text;
}

}  // namespace

Result<std::string> print_result(const QueryResult& result, const PrintOptions& options) {
  if (options.format == OutputFormat::kRoaring) return to_roaring(result, options.user_kind);
  const bool for_people =
      options.format == OutputFormat::kTable || options.format == OutputFormat::kMarkdown;
  const bool wide = options.shape == Shape::kWide || (options.shape == Shape::kAuto && for_people &&
                                                      result.pivot && result.pivot->is_usual);
  if (!wide && options.cells) {
    return Status::invalid_argument(
        fmt::format("--cells {}: says what a matrix shows, and the answer is none{}",
                    excerpt(*options.cells), result.pivot ? " (--shape wide makes it one)" : ""));
  }
  Matrix matrix;
  if (wide) {
    Result<Matrix> made = to_matrix(result, options.cells);
    if (!made.ok()) return made.status().within(result.pivot ? "--cells" : "--shape wide");
    matrix = *std::move(made);
  }
  if (wide && !for_people) matrix.result = with_incomplete_column(matrix);
  const QueryResult& shaped = wide ? matrix.result : result;
  switch (options.format) {
    case OutputFormat::kCsv:
      return print_csv(shaped, options.escape_formulas);
    case OutputFormat::kJson:
      return to_json(shaped) + "\n";
    case OutputFormat::kJsonLines:
      return print_json_lines(shaped);
    case OutputFormat::kMarkdown:
      return print_markdown(wide ? to_table(matrix, Style()) : to_table(shaped, Style()));
    case OutputFormat::kTable:
    case OutputFormat::kRoaring:
      break;
  }
  const bool pretty = options.style.pretty;
  Table table = wide ? to_table(matrix, options.style) : to_table(shaped, options.style);
  if (pretty && !wide) add_bars(shaped, table);
  return print_table(table, options.style) + (pretty ? footer(shaped, wide, options.style) : "");
}

}  // namespace rollcall::tools
