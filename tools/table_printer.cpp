#include "tools/table_printer.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "tools/chart.h"

namespace rollcall::tools {
namespace {

std::string pad(std::string_view text, std::size_t width, bool right) {
  const std::size_t have = display_width(text);
  const std::string blanks(width > have ? width - have : 0, ' ');
  return right ? blanks + std::string(text) : std::string(text) + blanks;
}

std::vector<std::size_t> column_widths(const Table& table) {
  std::vector<std::size_t> widths;
  for (const TableColumn& column : table.columns) widths.push_back(display_width(column.title));
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], display_width(row[i].text));
    }
  }
  return widths;
}

// Without colours, heat becomes a shade behind the number.
Table with_shades(Table table) {
  for (auto& row : table.rows) {
    for (TableCell& cell : row) {
      if (cell.heat) cell.text.append(" ").append(heat_shade(*cell.heat));
    }
  }
  // A title over shaded cells keeps above the numbers.
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const bool shaded = std::any_of(table.rows.begin(), table.rows.end(),
                                    [i](const auto& row) { return row[i].heat.has_value(); });
    if (!shaded) continue;
    table.columns[i].title += "  ";
    for (auto& row : table.rows) {
      if (!row[i].heat) row[i].text += "  ";
    }
  }
  return table;
}

// Leaves out columns before the last until the box fits.
Table fitted(const Table& table, std::size_t width) {
  const std::vector<std::size_t> widths = column_widths(table);
  std::size_t total = 1;
  for (const std::size_t w : widths) total += w + 3;
  const std::size_t count = table.columns.size();
  constexpr std::size_t kKept = 2;  // the first column, and the last
  if (width == 0 || total <= width || count <= kKept + 1) return table;

  std::size_t kept_before = count - 1;  // columns [0, kept_before) and the last stay
  total += 4;                           // for the column of "…"
  while (kept_before > 1 && total > width) total -= widths[--kept_before] + 3;

  Table result;
  const auto keep = [&](const auto& from, auto& to, auto gap) {
    to.assign(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(kept_before));
    to.push_back(std::move(gap));
    to.push_back(from.back());
  };
  keep(table.columns, result.columns, TableColumn{.title = "…"});
  for (const auto& row : table.rows) {
    keep(row, result.rows.emplace_back(), TableCell{.text = "…"});
  }
  return result;
}

std::string rule(const std::vector<std::size_t>& widths, std::string_view left,
                 std::string_view middle, std::string_view right) {
  std::string line(left);
  for (std::size_t i = 0; i < widths.size(); ++i) {
    if (i > 0) line += middle;
    for (std::size_t n = 0; n < widths[i] + 2; ++n) line += "─";
  }
  return line.append(right).append("\n");
}

std::string box_cell(const TableCell& cell, const TableColumn& column, std::size_t width,
                     bool color) {
  const std::string text = " " + pad(cell.text, width, column.right) + " ";
  if (!color) return text;
  std::string prefix;
  if (column.bar) prefix += kColorBar;
  if (cell.heat) prefix += heat_color(*cell.heat);
  if (cell.dim) prefix += kColorDim;
  return prefix.empty() ? text : prefix + text + std::string(kColorReset);
}

std::string print_box(const Table& table, bool color) {
  const std::vector<std::size_t> widths = column_widths(table);
  std::string text = rule(widths, "┌", "┬", "┐");
  text += "│";
  for (std::size_t i = 0; i < widths.size(); ++i) {
    const TableColumn& column = table.columns[i];
    text.append(" ").append(pad(column.title, widths[i], column.right)).append(" │");
  }
  text.append("\n").append(rule(widths, "├", "┼", "┤"));
  for (const auto& row : table.rows) {
    text += "│";
    for (std::size_t i = 0; i < widths.size(); ++i) {
      text.append(box_cell(row[i], table.columns[i], widths[i], color)).append("│");
    }
    text += "\n";
  }
  return text.append(rule(widths, "└", "┴", "┘"));
}

void append_plain_line(std::string& text, std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  text.append(line).append("\n");
}

std::string print_plain(const Table& table) {
  const std::vector<std::size_t> widths = column_widths(table);
  std::string text;
  std::string line;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    if (i > 0) line += "  ";
    line += pad(table.columns[i].title, widths[i], table.columns[i].right);
  }
  append_plain_line(text, std::move(line));
  for (const auto& row : table.rows) {
    line.clear();
    for (std::size_t i = 0; i < widths.size(); ++i) {
      if (i > 0) line += "  ";
      line += pad(row[i].text, widths[i], table.columns[i].right);
    }
    append_plain_line(text, std::move(line));
  }
  return text;
}

std::string markdown_escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|' || c == '\\') escaped += '\\';
    escaped += c == '\n' ? ' ' : c;
  }
  return escaped;
}

}  // namespace

std::string print_table(const Table& table, const Style& style) {
  if (!style.pretty) return print_plain(table);
  return print_box(fitted(style.color ? table : with_shades(table), style.width), style.color);
}

std::string print_markdown(const Table& table) {
  std::string text = "|";
  for (const TableColumn& column : table.columns) {
    text.append(" ").append(markdown_escaped(column.title)).append(" |");
  }
  text += "\n|";
  for (const TableColumn& column : table.columns) text += column.right ? "---:|" : "---|";
  text += "\n";
  for (const auto& row : table.rows) {
    text += "|";
    for (const TableCell& cell : row) {
      text.append(" ").append(markdown_escaped(cell.text)).append(" |");
    }
    text += "\n";
  }
  return text;
}

}  // namespace rollcall::tools
