// Finds where a text can be cut so that no record is.
//
// A record of delimited text ends with its line, unless a quoted field holds the line's end. As in
// RFC 4180, a quote opens a quoted field only as the field's first byte; anywhere else in an
// unquoted field it is a byte like any other. Inside, "" stands for a quote; the closing quote is
// followed by a delimiter or the line's end. A record that breaks the last rule, is never closed,
// or has more than line_bytes_max bytes, is not a record: its first line is bad, and the next
// record begins on the next line. A stray quote thus costs one line, never the rest of the file. A
// record that is only too long is still followed to its end, and its lines are read as if the text
// ended there (LongRecord). Under QuoteRule::kFieldsOrText every line is a record: a quoted field
// ends on the line on which it begins, and a line that breaks the rule has its quotes as text. A
// line that begins with the comment mark where a record may begin is not a record.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "rollcall/source_options.h"

namespace rollcall {

struct RecordSyntax {
  // " " stands for any run of blanks, and allows no quotes. Delimiters never overlap: the first one
  // in a field ends it.
  std::string delimiter = ",";
  QuoteRule quotes = QuoteRule::kFields;
  // A record has at most this many bytes, without its line end. A longer one is bad.
  std::size_t line_bytes_max = std::size_t{1} << 20;
  std::string comment = {};  // empty: there are no comments

  bool is_comment(std::string_view line) const {
    return !comment.empty() && line.starts_with(comment);
  }
};

inline constexpr std::size_t kNowhere = std::string_view::npos;

// Returns how many bytes of `text`, which begins with a record, are whole records and bad lines: 0,
// or up to just after a line end. No later bytes can change that. If `cut_short` is not null, it
// becomes the beginning of the first of these lines that is too long, or was cut from a record that
// is; kNowhere if there is none.
std::size_t whole_records_size(std::string_view text, const RecordSyntax& syntax,
                               std::size_t* cut_short = nullptr);

// Returns whether `text` might begin with a record if more bytes were allowed. It begins with a
// line of at most line_bytes_max bytes, and goes on as far as it was read when that line was found
// to be bad.
bool is_cut_short(std::string_view text, const RecordSyntax& syntax);

// Follows a record that was cut short to its end, as its lines stream by. What comes after it is
// read as if nothing had come before.
class LongRecord {
 public:
  explicit LongRecord(const RecordSyntax& syntax) : syntax_(syntax) {}

  bool is_open() const { return place_ != Place::kNone; }

  // Begins a record with the next line.
  void begin();
  // Takes the next lines. Returns how many of their bytes belong to the record: all while it is
  // open, otherwise those up to its end, or up to the line that shows that it is not a record.
  std::size_t follow(std::string_view lines);

 private:
  enum class Place : std::uint8_t { kNone, kField, kText, kQuotes, kQuote, kAfterQuotes };

  Place next(char c);

  RecordSyntax syntax_;
  Place place_ = Place::kNone;
  bool is_record_ = true;
  std::string seen_;  // the beginning of what may be a delimiter or the line's end
};

}  // namespace rollcall
