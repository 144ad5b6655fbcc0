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

// A date in words, counted from the day of `as_of`: "today", "yesterday", "3 days ago", "last
// monday" (the latest one before that day), "this month", "last quarter". A span of days stands for
// its first day where a range begins, and for its last where one ends.
struct RelativeDate {
  enum class Unit : std::uint8_t { kDay, kWeek, kFortnight, kMonth, kQuarter, kYear, kWeekday };
  Unit unit = Unit::kDay;
  std::int32_t ago = 0;      // units back; meaningless for kWeekday
  std::int32_t weekday = 0;  // from Monday, 0, to Sunday, 6

  friend auto operator<=>(const RelativeDate&, const RelativeDate&) = default;
};

using DateText = std::variant<Day, RelativeDate>;

// An instant, or the last second of a date in the store's time zone. A date in words counts from
// the latest event of the store.
using AsOf = std::variant<TimeUs, Day, RelativeDate>;

// A range of days, both ends included. Unset ends reach as far as the data known at `as_of`.
struct DateRangeText {
  std::optional<DateText> from;
  std::optional<DateText> to;
  std::optional<LastSpan> last;  // instead of both

  friend bool operator==(const DateRangeText&, const DateRangeText&) = default;
};

// A set of users, as an expression.
struct Segment {
  enum class Kind : std::uint8_t {
    kDid,    // with an event in the range; with `days`, on so many days of it
    kFirst,  // whose first matching event ever lies in the range
    kAll,    // in all of `parts`
    kAny,    // in any of `parts`
    kNot,    // seen up to as_of, and not in `parts[0]`
    kFile,   // listed in the file `name` (user_file.h)
    kSaved,  // in the segment that the store keeps as `name`
  };
  enum class Compare : std::uint8_t { kAtLeast, kAtMost, kExactly };
  struct DaysTest {
    Compare compare = Compare::kAtLeast;
    std::int32_t days = 1;
    friend bool operator==(const DaysTest&, const DaysTest&) = default;
  };

  Kind kind = Kind::kDid;
  Selector event;                // kDid, kFirst
  DateRangeText range;           // kDid, kFirst
  std::optional<DaysTest> days;  // kDid
  std::vector<Segment> parts;    // kAll, kAny, kNot
  std::string name;              // kFile, kSaved

  friend bool operator==(const Segment&, const Segment&) = default;
};

// Asks for the users behind one cell, instead of the counts.
struct Members {
  // The cell: a value for each key column, as in the result's rows.
  std::vector<std::pair<std::string, std::string>> where;
  std::string of;                      // the count column; may be empty where there is only one
  std::optional<std::uint64_t> limit;  // users of a page; unset: all
  std::string after;                   // the `next` of the page before

  friend bool operator==(const Members&, const Members&) = default;
};

// Fields that every kind of query has.
struct QueryCommon {
  std::optional<DateText> from;          // unset: the first day of the store
  std::optional<DateText> to;            // unset: the day of `as_of`
  std::optional<LastSpan> last;          // instead of `from` and `to`
  std::optional<AsOf> as_of;             // unset: the latest event time of the store
  std::vector<PropertyCondition> where;  // added to every selector but those of `among`
  std::optional<Segment> among;          // only these users are looked at
  std::string breakdown;              // a property: the answer for each of its values; empty: none
  std::int32_t breakdown_limit = 20;  // values with the most users; the rest is "$other"
  std::optional<Members> members;

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

// Events, users and amounts per period.
struct CountsQuery {
  Selector event;
  Period period = Period::kDay;
  bool by_hour = false;  // hours of each day, instead of periods

  friend bool operator==(const CountsQuery&, const CountsQuery&) = default;
};

// Which users of a cohort came back, period by period.
struct RetentionQuery {
  enum class Cohort : std::uint8_t { kFirstEver, kFirstInRange, kRecurring };
  enum class Mode : std::uint8_t { kOn, kOnOrAfter, kOnOrBefore, kStreak };
  enum class Summary : std::uint8_t { kPooled, kMean, kNone };
  enum class Measure : std::uint8_t { kUsers, kValue };
  enum class BreakdownMatch : std::uint8_t { kCohort, kBoth };

  Selector cohort_event;
  Selector return_event;
  Cohort cohort = Cohort::kFirstEver;
  Mode mode = Mode::kOn;
  Period period = Period::kDay;
  std::optional<std::int32_t> periods;  // columns 0..periods; unset: 14 for days, else 12
  std::vector<std::int32_t> brackets;   // sizes of column groups after period 0, instead of periods
  Summary summary = Summary::kPooled;
  Measure measure = Measure::kUsers;  // what a cell holds: users, or their return events' amounts
  // Whose value of the property a breakdown goes by: the cohort event's in the cohort's period, or
  // that of both events.
  BreakdownMatch breakdown_match = BreakdownMatch::kCohort;

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

