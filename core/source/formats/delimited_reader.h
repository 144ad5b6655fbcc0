// This reader takes rows from delimited text: CSV and its kin, and columns padded with blanks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/text_arena.h"
#include "core/source/formats/record_cutter.h"
#include "core/source/values/row.h"

namespace rollcall {

inline constexpr std::uint32_t kNoColumn = std::numeric_limits<std::uint32_t>::max();

// Reads the records that record_cutter.h describes. A line end is "\n" or "\r\n"; empty lines and
// comments are no records. With the delimiter " ", fields are separated by runs of blanks and tabs,
// leading and trailing ones have no meaning, and there are no quotes. A record with another number
// of fields than there are columns is at fault. One thread may use it at a time.
class DelimitedReader {
 public:
  // Field i of a row comes from column `columns[i]` (kNoColumn: it stays empty) of `column_count`;
  // a count of 0 takes records of any number of fields.
  DelimitedReader(const RecordSyntax& syntax, std::size_t column_count,
                  std::vector<std::uint32_t> columns);

  // Begins a block, which is empty or ends with a line end, and must outlive its rows.
  void start(std::string_view block);

  // Takes the next record. Returns false after the last one.
  bool next(Row& row);

  // Returns all fields of the record that `next` took, if it is not at fault. Works only for a
  // reader that takes any number of fields.
  const std::vector<Field>& all_fields() const { return fields_; }

 private:
  void index_structure();
  // Removes from the structure what is only the first byte of a delimiter.
  void drop_partial_delimiters();
  void skip_line();
  void skip_empty_lines();
  bool next_quoted_or_plain(Row& row);
  // Takes the record at `position_`, which is not an empty line, if it has the right number of
  // fields, none of them contains a quote, and it is not too long. Otherwise returns false and
  // takes nothing.
  bool take_plain(Row& row);
  bool next_blank_separated(Row& row);
  // Takes the quoted field at `field` of the record that begins at `begin`. Returns the place of
  // the delimiter or line end after it, or none if nothing closes it. `many_lines_from` becomes the
  // first field that goes past the record's first line, if there was none yet.
  std::optional<std::size_t> take_quoted(std::size_t begin, std::size_t field,
                                         std::optional<std::size_t>& many_lines_from);
  // Returns the text of a quoted field, in which quotes are doubled.
  std::string_view unescaped(std::string_view text);
  RowFault quote_fault(std::size_t begin, std::size_t field,
                       std::optional<std::size_t> many_lines_from) const;
  // Returns the fault of a record that would have several lines; `field` is the first that goes
  // past one.
  RowFault not_closed(std::size_t begin, std::size_t field) const;
  // Makes the first line of the record at `begin` the row: it is at fault or, if quotes may be
  // text, has them as text.
  void take_line(Row& row, std::size_t begin, RowFault fault);
  // Cuts the line of `row`, which begins at `begin`, into fields, with its quotes as text.
  void split_as_text(Row& row, std::size_t begin);
  void hand_over(Row& row);

  RecordSyntax syntax_;
  std::size_t column_count_;
  std::vector<std::uint32_t> columns_;
  std::string_view block_;
  // Holds the places of delimiters, line ends and quotes, after a first one for what is before
  // them.
  std::vector<std::uint32_t> structure_;
  std::size_t structure_size_ = 0;
  std::size_t cursor_ = 1;         // in structure_
  std::size_t record_cursor_ = 0;  // where it was when the record began
  std::size_t position_ = 0;       // in block_: where the next record begins
  std::vector<Field> fields_;
  TextArena arena_;  // fields that held quotes
};

// Returns the fault of the first line of a record whose quoted field goes on for longer than that.
RowFault cut_short_fault(std::size_t line_bytes_max, std::uint32_t column);

// Returns the fault of a record longer than that; the row that goes with it is cut to that length.
RowFault too_long_fault(std::size_t line_bytes_max);

}  // namespace rollcall
