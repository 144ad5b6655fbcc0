#include "rollcall/matrix.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "rollcall/json.h"
#include "rollcall/kinds.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

std::optional<std::size_t> find_column(const QueryResult& result, std::string_view name) {
  for (std::size_t i = 0; i < result.columns.size(); ++i) {
    if (result.columns[i].name == name) return i;
  }
  return std::nullopt;
}

std::string title_of(const Cell& cell) {
  if (const auto* number = std::get_if<std::int64_t>(&cell)) return fmt::format("{}", *number);
  if (const auto* day = std::get_if<Day>(&cell)) return to_string(*day);
  if (const auto* time = std::get_if<ZonedTime>(&cell)) return to_string(*time);
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  return "all";
}

// Holds where keys stand, in the order of their first appearance.
template <class Key>
class Places {
 public:
  std::size_t of(const Key& key) { return places_.emplace(key, places_.size()).first->second; }
  std::size_t size() const { return places_.size(); }

 private:
  std::map<Key, std::size_t> places_;
};

// Returns what the row that sums up the others holds: "pooled rate", "mean value_per_user".
std::string summary_label(const QueryResult& result) {
  for (const auto& [name, value] : result.definition) {
    if (name != "summary") continue;
    const Result<Json> summary = parse_written_json(value);
    if (summary.ok()) return summary->as<std::string>() + " " + result.pivot->rate;
  }
  return result.pivot->rate;
}

// Returns the place of the column that cells show.
Result<std::size_t> find_shown(const QueryResult& result, const std::optional<std::string>& cells) {
  const Pivot& pivot = *result.pivot;
  std::vector<std::string> measures;
  for (const Column& column : result.columns) {
    const bool is_key =
        column.name == pivot.column || column.name == pivot.size ||
        std::find(pivot.rows.begin(), pivot.rows.end(), column.name) != pivot.rows.end();
    if (!is_key && column.type != ColumnType::kBool) measures.push_back(column.name);
  }
  const std::string wanted = cells.value_or(pivot.cells);
  if (std::find(measures.begin(), measures.end(), wanted) == measures.end()) {
    return Status::invalid_argument(unknown_name("column", wanted, measures));
  }
  return find_column(result, wanted).value();
}

