// These options say how files of events are read: their format, columns, times and amounts, and
// what is plausible in them. The functions of file_source.h take these options.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/parquet.h"
#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

enum class FileFormat : std::uint8_t { kDelimited, kNdjson, kNative, kParquet };

// Says what a quote at the beginning of a field of delimited text means.
enum class QuoteRule : std::uint8_t {
  kFields,  // it opens a quoted field, as in RFC 4180; a record that breaks the rule is rejected
  // It opens a quoted field that ends on the same line. In a line that breaks the rule, quotes are
  // text, and so are those of a field that is not closed at the end of its line.
  kFieldsOrText,
  kText,  // it is text, like any other byte
};

// Says what an array or object becomes where the value of a property is expected.
enum class NestedValues : std::uint8_t {
  kText,   // its JSON text without blanks, or "$other" if that is longer than a value may be
  kOther,  // "$other"
};

enum class TimeUnit : std::uint8_t {
  // Goes by the size of each number, if that makes it a time between 1990 and 2100. Numbers with
  // leading zeros are not guessed, nor are those from 630822816000000000 to below
  // 649757376000000000, which may be ticks of 100 ns from the year 1.
  kGuess,
  kSeconds,
  kMilliseconds,
  kMicroseconds,
  kNanoseconds,
  // These are numbers of days as spreadsheets keep them, with a fraction for the time of day on the
  // clocks of the store's zone. In the first, 1 is 1900-01-01 and 61 is 1900-03-01; in the second,
  // 0 is 1904-01-01.
  kExcelDays,
  kExcelDays1904
};

// Says how amounts are written, where they differ from 1234.56.
struct AmountForm {
  char decimal = '.';    // stands between the whole part and the fraction
  std::string grouping;  // one character between groups of three digits; "": none
  std::string currency;  // may stand before or after an amount: "€", "EUR"; "": none
  bool rounds = false;   // to the store's decimals, halves away from zero

  friend bool operator==(const AmountForm&, const AmountForm&) = default;
};

// These limits may keep a good row out, as file_source.h explains. The time limits are those of
// SourceOptions; kTimeMax also stands for the engine's. kUnrounded refuses amounts with more
// decimals than the store keeps.
enum class SourceLimit : std::uint8_t {
  kLineBytes,
  kTimeMin,
  kTimeMax,
  kUserBytes,
  kNullUser,
  kUnrounded
};

// These options say how to read files. Those that are not set are guessed from the file's name, its
// header, and its first rows.
struct SourceOptions {
  std::optional<FileFormat>
      format;  // .csv .tsv .txt / .ndjson .jsonl .json / .rollcall, then .gz .zst; .parquet .parq
  // If this is not set, it is guessed among , ; | tab and space. " " stands for any run of blanks;
  // any other delimiter is 1 to 16 bytes of UTF-8 without a quote or a line end.
  std::optional<std::string> delimiter;
  // If this is not set, it is kFieldsOrText if the delimiter is a tab, kText if it is " ", and
  // kFields otherwise.
  std::optional<QuoteRule> quotes;
  // Says how many lines before the header are skipped; if it is not set, none are. If "sep=" and a
  // delimiter stand in the first line, or in the first after those lines and comments, that is the
  // delimiter, and the line is skipped, too.
  std::optional<std::uint32_t> skip_lines;
  std::string comment;               // lines that begin with it are skipped; empty: none
  std::vector<std::string> columns;  // names, if the file has no header line (or to replace them)
  std::optional<bool> header;        // unset: true, unless `columns` is given
  std::optional<std::string> user;   // column names; guessed from common ones if unset
  std::optional<std::string> event;
  std::optional<std::string> time;
  std::optional<std::string> value;        // a column name; "" for none
  std::optional<std::string> event_name;   // every event has this name; no event column
  std::optional<std::string> time_format;  // strptime-like, for non-standard times: "%Y%m%d"
  TimeUnit time_unit = TimeUnit::kGuess;   // of numeric times; not together with time_format
  NestedValues nested = NestedValues::kText;
  std::optional<char> decimal;  // see AmountForm
  std::optional<std::string> grouping;
  std::optional<std::string> currency;
  // Says whether amounts are rounded to the store's decimals. If not, rows with amounts that would
  // need rounding are refused (as kUnrounded).
  bool round_values = false;
  // Says whether rows are rejected (as kNullUser) if their user id means nobody ("null",
  // "undefined", ...). If not, such ids are users like any other, and the report counts their rows.
  bool reject_null_users = false;
  // A file whose content was read before with other columns, or that may be the beginning of a
  // longer one, is an error, since its rows would count twice. With this option they count again.
  // An end at which reading a longer file once stopped is recognised all the same.
  bool again = false;
  // These limits also refuse rows of blocks of the native format.
  std::optional<TimeUs> time_min;  // rows before it are refused; unset: none are
  std::optional<TimeUs> time_max;  // rows after it are refused; unset: none are
  std::uint32_t line_bytes_max = 1 << 20;
  std::uint32_t user_bytes_max = 65'536;  // the engine takes no more than this default
  // Reads Parquet files, whose columns have names and types. Options about the form of text, from
  // `delimiter` to `header`, and `line_bytes_max`, do not concern them; nor does `time_format`
  // where the time is a timestamp or a date, nor the form of amounts where the value is a number.
  // If this is empty, a Parquet file is an error.
  ReadParquet read_parquet = {};
};

// Returns the first instant of the date `text` ("1990-01-31") in an IANA time zone, for time
// limits.
//   kInvalidArgument  `text` is not a date, or there is no such zone
Result<TimeUs> first_instant_of(std::string_view text, std::string_view time_zone);

}  // namespace rollcall
