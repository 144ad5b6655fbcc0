// The first rows of text sources, and what they say of how the text is cut.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/source/formats/record_cutter.h"
#include "rollcall/file_source.h"
#include "rollcall/status.h"

namespace rollcall {

// The first rows of a source, as text.
struct RowSample {
  std::vector<std::string> columns;
  std::vector<std::string> objects;            // of NDJSON, names that columns stand within
  std::vector<std::vector<std::string>> rows;  // a text by column; "" when absent
};

// Says what is wrong with the source of that name.
Status source_fault(std::string_view name, std::string_view what);

// Without the blanks and tabs around it.
std::string_view trim(std::string_view text);

// What of a source's first bytes is looked at: without the byte order mark and the lines that are
// passed over.
std::string_view after_preamble(std::string_view head, std::uint32_t skip_lines);

std::string_view first_line(std::string_view head);

// A line "sep=;" as spreadsheets write and read it.
struct DeclaredDelimiter {
  std::string_view delimiter;  // "": there is no such line
  std::uint32_t lines = 0;     // up to the end of it
};

// The one that is the first line, or the first after those that are passed over, which are
// `skip_lines`, and comments.
DeclaredDelimiter declared_delimiter(std::string_view head, std::uint32_t skip_lines,
                                     std::string_view comment);

// `head` has all of the first lines.
//   kInvalidArgument  it looks like text, and would be read as broken lines
Status check_text(std::string_view name, std::string_view head);

FileFormat guess_format(std::string_view name, std::string_view head);

// The delimiter that splits every one of the first lines into the same number of fields, two or
// more: the one that makes most of them. Else the one that splits the first line into most. A file
// named .tsv has tabs, if its first line has one.
std::string_view guess_delimiter(std::string_view name, std::string_view head, bool complete,
                                 const SourceOptions& options);

QuoteRule quotes_of(std::string_view delimiter, const SourceOptions& options);

// How the text of a source with this schema is cut into records and fields.
RecordSyntax record_syntax(const SourceSchema& schema, const SourceOptions& options);

// The rows that `head`, which is after_preamble, begins with. Of `schema`, only the format, the
// delimiter and the header are looked at.
//   kInvalidArgument  there is none that can be read
Result<RowSample> sample_rows(std::string_view name, std::string_view head, bool complete,
                              const SourceOptions& options, const SourceSchema& schema);

// Whether a content with this schema that is all in `content` has a row, good or not.
bool holds_a_row(std::string_view name, std::string_view content, const SourceOptions& options,
                 const SourceSchema& schema);

}  // namespace rollcall
