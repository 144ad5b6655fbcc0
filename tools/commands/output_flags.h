// These flags say how an answer is printed: -o, --output-file, --shape, --cells, --escape-formulas,
// --color, --chart.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "rollcall/query.h"
#include "rollcall/status.h"
#include "tools/result_printer.h"
#include "tools/terminal.h"

namespace rollcall::tools {

struct OutputFlags {
  OutputFormat format = OutputFormat::kTable;
  Shape shape = Shape::kAuto;
  std::optional<std::string> cells = std::nullopt;
  std::string file = {};  // the file that a set goes to; empty: standard output
  bool escape_formulas = false;
  When color = When::kAuto;
  When chart = When::kAuto;
};

// `flags.format` as it stands is the default of -o.
void add_output_flags(CLI::App& command, OutputFlags& flags);

// Adds -o for reports that are tables or one JSON object.
void add_report_output_flag(CLI::App& command, OutputFlags& flags);

Style style_of(const OutputFlags& flags);

// Writes what the reader should know of the answer to standard error.
void print_notes(const QueryResult& result);

// Writes the answer to standard output, or a set to its file, with its notes. `user_kind` is that
// of the store.
Status print(const QueryResult& result, const OutputFlags& flags, UserKind user_kind);
// Writes a page of an answer that has more of them, as CSV or JSON lines; only the first has the
// names of columns and the notes.
Status print_page(const QueryResult& result, const OutputFlags& flags, UserKind user_kind,
                  bool is_first);
// Writes several answers: as one JSON array, or one table after the other.
Status print(const std::vector<QueryResult>& results, const OutputFlags& flags, UserKind user_kind);

}  // namespace rollcall::tools
