// Says how a source is read: this is everything that decides which rows come out of its content.
//
// It belongs to a known source and stays as the source grows: what was once guessed from its first
// rows is not guessed again from more of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time/time_zone.h"
#include "rollcall/file_source.h"
#include "rollcall/option_hint.h"
#include "rollcall/status.h"

namespace rollcall {

struct SourceReading {
  struct Column {
    std::string role;  // user, time, event, value, or a dimension
    std::string name;
    std::uint32_t number = 0;  // in delimited text, from 0, where names may be replaced

    bool operator==(const Column&) const = default;
  };

  FileFormat format = FileFormat::kDelimited;
  std::string delimiter = ",";
  QuoteRule quotes = QuoteRule::kFields;
  std::uint32_t skip_lines = 0;
  std::string comment;
  NestedValues nested = NestedValues::kText;
  bool header = true;
  std::vector<std::string> names;  // of all columns, if they were given
  std::vector<Column> columns;     // those that are used
  std::string event_name;
  std::string time_format;
  TimeUnit time_unit = TimeUnit::kGuess;
  AmountForm amounts;  // the default if there is no value
  // Says that rows whose amount would need rounding are held as refused, so that rounding is not
  // another reading. It is false if there is no value, or if an earlier version rejected them.
  bool holds_unrounded = false;

  bool operator==(const SourceReading&) const = default;

  // Returns a key that is equal for readings that get the same rows out of any content.
  std::string key() const;
  std::uint64_t hash() const;  // of the key

  // Returns, for people, "user = CustomerID, time = InvoiceDate, event_name = purchase".
  std::string describe() const;
};

// Returns whether an option of the hint would change how a source is read.
bool names_another_reading(const OptionHint& hint);

// Says how a content is going to be read.
struct ReadingPlan {
  SourceSchema schema;
  SourceOptions options;  // options that give this schema
  SourceReading reading;
  // Says that another form or unit of times was chosen but ignored, because it reads the first rows
  // as before. What a limit refused of a source comes in as it was read, and so does what it grows
  // by.
  bool keeps_times = false;
};

// Plans to read a source named `name` whose content begins with `head`, and ends with it if
// `complete`. What `options` leave open is as in `known` if that is set, and otherwise guessed. A
// form or unit of times that reads the first rows as `known` does counts as the same.
Result<ReadingPlan> plan_reading(std::string_view name, std::string_view head, bool complete,
                                 const SourceOptions& options, const StoreSettings& settings,
                                 const TimeZone& zone, const SourceReading* known);

// Returns how a source with guessed columns would be read if `options` had been given when
// `beginning` was read for the first time; its content ends with `beginning` if `complete`. Options
// that name its columns, or say how amounts are written while there is no value, decide which
// columns are taken. If the options do not decide it, it is as in `known`.
std::optional<SourceReading> reading_if_new(std::string_view name, std::string_view beginning,
                                            bool complete, const SourceOptions& options,
                                            const StoreSettings& settings,
                                            const SourceReading& known);

}  // namespace rollcall
