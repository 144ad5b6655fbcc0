// A question and its answer. `docs/queries.md` says what every number means.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

// A condition on one property of an event. An absent property equals the empty string.
struct PropertyCondition {
  enum class Test : std::uint8_t {
    kAnyOf,     // equals one of `values`
    kNoneOf,    // equals none of `values`
    kContains,  // contains `values[0]`
    kIsSet,     // is not empty
    kIsNotSet,  // is empty
  };
  std::string property;
  Test test = Test::kAnyOf;
  std::vector<std::string> values;

  friend bool operator==(const PropertyCondition&, const PropertyCondition&) = default;
};

// Which events count. Default: any event.
struct Selector {
  enum class Names : std::uint8_t { kAny, kAnyOf, kNoneOf };
  Names match = Names::kAny;
  std::vector<std::string> names;
  std::vector<PropertyCondition> where;  // all must hold

  friend bool operator==(const Selector&, const Selector&) = default;
};

// Civil periods, named by their first day. A fortnight is two weeks, counted from the week that
// holds 1970-01-05 (weeks from Monday) or 1970-01-04 (from Sunday).
enum class Period : std::uint8_t { kDay, kWeek, kFortnight, kMonth, kQuarter };

// "30d", "4w", "6m", "2q", "1y": that many days, weeks, months, quarters or years, the one that
// holds `as_of` included.
struct LastSpan {
  std::int32_t count = 1;
  char unit = 'd';

  friend bool operator==(const LastSpan&, const LastSpan&) = default;
};

// An instant, or the last second of a date in the store's time zone.
using AsOf = std::variant<TimeUs, Day>;

// Fields that every kind of query has.
struct QueryCommon {
  std::optional<Day> from;               // unset: the first day of the store
  std::optional<Day> to;                 // unset: the day of `as_of`
  std::optional<LastSpan> last;          // instead of `from` and `to`
  std::optional<AsOf> as_of;             // unset: the latest event time of the store
  std::vector<PropertyCondition> where;  // added to every selector

  friend bool operator==(const QueryCommon&, const QueryCommon&) = default;
};

// DAU, WAU, MAU: distinct users per period.
struct ActiveQuery {
  Selector event;
  Period period = Period::kDay;
  std::optional<std::int32_t> window_days;      // per day d: distinct users of [d-N+1, d]
  std::optional<std::int32_t> ratio_to_window;  // adds users / distinct users of the last N days

  friend bool operator==(const ActiveQuery&, const ActiveQuery&) = default;
};

// Which users of a cohort came back, period by period.
struct RetentionQuery {
  enum class Cohort : std::uint8_t { kFirstEver, kFirstInRange, kRecurring };
  enum class Mode : std::uint8_t { kOn, kOnOrAfter, kOnOrBefore, kStreak };
  enum class Summary : std::uint8_t { kPooled, kMean, kNone };

  Selector cohort_event;
  Selector return_event;
  Cohort cohort = Cohort::kFirstEver;
  Mode mode = Mode::kOn;
  Period period = Period::kDay;
  std::optional<std::int32_t> periods;  // columns 0..periods; unset: 14 for days, else 12
  std::vector<std::int32_t> brackets;   // sizes of column groups after period 0, instead of periods
  Summary summary = Summary::kPooled;

  friend bool operator==(const RetentionQuery&, const RetentionQuery&) = default;
};

// Who stopped coming.
struct ChurnQuery {
  enum class Base : std::uint8_t { kActive, kNew };
  // Not active on any of the N days after the base day.
  struct GapDays {
    std::int32_t days = 7;
    friend bool operator==(const GapDays&, const GapDays&) = default;
  };

  Selector event;
  Base base = Base::kActive;
  std::variant<GapDays, Period> rule =
      GapDays{};  // a Period: not active in the period after the base

  friend bool operator==(const ChurnQuery&, const ChurnQuery&) = default;
};

// Users by whole days since their last event, at `as_of`. Takes no date range.
struct IdleQuery {
  Selector event;
  std::vector<std::int32_t> edges = {0, 1, 7, 14, 30, 60, 90};  // ascending, from 0
  bool each_day = false;  // one bucket a day, instead of `edges`

  friend bool operator==(const IdleQuery&, const IdleQuery&) = default;
};

struct Query {
  QueryCommon common;
  std::variant<ActiveQuery, RetentionQuery, ChurnQuery, IdleQuery> ask;

  friend bool operator==(const Query&, const Query&) = default;
};

// Reads one JSON object. Dates and instants without an offset are kept as written and read in the
// store's time zone when the query runs.
//   kInvalidArgument  malformed JSON (with line and column), or a field, value or kind that is not
//                     allowed there; the text names it, what is allowed, and the nearest name
Result<Query> parse_query(std::string_view json, std::string_view time_zone = "UTC");

// Writes a query as the JSON object that `parse_query` reads, with every field in force.
std::string to_json(const Query& query);

enum class ColumnType : std::uint8_t { kDate, kString, kInt, kCount, kRatio, kDecimal, kBool };

struct Column {
  std::string name;
  ColumnType type;
};

// One cell; monostate is null. kCount and kInt are int64, kRatio is double, kDecimal a string.
using Cell = std::variant<std::monostate, bool, std::int64_t, double, Day, std::string>;

// How a long result becomes a matrix: one row per value of `row`, one column per value of `column`.
struct Pivot {
  std::string row;
  std::string size;  // a column that depends on the row alone; may be empty
  std::string column;
  std::string count;
  std::string rate;
};

struct QueryStats {
  std::uint64_t elapsed_us = 0;
  std::uint64_t partitions = 0;
};

// The answer, in long form: one row per cell, ordered by the key columns.
struct QueryResult {
  std::string kind;
  // Every option in force: field name, and its value as JSON text.
  std::vector<std::pair<std::string, std::string>> definition;
  std::string as_of;  // RFC 3339, whole seconds, in the store's time zone
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;
  std::optional<Pivot> pivot;  // for those who draw; not part of the JSON
  QueryStats stats;
};

std::string_view to_string(ColumnType type);
std::string to_string(Period period);
std::string to_string(Day day);  // "2026-01-31"
// The result as one JSON object, on one line.
std::string to_json(const QueryResult& result);

}  // namespace rollcall
