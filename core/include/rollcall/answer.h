// An answer consists of a table and of what was asked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "rollcall/types.h"

namespace rollcall {

enum class ColumnType : std::uint8_t {
  kDate,
  kTime,
  kString,
  kInt,
  kCount,
  kRatio,
  kDecimal,
  kBool
};

struct Column {
  std::string name;
  ColumnType type;
};

// A cell holds one of these; monostate is null. kCount and kInt are int64, kRatio is double, and
// kDecimal is a string.
using Cell = std::variant<std::monostate, bool, std::int64_t, double, Day, ZonedTime, std::string>;

// Says how a long result becomes a matrix: it has one row for each combination of values of `rows`
// and one column for each value of `column`. All of these are names of columns of the result.
struct Pivot {
  std::vector<std::string> rows = {};
  std::string size = {};     // depends on the row alone and is shown beside its keys; may be empty
  std::string column = {};   // its null, if it has one, stands for all values
  std::string cells = {};    // what the matrix shows unless another column is asked for
  std::string rate = {};     // the quotient that belongs to `cells`; may be empty
  std::string summary = {};  // one of `rows`, null in a row that sums up others; may be empty
  bool is_usual = false;     // tables for people use this form unless told otherwise
  bool is_shaded = false;    // without a rate, the larger a cell the darker
};

struct QueryStats {
  std::uint64_t elapsed_us = 0;
  std::uint64_t partitions = 0;
};

// Holds the answer in long form: one row per cell, ordered by the key columns.
struct QueryResult {
  std::string kind;
  // Lists every option in force, as a field name and its value in JSON.
  std::vector<std::pair<std::string, std::string>> definition;
  std::string as_of;  // RFC 3339, whole seconds, in the store's time zone
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;
  std::optional<std::string> next;  // where the next page of members starts; unset: there is none
  std::optional<Pivot> pivot;       // set for two keys or more; not part of the JSON
  std::uint32_t value_decimals = 6;  // of the store's amounts; not part of the JSON
  // Says what the reader should know: "in_file(lost.csv): the store does not know 3 of its 16 ids".
  std::vector<std::string> notes;
  QueryStats stats;
};

std::string_view to_string(ColumnType type);
// Returns "2026-01-31T06:00+01:00", with "Z" in the zone UTC; with seconds, and a fraction of them,
// where there are any.
std::string to_string(const ZonedTime& time);
// Returns the result as one JSON object on one line.
std::string to_json(const QueryResult& result);

}  // namespace rollcall
