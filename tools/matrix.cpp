#include "tools/matrix.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rollcall::tools {
namespace {

std::optional<std::size_t> column_index(const QueryResult& result, std::string_view name) {
  for (std::size_t i = 0; i < result.columns.size(); ++i) {
    if (result.columns[i].name == name) return i;
  }
  return std::nullopt;
}

std::string title_of(const Cell& cell) {
  if (const auto* number = std::get_if<std::int64_t>(&cell)) return fmt::format("{}", *number);
  if (const auto* day = std::get_if<Day>(&cell)) return to_string(*day);
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  return {};
}

// Returns where `key` stands in `keys`, adding it when it is new.
template <class T>
std::size_t place_of(std::vector<T>& keys, const T& key) {
  const auto found = std::find(keys.begin(), keys.end(), key);
  if (found != keys.end()) return static_cast<std::size_t>(found - keys.begin());
  keys.push_back(key);
  return keys.size() - 1;
}

// What the row that sums up the others holds: "pooled rate", "mean rate".
std::string summary_label(const QueryResult& result) {
  for (const auto& [name, value] : result.definition) {
    if (name == "summary") return nlohmann::json::parse(value).get<std::string>() + " rate";
  }
  return "rate";
}

}  // namespace

Result<Matrix> to_matrix(const QueryResult& result, MatrixCells cells) {
  if (!result.pivot) {
    return Status::invalid_argument(fmt::format(
        "--shape wide: an answer of kind {} has no matrix (allowed: long)", result.kind));
  }
  const Pivot& pivot = *result.pivot;
  const std::optional<std::size_t> size = column_index(result, pivot.size);
  const std::optional<std::size_t> complete = column_index(result, "complete");
  const std::size_t key = column_index(result, pivot.row).value();
  const std::size_t across = column_index(result, pivot.column).value();
  const std::size_t rate = column_index(result, pivot.rate).value();
  const std::size_t shown =
      cells == MatrixCells::kRate ? rate : column_index(result, pivot.count).value();

  Matrix matrix;
  matrix.result.kind = result.kind;
  matrix.result.definition = result.definition;
  matrix.result.as_of = result.as_of;
  matrix.result.stats = result.stats;
  matrix.result.columns.push_back(result.columns[key]);
  if (size) matrix.result.columns.push_back(result.columns[*size]);
  matrix.first_cell = matrix.result.columns.size();

  std::vector<Cell> keys;
  std::vector<std::string> titles;
  for (const auto& row : result.rows) {
    place_of(keys, row[key]);
    place_of(titles, title_of(row[across]));
  }
  for (const std::string& title : titles) {
    matrix.result.columns.push_back({title, result.columns[shown].type});
  }
  matrix.result.rows.resize(keys.size(), std::vector<Cell>(matrix.result.columns.size()));
  matrix.rates.resize(keys.size(), std::vector<std::optional<double>>(titles.size()));
  matrix.incomplete.resize(keys.size(), std::vector<bool>(titles.size()));

  for (const auto& row : result.rows) {
    const std::size_t y = place_of(keys, row[key]);
    const std::size_t x = place_of(titles, title_of(row[across]));
    std::vector<Cell>& line = matrix.result.rows[y];
    const bool summary = std::holds_alternative<std::monostate>(row[key]);
    if (summary) {
      matrix.result.columns[0].type = ColumnType::kString;
      line[0] = summary_label(result);
    } else {
      line[0] = row[key];
      if (size) line[1] = row[*size];
    }
    // A summary over no cell that is complete is not known, which is not 0.
    const auto* over = size ? std::get_if<std::int64_t>(&row[*size]) : nullptr;
    if (summary && over != nullptr && *over == 0) continue;
    line[matrix.first_cell + x] = row[summary ? rate : shown];
    if (const auto* number = std::get_if<double>(&row[rate])) matrix.rates[y][x] = *number;
    if (complete) {
      const auto* done = std::get_if<bool>(&row[*complete]);
      matrix.incomplete[y][x] = done != nullptr && !*done;
    }
  }
  return matrix;
}

QueryResult with_incomplete_column(const Matrix& matrix) {
  QueryResult result = matrix.result;
  result.columns.push_back({"incomplete", ColumnType::kString});
  for (std::size_t y = 0; y < result.rows.size(); ++y) {
    std::string titles;
    for (std::size_t x = 0; x < matrix.incomplete[y].size(); ++x) {
      if (!matrix.incomplete[y][x]) continue;
      if (!titles.empty()) titles += ' ';
      titles += result.columns[matrix.first_cell + x].name;
    }
    result.rows[y].emplace_back(std::move(titles));
  }
  return result;
}

}  // namespace rollcall::tools
