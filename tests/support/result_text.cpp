#include "tests/support/result_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <variant>
#include <vector>

namespace rollcall::testing {

namespace {

std::string ratio_text(double ratio) {
  std::string text = fmt::format("{:.4f}", ratio);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

// The largest ratio of a column: what cancels out in a mean of ratios leaves the rounding of these.
double scale_of(const QueryResult& result, std::size_t column) {
  double scale = 1;
  for (const auto& row : result.rows) {
    if (const double* ratio = std::get_if<double>(&row[column])) {
      scale = std::max(scale, std::abs(*ratio));
    }
  }
  return scale;
}

bool same(const Cell& a, const Cell& b, double scale) {
  const double* x = std::get_if<double>(&a);
  const double* y = std::get_if<double>(&b);
  if (x == nullptr || y == nullptr) return a == b;
  return std::abs(*x - *y) <= 1e-13 * scale;
}

}  // namespace

std::string cell_text(const Cell& cell) {
  struct Text {
    std::string operator()(std::monostate) const { return "null"; }
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(std::int64_t value) const { return std::to_string(value); }
    std::string operator()(double value) const { return ratio_text(value); }
    std::string operator()(Day day) const { return rollcall::to_string(day); }
    std::string operator()(const ZonedTime& time) const { return rollcall::to_string(time); }
    std::string operator()(const std::string& text) const { return text; }
  };
  return std::visit(Text{}, cell);
}

std::string to_text(const QueryResult& result) {
  std::vector<std::vector<std::string>> lines(1);
  for (const Column& column : result.columns) lines[0].push_back(column.name);
  for (const auto& row : result.rows) {
    auto& line = lines.emplace_back();
    for (const Cell& cell : row) line.push_back(cell_text(cell));
  }
  std::vector<std::size_t> widths(result.columns.size());
  for (const auto& line : lines) {
    for (std::size_t c = 0; c < widths.size(); ++c) widths[c] = std::max(widths[c], line[c].size());
  }
  std::string text = "as_of " + (result.as_of.empty() ? "none" : result.as_of) + "\n";
  for (const auto& line : lines) {
    for (std::size_t c = 0; c < widths.size(); ++c) {
      text += fmt::format("{}{:>{}}", c == 0 ? "" : "  ", line[c], widths[c]);
    }
    text += '\n';
  }
  if (result.next) text += "next " + *result.next + "\n";
  return text;
}

std::string text_or_error(const Result<QueryResult>& result) {
  return result.ok() ? to_text(*result) : result.status().to_string() + "\n";
}

std::string first_difference(const QueryResult& found, const QueryResult& expected) {
  if (found.kind != expected.kind) {
    return fmt::format("kind: found={} expected={}", found.kind, expected.kind);
  }
  if (found.as_of != expected.as_of) {
    return fmt::format("as_of: found={} expected={}", found.as_of, expected.as_of);
  }
  if (found.columns.size() != expected.columns.size()) {
    return fmt::format("number of columns: found={} expected={}", found.columns.size(),
                       expected.columns.size());
  }
  for (std::size_t c = 0; c < expected.columns.size(); ++c) {
    const Column& a = found.columns[c];
    const Column& b = expected.columns[c];
    if (a.name != b.name || a.type != b.type) {
      return fmt::format("column {}: found={} {} expected={} {}", c, a.name,
                         rollcall::to_string(a.type), b.name, rollcall::to_string(b.type));
    }
  }
  std::vector<double> scales;
  for (std::size_t c = 0; c < expected.columns.size(); ++c) scales.push_back(scale_of(expected, c));
  for (std::size_t r = 0; r < std::min(found.rows.size(), expected.rows.size()); ++r) {
    if (found.rows[r].size() != expected.columns.size()) {
      return fmt::format("row {}: cells found={} expected={}", r, found.rows[r].size(),
                         expected.columns.size());
    }
    for (std::size_t c = 0; c < expected.columns.size(); ++c) {
      if (!same(found.rows[r][c], expected.rows[r][c], scales[c])) {
        return fmt::format("row {}, {}: found={} expected={}", r, expected.columns[c].name,
                           cell_text(found.rows[r][c]), cell_text(expected.rows[r][c]));
      }
    }
  }
  if (found.rows.size() != expected.rows.size()) {
    return fmt::format("number of rows: found={} expected={}", found.rows.size(),
                       expected.rows.size());
  }
  if (found.next != expected.next) {
    return fmt::format("next: found={} expected={}", found.next.value_or("none"),
                       expected.next.value_or("none"));
  }
  return {};
}

bool agree(const Result<QueryResult>& found, const Result<QueryResult>& expected) {
  if (!found.ok() || !expected.ok()) return found.status().code() == expected.status().code();
  return first_difference(*found, *expected).empty();
}

}  // namespace rollcall::testing
