// Draws an answer as SVG.
//
// Colours of text are those of the page, so that a picture is readable in the dark and in print.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "operations/report_words.h"
#include "rollcall/cell_text.h"
#include "rollcall/figure.h"
#include "rollcall/kinds.h"
#include "rollcall/matrix.h"

namespace rollcall {
namespace {

constexpr std::string_view kInk = "#2a78d6";
constexpr double kWidth = 720;
constexpr double kRowHeight = 22;
constexpr double kLabelWidth = 150;
constexpr double kPlotHeight = 180;
constexpr double kMargin = 14;
constexpr double kMarginBelow = 24;  // with the labels of dates
constexpr double kCellWidthMax = 64;
constexpr std::size_t kBarsMax = 40;
constexpr std::size_t kCellsMax = 10'000;
constexpr std::size_t kLabelCharsMax = 22;
constexpr std::size_t kLinesMax = 6;

std::optional<double> plotted_number(const Cell& cell) {
  if (const auto* count = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*count);
  if (const auto* ratio = std::get_if<double>(&cell)) return *ratio;
  return std::nullopt;
}

std::optional<std::size_t> column_of(const QueryResult& result, std::string_view name) {
  for (std::size_t i = 0; i < result.columns.size(); ++i) {
    if (result.columns[i].name == name) return i;
  }
  return std::nullopt;
}

// Cuts a text to what fits beside a chart, at the end of a character.
std::string label_text(std::string_view text) {
  std::size_t end = 0, characters = 0;
  while (end < text.size() && characters < kLabelCharsMax) {
    ++end;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) ++end;
    ++characters;
  }
  return html_text(text.substr(0, end)) + (end < text.size() ? "…" : "");
}

std::string svg_of(double height, std::string_view title, std::string_view content) {
  return fmt::format(
      "<svg class=\"chart\" role=\"img\" viewBox=\"0 0 {:.0f} {:.0f}\" width=\"{:.0f}\" "
      "font-size=\"12\" font-family=\"sans-serif\" fill=\"currentColor\">"
      "<title>{}</title>{}</svg>\n",
      kWidth, height, kWidth, html_text(title), content);
}

// --- Heat maps. ---

std::string heat_map(const Matrix& matrix, std::string_view title) {
  const std::size_t across = matrix.result.columns.size() - matrix.first_cell;
  const std::size_t lines = matrix.result.rows.size();
  if (across == 0 || lines == 0 || across * lines > kCellsMax) return {};
  const double width =
      std::min((kWidth - kLabelWidth) / static_cast<double>(across), kCellWidthMax);
  std::string content;
  for (std::size_t x = 0; x < across; ++x) {
    content += fmt::format("<text x=\"{:.1f}\" y=\"14\" text-anchor=\"middle\">{}</text>",
                           kLabelWidth + width * (static_cast<double>(x) + 0.5),
                           label_text(matrix.result.columns[matrix.first_cell + x].name));
  }
  for (std::size_t y = 0; y < lines; ++y) {
    const std::vector<Cell>& row = matrix.result.rows[y];
    const double top = kRowHeight * static_cast<double>(y + 1);
    std::string label;
    for (std::size_t i = 0; i < matrix.first_cell; ++i) {
      label += (i == 0 ? "" : " · ") +
               shown_text(row[i], matrix.result.kind, matrix.result.columns[i].name);
    }
    content += fmt::format("<text x=\"{:.0f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>",
                           kLabelWidth - 8, top + 15, label_text(label));
    for (std::size_t x = 0; x < across; ++x) {
      const Cell& cell = row[matrix.first_cell + x];
      if (std::holds_alternative<std::monostate>(cell)) continue;
      const bool is_open = !matrix.incomplete.empty() && matrix.incomplete[y][x];
      const double share = std::clamp(matrix.shares[y][x].value_or(0), 0.0, 1.0);
      const std::string shown = matrix.shares[y][x]
                                    ? fmt::format("{:.0f}%", 100 * share)
                                    : shown_text(cell, matrix.result.kind, matrix.measures[y]);
      const double left = kLabelWidth + width * static_cast<double>(x);
      // The square root tells small shares apart, where most of a matrix lies.
      content += fmt::format(
          "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\" "
          "fill-opacity=\"{:.3f}\"{}/><text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\" "
          "font-size=\"11\">{}{}</text>",
          left + 1, top + 1, width - 2, kRowHeight - 2, kInk, 0.75 * std::sqrt(share),
          is_open ? fmt::format(" stroke=\"{}\" stroke-dasharray=\"2 2\"", kInk) : "",
          left + width / 2, top + 15, html_text(shown), is_open ? "*" : "");
    }
  }
  return svg_of(kRowHeight * static_cast<double>(lines + 1) + 4, title, content);
}

// --- Bars. ---

struct Bar {
  std::string label;
  double value = 0;
  std::string shown;
};

std::string bars(const std::vector<Bar>& all, std::string_view title) {
  double least = 0, most = 0;
  for (const Bar& bar : all) {
    least = std::min(least, bar.value);
    most = std::max(most, bar.value);
  }
  if (all.empty() || all.size() > kBarsMax || least == most) return {};
  const double scale = (kWidth - kLabelWidth - 90) / (most - least);
  const double zero = kLabelWidth - least * scale;
  std::string content;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const double top = kRowHeight * static_cast<double>(i) + 4;
    const double end = zero + all[i].value * scale;
    content += fmt::format(
        "<text x=\"{:.0f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text><rect x=\"{:.1f}\" "
        "y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\"/><text x=\"{:.1f}\" "
        "y=\"{:.1f}\">{}</text>",
        kLabelWidth - 8, top + 14, label_text(all[i].label), std::min(zero, end), top,
        std::abs(end - zero), kRowHeight - 5, kInk, std::max(zero, end) + 6, top + 14,
        html_text(all[i].shown));
  }
  return svg_of(kRowHeight * static_cast<double>(all.size()) + 8, title, content);
}

