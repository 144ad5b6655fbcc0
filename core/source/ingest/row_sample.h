// Samples the first rows of text sources, and determines from them how the text is cut.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/source/formats/record_cutter.h"
#include "rollcall/file_source.h"
#include "rollcall/status.h"

namespace rollcall {

// Holds the first rows of a source, as text.
struct RowSample {
  std::vector<std::string> columns;
  std::vector<std::string> objects;            // NDJSON: names of objects that contain columns
  std::vector<std::vector<std::string>> rows;  // a text by column; "" when absent
};

// Returns the error of the source of that name.
Status source_fault(std::string_view name, std::string_view what);

// Returns the text without the blanks and tabs around it.
std::string_view trim(std::string_view text);

// Returns the part of a source's first bytes that is looked at: without the byte order mark and the
// skipped lines.
std::string_view after_preamble(std::string_view head, std::uint32_t skip_lines);

std::string_view first_line(std::string_view head);

// Is a line "sep=;" as spreadsheets write and read it.
struct DeclaredDelimiter {
  std::string_view delimiter;  // "": there is no such line
  std::uint32_t lines = 0;     // up to the end of it
};

// Returns the one in the first line, or in the first line after the `skip_lines` that are skipped
// and comments.
DeclaredDelimiter declared_delimiter(std::string_view head, std::uint32_t skip_lines,
                                     std::string_view comment);

// Checks the first lines, all of which `head` has.
//   kInvalidArgument  it looks like text, but would be read as broken lines
Status check_text(std::string_view name, std::string_view head);

FileFormat guess_format(std::string_view name, std::string_view head);

// Returns the delimiter that splits each of the first lines into the same number of fields, two or
// more; among several, the one that makes the most fields. If there is none, returns the one that
// splits the first line into the most fields. A file named .tsv has tabs, if its first line has
// one.
std::string_view guess_delimiter(std::string_view name, std::string_view head, bool complete,
                                 const SourceOptions& options);

QuoteRule quotes_of(std::string_view delimiter, const SourceOptions& options);

// Returns how the text of a source with this schema is cut into records and fields.
RecordSyntax record_syntax(const SourceSchema& schema, const SourceOptions& options);

// Returns the rows with which `head`, an after_preamble, begins. It looks only at the format, the
// delimiter and the header of `schema`.
//   kInvalidArgument  there is none that can be read
Result<RowSample> sample_rows(std::string_view name, std::string_view head, bool complete,
                              const SourceOptions& options, const SourceSchema& schema);

// Returns whether at least half of the texts in the column are such texts, or there are none.
bool holds_mostly(const RowSample& sample, const std::string& column,
                  const std::function<bool(std::string_view)>& is_such);
// Returns the first text of the column that is no such text, or "" if there is none.
std::string first_unlike(const RowSample& sample, const std::string& column,
                         const std::function<bool(std::string_view)>& is_such);

// Returns how many of the rows have no text in the column, and whether it is at most half of them.
std::size_t rows_without(const RowSample& sample, const std::string& column);
bool is_mostly_there(const RowSample& sample, const std::string& column);
// Returns whether no row has a text in the column that is not a word for nothing.
bool is_all_empty(const RowSample& sample, const std::string& column);

// Returns whether a content with this schema that is all in `content` has a row, good or not.
bool holds_a_row(std::string_view name, std::string_view content, const SourceOptions& options,
                 const SourceSchema& schema);

}  // namespace rollcall