// Returns the titles of the cells' columns; a value that is named as a column beside them says what
// it is.
std::vector<std::string> distinct_titles(std::vector<std::string> titles,
                                         std::vector<std::string> taken,
                                         const std::string& across) {
  taken.emplace_back("incomplete");
  const auto is_in = [](const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  for (std::string& title : titles) {
    std::string distinct = title;
    while (is_in(taken, distinct) || (distinct != title && is_in(titles, distinct))) {
      distinct += fmt::format(" ({})", across);
    }
    title = std::move(distinct);
  }
  return titles;
}

// Says why an answer has no matrix, and what it has.
Status no_matrix(const QueryResult& result) {
  const auto is_asked = [&](std::string_view field) {
    return std::any_of(result.definition.begin(), result.definition.end(),
                       [&](const auto& option) { return option.first == field; });
  };
  const bool has_key =
      std::any_of(result.columns.begin(), result.columns.end(), [](const Column& column) {
        return column.type == ColumnType::kDate || column.type == ColumnType::kTime ||
               column.type == ColumnType::kInt || column.type == ColumnType::kString;
      });
  if (is_asked("members")) {
    return Status::invalid_argument("a list of users has no matrix (allowed: long)");
  }
  // A breakdown adds one key, which makes two only if there is one already.
  if (is_asked("breakdown") || !has_key) {
    return Status::invalid_argument(
        fmt::format("an answer of kind {} has no matrix, broken down or not "
                    "(allowed: long)",
                    result.kind));
  }
  return Status::invalid_argument(
      fmt::format("an answer of kind {} has no matrix without a second key (allowed: "
                  "long, or with a breakdown)",
                  result.kind));
}

// Shades the cells that are not 0, as shares of the largest one.
void shade_by_size(Matrix& matrix) {
  const auto size_of = [&](std::size_t y, std::size_t x) {
    const auto* count = std::get_if<std::int64_t>(&matrix.result.rows[y][matrix.first_cell + x]);
    return count == nullptr ? 0.0 : static_cast<double>(*count);
  };
  double largest = 0;
  for (std::size_t y = 0; y < matrix.shares.size(); ++y) {
    for (std::size_t x = 0; x < matrix.shares[y].size(); ++x) {
      largest = std::max(largest, size_of(y, x));
    }
  }
  if (largest == 0) return;
  for (std::size_t y = 0; y < matrix.shares.size(); ++y) {
    for (std::size_t x = 0; x < matrix.shares[y].size(); ++x) {
      if (size_of(y, x) > 0) matrix.shares[y][x] = size_of(y, x) / largest;
    }
  }
}

// Holds the columns of an answer by what they are in its matrix.
struct MatrixColumns {
  std::vector<std::size_t> keys;  // of a line, with `size` if there is one
  std::size_t across = 0;         // says in which column of the matrix a row's cell is
  std::size_t shown = 0;          // what cells show
  std::optional<std::size_t> size;
  std::optional<std::size_t> complete;
  std::optional<std::size_t> rate;
  std::optional<std::size_t> summary;
};

Result<MatrixColumns> find_matrix_columns(const QueryResult& result,
                                          const std::optional<std::string>& cells) {
  const Pivot& pivot = *result.pivot;
  MatrixColumns columns;
  ROLLCALL_ASSIGN_OR_RETURN(columns.shown, find_shown(result, cells));
  columns.across = find_column(result, pivot.column).value();
  columns.size = find_column(result, pivot.size);
  columns.complete = find_column(result, "complete");
  columns.rate = find_column(result, pivot.rate);
  columns.summary = find_column(result, pivot.summary);
  for (const std::string& name : pivot.rows) {
    columns.keys.push_back(find_column(result, name).value());
  }
  if (columns.size) columns.keys.push_back(*columns.size);
  return columns;
}

// Returns what tells the lines of the matrix apart.
std::vector<Cell> key_of(const std::vector<Cell>& row, const MatrixColumns& columns) {
  std::vector<Cell> key;
  for (const std::size_t column : columns.keys) {
    if (column != columns.size) key.push_back(row[column]);
  }
  return key;
}

// Writes a row of the answer into line `y` and column `x` of the cells.
void put_row(const QueryResult& result, const std::vector<Cell>& row, const MatrixColumns& columns,
             std::size_t y, std::size_t x, Matrix& matrix) {
  std::vector<Cell>& line = matrix.result.rows[y];
  const bool sums_up = columns.summary && columns.rate &&
                       std::holds_alternative<std::monostate>(row[*columns.summary]);
  for (std::size_t i = 0; i < columns.keys.size(); ++i) {
    if (sums_up && columns.keys[i] == *columns.summary) {
      matrix.result.columns[i].type = ColumnType::kString;
      line[i] = summary_label(result);
    } else if (!sums_up || columns.keys[i] != columns.size) {
      line[i] = row[columns.keys[i]];
    }
  }
  const std::size_t measure = sums_up ? *columns.rate : columns.shown;
  line[matrix.first_cell + x] = row[measure];
  matrix.measures[y] = result.columns[measure].name;
  if (columns.rate && is_share(result.kind, result.pivot->rate)) {
    if (const auto* share = std::get_if<double>(&row[*columns.rate])) matrix.shares[y][x] = *share;
  }
  if (columns.complete) {
    const auto* done = std::get_if<bool>(&row[*columns.complete]);
    matrix.incomplete[y][x] = done != nullptr && !*done;
  }
}

}  // namespace