  // Not active in any of the `count` periods after the base period.
  struct NextPeriods {
    Period period = Period::kWeek;
    std::int32_t count = 1;
    friend bool operator==(const NextPeriods&, const NextPeriods&) = default;
  };

  Selector event;
  Base base = Base::kActive;
  std::variant<GapDays, NextPeriods> rule = GapDays{};

  friend bool operator==(const ChurnQuery&, const ChurnQuery&) = default;
};

// Users by whole days since their last event, at `as_of`. Takes no date range.
struct IdleQuery {
  Selector event;
  std::vector<std::int32_t> edges = {0, 1, 7, 14, 30, 60, 90};  // ascending, from 0
  bool each_day = false;  // one bucket a day, instead of `edges`

  friend bool operator==(const IdleQuery&, const IdleQuery&) = default;
};

// Who is new, who stays, who comes back, and who went, per period.
struct LifecycleQuery {
  Selector event;
  Period period = Period::kDay;

  friend bool operator==(const LifecycleQuery&, const LifecycleQuery&) = default;
};

// On how many periods users are active: over the whole range, or, with `window_days`, over the days
// of a window that ends on each day of the range (L7, L28).
struct StickinessQuery {
  Selector event;
  Period period = Period::kDay;
  std::optional<std::int32_t> window_days;

  friend bool operator==(const StickinessQuery&, const StickinessQuery&) = default;
};

// How many users a segment has. Takes no date range: the segment's own parts have theirs.
struct SegmentQuery {
  Segment segment;

  friend bool operator==(const SegmentQuery&, const SegmentQuery&) = default;
};

struct Query {
  QueryCommon common;
  std::variant<ActiveQuery, RetentionQuery, ChurnQuery, IdleQuery, CountsQuery, LifecycleQuery,
               StickinessQuery, SegmentQuery>
      ask;

  friend bool operator==(const Query&, const Query&) = default;
};

// Reads one JSON object. Dates and instants without an offset are kept as written and read in the
// store's time zone when the query runs.
//   kInvalidArgument  malformed JSON (with line and column), or a field, value or kind that is not
//                     allowed there; the text names it, what is allowed, and the nearest name
Result<Query> parse_query(std::string_view json, std::string_view time_zone = "UTC");
// The same for a JSON array of at most 1,000 such objects, or for one alone.
Result<std::vector<Query>> parse_queries(std::string_view json, std::string_view time_zone = "UTC");

// Writes a query as the JSON object that `parse_query` reads, with every field in force.
std::string to_json(const Query& query);

// Reads a segment as people write it: `did(purchase, 30d) and not did(login, 7d)`. The grammar is
// in `docs/queries.md`.
//   kInvalidArgument  text that is no segment; the message has its column, what was found there and
//                     what is allowed
Result<Segment> parse_segment(std::string_view text);
// Writes a well-formed segment as `parse_segment` reads it. An "all" or "any" of one part is
// written as that part, which is the same set; every other segment is read back as it was.
std::string to_string(const Segment& segment);

enum class ColumnType : std::uint8_t { kDate, kString, kInt, kCount, kRatio, kDecimal, kBool };

struct Column {
  std::string name;
  ColumnType type;
};

// One cell; monostate is null. kCount and kInt are int64, kRatio is double, kDecimal a string.
using Cell = std::variant<std::monostate, bool, std::int64_t, double, Day, std::string>;

// How a long result becomes a matrix: one row for each combination of values of `rows`, one column
// for each value of `column`. All are names of columns of the result.
struct Pivot {
  std::vector<std::string> rows = {};
  std::string size = {};     // depends on the row alone, and stands beside its keys; may be empty
  std::string column = {};   // whose null, if it has one, stands for all
  std::string cells = {};    // what the matrix shows, unless another column is asked for
  std::string rate = {};     // the quotient that belongs to `cells`; may be empty
  std::string summary = {};  // one of `rows`, null where a row sums up the others; may be empty
  bool is_usual = false;     // tables for people have this form by themselves
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
  std::optional<std::string> next;  // of a page of members: where the following one goes on
  std::optional<Pivot> pivot;       // of an answer with two keys or more; not part of the JSON
  // What the reader should know: "in_file(lost.csv): the store does not know 3 of its 16 ids".
  std::vector<std::string> notes;
  QueryStats stats;
};

std::string_view to_string(ColumnType type);
std::string to_string(Period period);
std::string to_string(Day day);  // "2026-01-31"
// The result as one JSON object, on one line.
std::string to_json(const QueryResult& result);

}  // namespace rollcall