// --- Lines over dates. ---

struct Point {
  double value = 0;
  bool is_open = false;  // its time is not over, so that the value is one so far
};

struct Line {
  std::string name;
  std::vector<std::optional<Point>> points;  // by date
};

std::string lines(const std::vector<std::string>& dates, const std::vector<Line>& all,
                  const std::string& unit, std::string_view title) {
  double most = 0, least = 0;
  for (const Line& line : all) {
    for (const std::optional<Point>& point : line.points) {
      if (!point) continue;
      most = std::max(most, point->value);
      least = std::min(least, point->value);
    }
  }
  if (dates.size() < 2 || most == least) return {};
  const double left = 60, right = kWidth - (all.size() > 1 ? 130 : 16);
  const double step = (right - left) / static_cast<double>(dates.size() - 1);
  const auto y_of = [&](double value) {
    return kMargin + kPlotHeight * (most - value) / (most - least);
  };
  const auto written = [&](double value) {
    return unit == "%" ? fmt::format("{:.1f}%", 100 * value) : fmt::format("{:.6g}", value);
  };
  std::string content;
  for (const double value : {least, (least + most) / 2, most}) {
    content += fmt::format(
        "<line x1=\"{0:.1f}\" x2=\"{1:.1f}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\" stroke=\"currentColor\" "
        "stroke-opacity=\"0.2\"/><text x=\"{3:.1f}\" y=\"{4:.1f}\" text-anchor=\"end\">{5}</text>",
        left, right, y_of(value), left - 6, y_of(value) + 4, written(value));
  }
  // Lines are told apart by their dashes, too, for those who do not see colours.
  constexpr std::string_view kInks[kLinesMax] = {"#2a78d6", "#d6692a", "#2aa86b",
                                                 "#9a4fc9", "#b58a00", "#7a7a7a"};
  constexpr std::string_view kDashes[kLinesMax] = {"none", "6 3", "2 3", "8 3 2 3", "1 2", "10 5"};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::vector<std::optional<Point>>& points = all[i].points;
    const auto is_joined = [&](std::size_t date) {
      return date < points.size() && points[date] && !points[date]->is_open;
    };
    std::string path;
    for (std::size_t date = 0; date < dates.size(); ++date) {
      if (!points[date]) continue;
      const double x = left + step * static_cast<double>(date);
      const double y = y_of(points[date]->value);
      const bool follows = date > 0 && is_joined(date - 1);
      if (is_joined(date)) path += fmt::format("{}{:.1f} {:.1f}", follows ? "L" : "M", x, y);
      if (is_joined(date) && (follows || is_joined(date + 1))) continue;
      // A point that no line meets is drawn by itself, and one that is not over as a ring.
      content +=
          fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\" fill=\"{}\" stroke=\"{}\"/>", x,
                      y, points[date]->is_open ? "none" : kInks[i], kInks[i]);
    }
    content += fmt::format(
        "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\" stroke-dasharray=\"{}\"/>",
        path, kInks[i], kDashes[i]);
    if (all.size() > 1) {
      content +=
          fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" fill=\"{}\">{}</text>", right + 6,
                      kMargin + 16 * static_cast<double>(i + 1), kInks[i], label_text(all[i].name));
    }
  }
  const double below = kMargin + kPlotHeight + 16;
  content += fmt::format(
      "<text x=\"{:.1f}\" y=\"{:.1f}\">{}</text><text x=\"{:.1f}\" y=\"{:.1f}\" "
      "text-anchor=\"end\">{}</text>",
      left, below, html_text(dates.front()), right, below, html_text(dates.back()));
  return svg_of(kMargin + kPlotHeight + kMarginBelow, title, content);
}

