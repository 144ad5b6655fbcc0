#include "wide_answer.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "rollcall/dates.h"
#include "rollcall/message_text.h"

namespace rollcall::python {
namespace {

std::optional<std::size_t> place_of(const QueryResult& result, const std::string& name) {
  const auto found = std::find_if(result.columns.begin(), result.columns.end(),
                                  [&](const Column& column) { return column.name == name; });
  if (found == result.columns.end()) return std::nullopt;
  return static_cast<std::size_t>(found - result.columns.begin());
}

// Returns the name of the column that holds the cells of one value of the key across.
std::string column_name(const Cell& cell) {
  if (const auto* const number = std::get_if<std::int64_t>(&cell)) return std::to_string(*number);
  if (const auto* const day = std::get_if<Day>(&cell)) return to_string(*day);
  if (const auto* const time = std::get_if<ZonedTime>(&cell)) return to_string(*time);
  if (const auto* const text = std::get_if<std::string>(&cell)) return *text;
  return "all";
}

bool is_null(const Cell& cell) { return std::holds_alternative<std::monostate>(cell); }

}  // namespace

Result<QueryResult> widen(const QueryResult& result, const std::string& cells) {
  if (!result.pivot) {
    return Status::invalid_argument("pivot: an answer of kind " + result.kind +
                                    " with two keys or more has one (allowed: another "
                                    "question, or one with a breakdown)");
  }
  const std::optional<std::size_t> shown = place_of(result, cells);
  if (!shown) {
    std::vector<std::string> names;
    for (const Column& column : result.columns) names.push_back(column.name);
    return Status::invalid_argument("pivot: " + unknown_name("column", cells, names));
  }
  const std::size_t across = place_of(result, result.pivot->column).value();
  std::vector<std::size_t> keys;
  for (const std::string& name : result.pivot->rows) keys.push_back(*place_of(result, name));
  const std::optional<std::size_t> size = place_of(result, result.pivot->size);

  QueryResult wide;
  wide.kind = result.kind;
  wide.definition = result.definition;
  wide.as_of = result.as_of;
  wide.notes = result.notes;
  for (const std::size_t key : keys) wide.columns.push_back(result.columns[key]);
  if (size) wide.columns.push_back(result.columns[*size]);
  const std::size_t first_cell = wide.columns.size();

  std::map<std::vector<Cell>, std::size_t> lines;
  std::map<Cell, std::size_t> places;
  for (const std::vector<Cell>& row : result.rows) {
    const auto [place, is_new] = places.emplace(row[across], places.size());
    if (is_new) {
      wide.columns.push_back({column_name(row[across]), result.columns[*shown].type});
    }
  }
  for (const std::vector<Cell>& row : result.rows) {
    std::vector<Cell> key;
    for (const std::size_t column : keys) key.push_back(row[column]);
    const auto [line, is_new] = lines.emplace(key, lines.size());
    if (is_new) {
      if (size) key.push_back(row[*size]);
      key.resize(wide.columns.size());
      wide.rows.push_back(std::move(key));
    }
    wide.rows[line->second][first_cell + places.at(row[across])] = row[*shown];
  }
  // Counts have no sum of all cohorts, which quotients have.
  if (const std::optional<std::size_t> summary = place_of(wide, result.pivot->summary)) {
    std::erase_if(wide.rows, [&](const std::vector<Cell>& row) {
      return is_null(row[*summary]) &&
             std::all_of(row.begin() + static_cast<std::ptrdiff_t>(first_cell), row.end(), is_null);
    });
  }
  return wide;
}

}  // namespace rollcall::python
