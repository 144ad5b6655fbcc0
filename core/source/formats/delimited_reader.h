// Delimited text to rows: CSV and its kin, and columns padded with blanks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "core/base/text_arena.h"
#include "core/source/formats/record_cutter.h"
#include "core/source/values/row.h"

namespace rollcall {

inline constexpr std::uint32_t kNoColumn = std::numeric_limits<std::uint32_t>::max();

// Reads the records that record_cutter.h describes. A line end is "\n" or "\r\n"; empty lines are
// no records, nor are comments. With the delimiter " ", fields are separated by runs of blanks and
// tabs, leading and trailing ones mean nothing, and there are no quotes. A record with another
// number of fields than there are columns is at fault. Threads: one at a time.
class DelimitedReader {
 public:
  // Field i of a row comes from column `columns[i]` (kNoColumn: it stays empty) of `column_count`;
  // a count of 0 takes records of any number of fields.
  DelimitedReader(const RecordSyntax& syntax, std::size_t column_count,
                  std::vector<std::uint32_t> columns);

  // Begins a block, which is empty or ends with a line end, and must outlive its rows.
  void start(std::string_view block);

  // Takes the next record; false after the last one.
  bool next(Row& row);

  // All fields of the record that `next` took, while it is not at fault: of a reader that takes any
  // number of fields.
  const std::vector<Field>& all_fields() const { return fields_; }

 private:
  void index_structure();
  // Leaves out of the structure what is the first byte of a delimiter and not all of it.
  void drop_partial_delimiters();
  void skip_line();
  bool next_quoted_or_plain(Row& row);
  // Takes the record at `position_`, which is not an empty line, if it has as many fields as there
  // should be, none of them with a quote in it, and is not too long. False takes nothing.
  bool take_plain(Row& row);
  bool next_blank_separated(Row& row);
  // The fault of a record that would have several lines; `field` is the first that goes past one.
  RowFault not_closed(std::size_t begin, std::size_t field) const;
  // Makes the first line of the record at `begin` the row: it is at fault, or, where quotes may be
  // text, has them as text.
  void take_line(Row& row, std::size_t begin, RowFault fault);
  // Cuts the line of `row`, which begins at `begin`, into fields, its quotes being text.
  void split_as_text(Row& row, std::size_t begin);
  void hand_over(Row& row);

  RecordSyntax syntax_;
  std::size_t column_count_;
  std::vector<std::uint32_t> columns_;
  std::string_view block_;
  // Where delimiters, line ends and quotes are, after a first that stands for what is before them.
  std::vector<std::uint32_t> structure_;
  std::size_t structure_size_ = 0;
  std::size_t cursor_ = 1;         // of structure_
  std::size_t record_cursor_ = 0;  // where it was when the record began
  std::size_t position_ = 0;       // of block_: where the next record begins
  std::vector<Field> fields_;
  TextArena arena_;  // fields that held quotes
};

// The fault of the line that a record begins with whose quoted field goes on for longer than that.
RowFault cut_short_fault(std::size_t line_bytes_max, std::uint32_t column);

// The fault of a record longer than that; the row that goes with it is cut to that length.
RowFault too_long_fault(std::size_t line_bytes_max);

}  // namespace rollcall