// Returns the keys of an answer: the columns before the first number that is a measure.
std::vector<std::size_t> keys_before(const QueryResult& result, std::size_t measure) {
  std::vector<std::size_t> keys;
  for (std::size_t i = 0; i < measure; ++i) {
    const ColumnType type = result.columns[i].type;
    if (type == ColumnType::kCount || type == ColumnType::kRatio) break;
    if (type != ColumnType::kBool) keys.push_back(i);
  }
  return keys;
}

std::string label_of(const QueryResult& result, const std::vector<Cell>& row,
                     const std::vector<std::size_t>& keys, Language language) {
  std::string label;
  for (const std::size_t key : keys) {
    const bool is_text = std::holds_alternative<std::string>(row[key]);
    label += (label.empty() ? "" : " · ") +
             (is_text ? cell_words(row[key], result.kind, result.columns[key].name, language)
                      : plain_text(row[key]));
  }
  return label;
}

// Draws one line for each combination of `keys`, which do not have the date.
std::string lines_of(const QueryResult& result, std::size_t date, std::size_t measure,
                     const std::vector<std::size_t>& keys, std::string_view title,
                     Language language) {
  const std::optional<std::size_t> complete = column_of(result, "complete");
  std::map<std::string, std::map<std::string, Point>> points;  // by line and date
  std::vector<Line> all;                                       // in the order of the answer
  std::set<std::string> days;
  for (const std::vector<Cell>& row : result.rows) {
    if (std::holds_alternative<std::monostate>(row[date])) continue;
    const std::string day = plain_text(row[date]);
    const std::string name = label_of(result, row, keys, language);
    days.insert(day);
    const auto [line, is_new] = points.try_emplace(name);
    if (is_new && all.size() == kLinesMax) return {};
    if (is_new) all.push_back({name, {}});
    const std::optional<double> value = plotted_number(row[measure]);
    if (!value) continue;
    const bool* const is_over = complete ? std::get_if<bool>(&row[*complete]) : nullptr;
    line->second[day] = Point{*value, is_over != nullptr && !*is_over};
  }
  const std::vector<std::string> dates(days.begin(), days.end());
  for (Line& line : all) {
    const std::map<std::string, Point>& of_line = points.at(line.name);
    for (const std::string& day : dates) {
      const auto point = of_line.find(day);
      line.points.push_back(point == of_line.end() ? std::nullopt : std::optional(point->second));
    }
    if (line.name.empty()) line.name = column_word(result.columns[measure].name, language);
  }
  const std::string& column = result.columns[measure].name;
  const bool is_percent =
      result.columns[measure].type == ColumnType::kRatio && is_share(result.kind, column);
  return lines(dates, all, is_percent ? "%" : "", title);
}

}  // namespace

std::string chart_svg(const QueryResult& result, std::string_view title, Language language) {
  if (result.rows.empty()) return {};
  if (result.pivot && (!result.pivot->rate.empty() || result.pivot->is_shaded)) {
    const Result<Matrix> matrix = to_matrix(result, std::nullopt);
    if (matrix.ok()) {
      const bool has_shares = std::ranges::any_of(matrix->shares, [](const auto& row) {
        return std::ranges::any_of(row, [](const auto& share) { return share.has_value(); });
      });
      if (has_shares) return heat_map(*matrix, title);
    }
  }
  const QueryKind* const kind = find_query_kind(result.kind);
  if (kind == nullptr) return {};
  const std::optional<std::size_t> measure = column_of(result, kind->chart);
  if (!measure) return {};
  std::vector<std::size_t> keys = keys_before(result, *measure);
  const auto found = std::ranges::find_if(
      keys, [&](std::size_t key) { return result.columns[key].type == ColumnType::kDate; });
  if (found != keys.end()) {
    const std::size_t date = *found;
    keys.erase(found);
    return lines_of(result, date, *measure, keys, title, language);
  }
  std::vector<Bar> all;
  for (const std::vector<Cell>& row : result.rows) {
    const std::optional<double> value = plotted_number(row[*measure]);
    if (!value) continue;
    all.push_back({label_of(result, row, keys, language), *value,
                   shown_text(row[*measure], result.kind, result.columns[*measure].name)});
  }
  return bars(all, title);
}

}  // namespace rollcall
