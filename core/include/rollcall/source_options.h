// How files of events are read: their format, columns, times and amounts, and what is plausible in
// them. file_source.h reads them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

enum class FileFormat : std::uint8_t { kDelimited, kNdjson, kNative };

// Says what a quote at the beginning of a field of delimited text means.
enum class QuoteRule : std::uint8_t {
  kFields,  // it opens a quoted field, as in RFC 4180; a record that breaks the rule is rejected
  // The same within one line: the quotes of a line that breaks the rule are text, as are those of a
  // field that is not closed where its line ends.
  kFieldsOrText,
  kText,  // it is text, like any other byte
};

// Says what an array or object becomes where the value of a dimension is wanted.
enum class NestedValues : std::uint8_t {
  kText,   // its JSON text without blanks; "$other" where that is longer than a value may be
  kOther,  // "$other"
};

enum class TimeUnit : std::uint8_t {
  // By the size of each number, if that makes it a time between 1990 and 2100; not of those with
  // leading zeros, nor of those from 630822816000000000 to below 649757376000000000, which may be
  // ticks of 100 ns from the year 1.
  kGuess,
  kSeconds,
  kMilliseconds,
  kMicroseconds,
  kNanoseconds,
  // Numbers of days as spreadsheets keep them, a fraction being the time of day on the clocks of
  // the store's zone: 1 is 1900-01-01 and 61 is 1900-03-01, or 0 is 1904-01-01.
  kExcelDays,
  kExcelDays1904
};

// How amounts are written, where it is not as in 1234.56.
struct AmountForm {
  char decimal = '.';    // between the whole and the fraction
  std::string grouping;  // one character between groups of three digits; "": none
  std::string currency;  // may stand before or after an amount: "€", "EUR"; "": none
  bool rounds = false;   // to the store's decimals, halves away from zero

  friend bool operator==(const AmountForm&, const AmountForm&) = default;
};

// Names the limits that may keep a good row out, as file_source.h says. Times are of SourceOptions;
// kTimeMax is also the engine's. kUnrounded is that of amounts with more decimals than the store
// keeps.
enum class SourceLimit : std::uint8_t {
  kLineBytes,
  kTimeMin,
  kTimeMax,
  kUserBytes,
  kNullUser,
  kUnrounded
};

// How to read files. Whatever is unset is guessed from the file's name, its header, and its first
// rows.
struct SourceOptions {
  std::optional<FileFormat>
      format;  // .csv .tsv .txt / .ndjson .jsonl .json / .rollcall, then .gz .zst
  // Guessed among , ; | tab and space. " " stands for any run of blanks; otherwise 1 to 16 bytes of
  // UTF-8 without a quote or a line end.
  std::optional<std::string> delimiter;
  // Unset: kFieldsOrText where the delimiter is a tab, kText where it is " ", else kFields.
  std::optional<QuoteRule> quotes;
  // Lines before the header that are passed over; unset: none. Where "sep=" and a delimiter stand
  // in the first line, or in the first after those and comments, it is the delimiter, and the line
  // is passed over, too.
  std::optional<std::uint32_t> skip_lines;
  std::string comment;               // lines that begin with it are passed over; empty: none
  std::vector<std::string> columns;  // names, when the file has no header line (or to replace them)
  std::optional<bool> header;        // unset: true, unless `columns` is given
  std::optional<std::string> user;   // column names; guessed from the common ones
  std::optional<std::string> event;
  std::optional<std::string> time;
  std::optional<std::string> value;        // a column name; "" for none
  std::optional<std::string> event_name;   // every event has this name; no event column
  std::optional<std::string> time_format;  // strptime-like, for times in no standard form: "%Y%m%d"
  TimeUnit time_unit = TimeUnit::kGuess;   // of numeric times; not beside time_format
  NestedValues nested = NestedValues::kText;
  std::optional<char> decimal;  // see AmountForm
  std::optional<std::string> grouping;
  std::optional<std::string> currency;
  // Whether amounts are rounded to the store's decimals; else rows that would have to be are
  // refused (as kUnrounded).
  bool round_values = false;
  // Whether rows of users that is_null_id are rejected (as kNullUser); else they are users like any
  // other, and counted in the report.
  bool reject_null_users = false;
  // A content that was read before with other columns, or that may be the beginning of a longer
  // one, is an error, since its rows would count twice; this has them count again. What stood there
  // when a longer one was read to that place is known all the same.
  bool again = false;
  // The limits. Of a block of the native format they refuse rows, too.
  std::optional<TimeUs> time_min;  // rows before it are refused; unset: none is
  std::optional<TimeUs> time_max;  // rows after it are refused; unset: none is
  std::uint32_t line_bytes_max = 1 << 20;
  std::uint32_t user_bytes_max = 65'536;  // which is the most that the engine takes
};

// The first instant of the date `text` ("1990-01-31") in an IANA time zone, for the time limits.
//   kInvalidArgument  no date, or no such zone
Result<TimeUs> first_instant_of(std::string_view text, std::string_view time_zone);

}  // namespace rollcall