Result<Matrix> to_matrix(const QueryResult& result, const std::optional<std::string>& cells) {
  if (!result.pivot) return no_matrix(result);
  const Pivot& pivot = *result.pivot;
  ROLLCALL_ASSIGN_OR_RETURN(const MatrixColumns columns, find_matrix_columns(result, cells));

  Matrix matrix;
  matrix.result.kind = result.kind;
  matrix.result.value_decimals = result.value_decimals;
  matrix.result.definition = result.definition;
  matrix.result.as_of = result.as_of;
  matrix.result.stats = result.stats;
  std::vector<std::string> taken;
  for (const std::size_t key : columns.keys) {
    matrix.result.columns.push_back(result.columns[key]);
    taken.push_back(result.columns[key].name);
  }
  matrix.first_cell = columns.keys.size();

  Places<std::vector<Cell>> lines;
  Places<std::string> places;
  std::vector<std::string> titles;
  for (const auto& row : result.rows) {
    lines.of(key_of(row, columns));
    std::string title = title_of(row[columns.across]);
    if (places.of(title) == titles.size()) titles.push_back(std::move(title));
  }
  for (std::string& title : distinct_titles(titles, taken, pivot.column)) {
    matrix.result.columns.push_back({std::move(title), result.columns[columns.shown].type});
  }
  matrix.result.rows.resize(lines.size(), std::vector<Cell>(matrix.result.columns.size()));
  matrix.shares.resize(lines.size(), std::vector<std::optional<double>>(titles.size()));
  if (columns.complete) {
    matrix.incomplete.resize(lines.size(), std::vector<bool>(titles.size()));
  }
  matrix.measures.resize(lines.size());
  for (const auto& row : result.rows) {
    put_row(result, row, columns, lines.of(key_of(row, columns)),
            places.of(title_of(row[columns.across])), matrix);
  }
  if (pivot.is_shaded && !columns.rate) shade_by_size(matrix);
  return matrix;
}

QueryResult with_incomplete_column(const Matrix& matrix) {
  QueryResult result = matrix.result;
  if (matrix.incomplete.empty()) return result;
  result.columns.push_back({"incomplete", ColumnType::kString});
  const auto quoted = [](const std::string& title) {
    if (!title.empty() && title.find_first_of(" \"") == std::string::npos) return title;
    std::string text = "\"";
    for (const char c : title) text += c == '"' ? std::string("\"\"") : std::string(1, c);
    return text + "\"";
  };
  for (std::size_t y = 0; y < result.rows.size(); ++y) {
    std::string titles;
    for (std::size_t x = 0; x < matrix.incomplete[y].size(); ++x) {
      if (!matrix.incomplete[y][x]) continue;
      if (!titles.empty()) titles += ' ';
      titles += quoted(result.columns[matrix.first_cell + x].name);
    }
    result.rows[y].emplace_back(std::move(titles));
  }
  return result;
}

bool is_duration(std::string_view column) { return column.ends_with("_seconds"); }

namespace {

bool shows_percent(std::string_view kind) {
  const QueryKind* const known = find_query_kind(kind);
  return known == nullptr || known->shows_percent;
}

}  // namespace

bool is_share(std::string_view kind, std::string_view column) {
  if (!shows_percent(kind)) return false;
  constexpr std::string_view kNoShares[] = {"quick_ratio",
                                            "events_per_user",
                                            "value_per_user",
                                            "value_per_active",
                                            "value_per_payer",
                                            "monetary",
                                            "ltv",
                                            "arppu",
                                            "cost_per_user",
                                            "cost_per_returned",
                                            "cost_per_extra",
                                            "ltv_to_cost",
                                            "median_days_to_adopt",
                                            "breadth",
                                            "phi"};
  return std::find(std::begin(kNoShares), std::end(kNoShares), column) == std::end(kNoShares) &&
         !column.starts_with("mean") && !column.ends_with("_mean") && !is_duration(column) &&
         !is_statistic(kind, column);
}

bool is_statistic(std::string_view kind, std::string_view column) {
  if (!shows_percent(kind)) return false;
  return column == "difference" || column == "uplift" || column == "low" || column == "high" ||
         column == "statistic" || column == "p";
}

}  // namespace rollcall
