// These are tables of ready-made texts: in boxes for a terminal, aligned for a pipe, or as
// Markdown.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/terminal.h"

namespace rollcall::tools {

struct TableCell {
  std::string text;
  std::optional<double> heat =
      std::nullopt;  // a rate between 0 and 1, shown as colour or shade where pretty
  bool dim = false;  // shown fainter where there are colours
};

struct TableColumn {
  std::string title;
  bool right = false;  // numbers stand at the right
  bool bar = false;    // cells are bars, drawn in the colour of bars
};

struct Table {
  std::vector<TableColumn> columns;
  std::vector<std::vector<TableCell>> rows;  // each as long as `columns`
};

// In a pretty style, the table is a box; otherwise its columns are two blanks apart, without
// trailing blanks. On a terminal too narrow for all columns, those before the last are left out and
// "…" stands for them.
std::string print_table(const Table& table, const Style& style);

std::string print_markdown(const Table& table);

}  // namespace rollcall::tools
