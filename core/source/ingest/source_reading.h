// How a source is read: everything that decides which rows come out of its content.
//
// It belongs to a source that is known, and stays as the source grows: what was guessed from its
// first rows once is not guessed again from more of them.
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
    std::uint32_t number = 0;  // of delimited text, from 0; there names may be replaced

    bool operator==(const Column&) const = default;
  };

  FileFormat format = FileFormat::kDelimited;
  std::string delimiter = ",";
  QuoteRule quotes = QuoteRule::kFields;
  std::uint32_t skip_lines = 0;
  std::string comment;
  NestedValues nested = NestedValues::kText;
  bool header = true;
  std::vector<std::string> names;  // of all columns, when they were given
  std::vector<Column> columns;     // that are used
  std::string event_name;
  std::string time_format;
  TimeUnit time_unit = TimeUnit::kGuess;
  AmountForm amounts;  // as by default when there is no value
  // Rows whose amount would have to be rounded are held as refused, so that it is no other reading
  // that rounds. False: there is no value, or an earlier version rejected them.
  bool holds_unrounded = false;

  bool operator==(const SourceReading&) const = default;

  // Equal for two readings that get the same rows out of any content.
  std::string key() const;
  std::uint64_t hash() const;  // of the key

  // "user = CustomerID, time = InvoiceDate, event_name = purchase", for people.
  std::string describe() const;
};

// Whether an option of the hint would have a source read in another way.
bool names_another_reading(const OptionHint& hint);

// How a content is going to be read.
struct ReadingPlan {
  SourceSchema schema;
  SourceOptions options;  // that give this schema
  SourceReading reading;
  // Another form or unit of times was chosen, which reads the first rows as before, and is left
  // out: what a limit refused of a source comes in as it was read, and so does what it grows by.
  bool keeps_times = false;
};

// Plans to read a source named `name` whose content begins with `head`, and ends with it if
// `complete`. What `options` leave open is as in `known`, if that is set, and else guessed. A form
// or unit of times that reads the first rows as `known` does is taken for the same.
Result<ReadingPlan> plan_reading(std::string_view name, std::string_view head, bool complete,
                                 const SourceOptions& options,
                                 const std::vector<std::string>& dimensions, const TimeZone& zone,
                                 const SourceReading* known);

// How a source would be read whose columns are guessed, had `options` been given when `beginning`,
// which its content ends with if `complete`, was read for the first time: options that name its
// columns, or say how amounts are written while there is no value, decide which are taken. Unset:
// as it is in `known`.
std::optional<SourceReading> reading_if_new(std::string_view name, std::string_view beginning,
                                            bool complete, const SourceOptions& options,
                                            const std::vector<std::string>& dimensions,
                                            const SourceReading& known);

}  // namespace rollcall
