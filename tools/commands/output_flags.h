// These flags say how an answer is printed: -o, --output-file, --shape, --cells, --escape-formulas,
// --color, --chart.
#pragma once

#include <cstddef>
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

// Writes one thing that the reader should know to standard error, shortened if it is long.
void print_note(const std::string& text);
// Writes what the reader should know of the answer to standard error.
void print_notes(const QueryResult& result);

// Writes the answer to standard output, or a set to its file, with its notes. `user_kind` is that
// of the store.
Status print(const QueryResult& result, const OutputFlags& flags, UserKind user_kind);
// Writes several answers: as one JSON array, or one table after the other.
Status print(const std::vector<QueryResult>& results, const OutputFlags& flags, UserKind user_kind);

// Writes an answer that comes in pages, none of which it keeps, in any form but a set. What is
// written is what print() would write of all of them at once, except that on a terminal each page
// is a table of its own.
class PagedOutput {
 public:
  // `flags` outlive it.
  PagedOutput(const OutputFlags& flags, UserKind user_kind)
      : flags_(flags), user_kind_(user_kind) {}

  // The notes and the totals of the answer are taken from the first page.
  Status add(QueryResult page);
  // Ends the answer, of which there was a page.
  Status end();

 private:
  // Is an answer in JSON but for its rows: what stands before and behind them.
  struct Around {
    std::string head, tail;
  };
  Status add_json(QueryResult page, bool is_first);
  Result<Around> around_rows() const;
  // Returns how many lines of a page repeat the names of its columns.
  std::size_t head_lines() const;

  const OutputFlags& flags_;
  const UserKind user_kind_;
  std::optional<QueryResult> first_;  // without its rows
  bool has_rows_ = false;             // were written
};

}  // namespace rollcall::tools
