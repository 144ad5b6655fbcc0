// An alert watches a column of the answer to a question: it fires while the column meets a
// condition, and is stale while nothing new is known. Alerts are kept in a store as saved objects;
// this header has what their definitions mean, and how the rows of an answer are judged.
//
// Judging is a pure function of the definition, of what was judged before, of the answer and of the
// clock. alert_states.h keeps what was judged from one check to the next.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "rollcall/answer.h"
#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

// Holds the values of the key columns other than the date. They are null where the answer has null.
using AlertSeries = std::vector<std::pair<std::string, std::optional<std::string>>>;
// Returns "channel=ads, platform=web", or "-" for a series without keys.
std::string series_text(const AlertSeries& series);

struct AlertCondition {
  enum class Test : std::uint8_t {
    kBelow,   // the value is less than the bound
    kAbove,   // the value is greater than the bound
    kChange,  // value / reference - 1 is at least the bound, or at most, if the bound is negative
  };
  enum class Reference : std::uint8_t {
    kPrevious,    // the period before
    kWeekBefore,  // the one that began seven days before
    kMeanOf,      // the mean of `mean_of` periods before
  };

  Test test = Test::kBelow;
  double bound = 0;
  Reference reference = Reference::kPrevious;  // for kChange
  std::uint32_t mean_of = 0;                   // for kMeanOf

  friend bool operator==(const AlertCondition&, const AlertCondition&) = default;
};

// Sends a notification as an HTTP POST (webhook.h). The key that signs it is in the environment or
// in a file; definitions only say where.
struct WebhookTarget {
  std::string url;  // https, or http to this machine; without a user or a password
  std::string secret_env;
  std::string
      secret_file;  // an absolute path; at most one of the two is set, and none: no signature

  friend bool operator==(const WebhookTarget&, const WebhookTarget&) = default;
};

// Runs a program (notifier.h), without a shell.
struct CommandTarget {
  std::vector<std::string> arguments;  // the first is the absolute path of the program

  friend bool operator==(const CommandTarget&, const CommandTarget&) = default;
};

using AlertTarget = std::variant<WebhookTarget, CommandTarget>;

struct AlertDefinition {
  static constexpr std::size_t kTargetsMax = 10;
  static constexpr std::size_t kSeriesMax = 1'000;
  static constexpr std::uint32_t kPeriodsMax = 1'000;

  std::string query;   // a question as `Engine::query` takes it
  std::string column;  // of counts, whole numbers, ratios or decimals
  AlertSeries where;   // key columns and the only value that is looked at
  AlertCondition condition;
  // A firing alert goes on until the condition with this bound is not met, either.
  std::optional<double> clear;
  // Rows whose first count is less are not judged.
  std::uint64_t min_users = 0;
  std::uint32_t periods = 1;         // in a row; "for"
  std::optional<TimeUs> max_age_us;  // unset: it never gets stale
  std::string severity;              // any word; it is handed on
  std::vector<AlertTarget> notify;

  friend bool operator==(const AlertDefinition&, const AlertDefinition&) = default;
};

// Reads a definition, a JSON object. docs/alerts.md lists its fields.
//   kInvalidArgument  it is no such object; the text names the field, what was found and what is
//                     allowed
Result<AlertDefinition> parse_alert(std::string_view json);

// Returns a condition in words: "below 0.05", "change of 0.2 or more against week_before".
std::string to_string(const AlertCondition& condition);

enum class AlertState : std::uint8_t { kOk, kPending, kFiring, kStale };

// Returns "ok", "pending", "firing" or "stale".
std::string_view to_string(AlertState state);

// Holds a row of the answer. Times of whole days are those of local clocks, as microseconds since
// 1970-01-01T00:00; `end_us` is an instant.
struct AlertCell {
  AlertSeries series;
  TimeUs begin_us = 0;  // orders the cells of a series
  TimeUs next_us = 0;   // where the next cell of the series begins
  TimeUs end_us = 0;    // when the period was over
  std::string date;     // as the answer names it
  std::optional<double> value;
  std::optional<std::int64_t> users;  // the first count
  bool complete = false;
};

// Finds the rows that an alert looks at, in the order of the answer. A row without a date, such as
// a sum of others, is left out. An answer without dates has one cell of each series, named by
// `as_of`.
//   kInvalidArgument    the answer has not the columns that the definition names, or cannot be
//                       compared as the condition wants it
//   kResourceExhausted  there are more than kSeriesMax series
Result<std::vector<AlertCell>> alert_cells(const AlertDefinition& definition,
                                           const QueryResult& answer);

// Holds what is known of a series after its last cell.
struct AlertSeriesState {
  AlertSeries series;
  AlertState judged = AlertState::kOk;  // not kStale: what the cells say
  bool is_stale = false;
  std::uint32_t run = 0;                // periods in a row that met the condition, while pending
  std::optional<TimeUs> last_begin_us;  // of the last complete cell; unset: there was none
  std::optional<TimeUs> last_end_us;
  std::string date;             // of the last cell that was judged; empty: none was
  std::optional<double> value;  // its value
  TimeUs since_us = 0;          // when `state` became what it is; 0: it has always been

  AlertState state() const { return is_stale ? AlertState::kStale : judged; }

  friend bool operator==(const AlertSeriesState&, const AlertSeriesState&) = default;
};

struct AlertChange {
  TimeUs at_us = 0;  // by the clock
  AlertSeries series;
  AlertState from = AlertState::kOk;
  AlertState to = AlertState::kOk;
  std::string date;  // of the cell that made it, or of the last one before; empty: there is none
  std::optional<double> value;
  std::optional<double> reference;  // for kChange
  std::optional<std::int64_t> users;

  friend bool operator==(const AlertChange&, const AlertChange&) = default;
};

struct AlertJudgement {
  std::vector<AlertSeriesState> series;  // all that are known now, ordered
  std::vector<AlertChange> changes;      // those of a series in their order
};

// Judges each complete cell that is later than all that were judged before, in order. A cell
// without a value or a reference, over a reference of 0, or with too few users is passed over: it
// changes nothing but that something is known. A series without a complete cell whose end is within
// `max_age_us` of `now_us` is stale, and goes on from where it was when there is one again.
AlertJudgement judge(const AlertDefinition& definition, const std::vector<AlertSeriesState>& before,
                     const std::vector<AlertCell>& cells, TimeUs now_us);

// Returns whether a series is stale at an instant, as `judge` would find without a new cell.
bool is_stale_at(const AlertDefinition& definition, const AlertSeriesState& series, TimeUs now_us);

}  // namespace rollcall
