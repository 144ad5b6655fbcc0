// Where a text can be cut so that no record is.
//
// A record of delimited text ends with its line, unless a quoted field holds the line's end. As in
// RFC 4180 a quote opens a quoted field only as the field's first byte; anywhere else in an
// unquoted field it is a byte like any other. Inside, "" stands for a quote; the closing quote is
// followed by a delimiter or the line's end. A record that breaks the last rule, that is never
// closed, or that has more than line_bytes_max bytes, is no record: its first line is bad, and the
// next record begins on the next line. So a stray quote costs one line, and never the rest of the
// file. One that is only too long is followed to its end all the same, and its lines are read as if
// the text ended there (LongRecord). Under QuoteRule::kFieldsOrText every line is a record: a
// quoted field ends on the line that it begins on, and a line that breaks the rule has its quotes
// as text. A line that begins with the comment mark where a record may begin is no record.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "rollcall/source_options.h"

namespace rollcall {

struct RecordSyntax {
  // " " stands for any run of blanks, and knows no quotes. Two delimiters never overlap: the first
  // one in a field ends it.
  std::string delimiter = ",";
  QuoteRule quotes = QuoteRule::kFields;
  // Of a record, without its line end. One that is longer is bad.
  std::size_t line_bytes_max = std::size_t{1} << 20;
  std::string comment = {};  // empty: there are no comments

  bool is_comment(std::string_view line) const {
    return !comment.empty() && line.starts_with(comment);
  }
};

inline constexpr std::size_t kNowhere = std::string_view::npos;

// Returns how many bytes of `text`, which begins with a record, are whole records and bad lines:
// 0, or up to just after a line end. What follows them decides nothing about them. `cut_short`, if
// not null, becomes where the first of these lines begins that is too long, or was cut from a
// record that is; kNowhere: none.
std::size_t whole_records_size(std::string_view text, const RecordSyntax& syntax,
                               std::size_t* cut_short = nullptr);

// Whether `text`, which begins with a line of at most line_bytes_max bytes and goes on as far as it
// was read when that line was found to be bad, might begin with a record if more bytes were
// allowed.
bool is_cut_short(std::string_view text, const RecordSyntax& syntax);

// Follows a record that was cut short, as its lines stream by, to where it ends: what comes after
// it is read as if nothing had come before.
class LongRecord {
 public:
  explicit LongRecord(const RecordSyntax& syntax) : syntax_(syntax) {}

  bool is_open() const { return place_ != Place::kNone; }

  // The next line is the one that it begins with.
  void begin();
  // Takes the next lines. Returns how many of their bytes are of the record: all while it is open,
  // else those up to its end, or up to the line that makes it none.
  std::size_t follow(std::string_view lines);

 private:
  enum class Place : std::uint8_t { kNone, kField, kText, kQuotes, kQuote, kAfterQuotes };

  Place next(char c);

  RecordSyntax syntax_;
  Place place_ = Place::kNone;
  bool is_record_ = true;
  std::string seen_;  // of what may be a delimiter, or the line's end
};

}  // namespace rollcall
