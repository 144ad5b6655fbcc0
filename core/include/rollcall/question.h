// These structs say what can be asked. `docs/queries.md` says what every number of an answer means.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "rollcall/dates.h"
#include "rollcall/segment.h"

namespace rollcall {

// Asks for the users behind one cell, instead of the counts.
struct Members {
  // Names the cell: it has a value for each key column, as in the result's rows.
  std::vector<std::pair<std::string, std::string>> where;
  std::string of;                      // the count column; may be empty if there is only one
  std::optional<std::uint64_t> limit;  // the most users on a page; unset: all
  std::string after;                   // `next` of the previous page

  friend bool operator==(const Members&, const Members&) = default;
};

// Every kind of query has these fields.
struct QueryCommon {
  std::optional<RangeEnd> from;          // unset: the first day of the store
  std::optional<RangeEnd> to;            // unset: the day of `as_of`
  std::optional<LastSpan> last;          // instead of `from` and `to`
  std::optional<AsOf> as_of;             // unset: the latest event time of the store
  std::vector<PropertyCondition> where;  // added to every selector except those of `among`
  std::optional<Segment> among;          // only these users are looked at
  std::string breakdown;              // a property: one answer for each of its values; empty: none
  std::int32_t breakdown_limit = 20;  // how many values, by most users; the rest is "$other"
  std::optional<Members> members;

  friend bool operator==(const QueryCommon&, const QueryCommon&) = default;
};

// Asks for the distinct users of each period (DAU, WAU, MAU). Periods of hours and minutes need
// history, here as in the kinds below.
struct ActiveQuery {
  Selector event;
  Period period = Period::kDay;
  // Per day d: distinct users of [d-N+1, d]; per hour: of the 24 N hours that end with it.
  std::optional<std::int32_t> window_days;
  std::optional<std::int32_t> ratio_to_window;  // adds users / distinct users of the last N days

  friend bool operator==(const ActiveQuery&, const ActiveQuery&) = default;
};

// Asks for the events, users and amounts of each period. Without history, the users of an hour are
// not known.
struct CountsQuery {
  Selector event;
  Period period = Period::kDay;

  friend bool operator==(const CountsQuery&, const CountsQuery&) = default;
};

// Asks which users of a cohort came back, period by period.
struct RetentionQuery {
  enum class Cohort : std::uint8_t { kFirstEver, kFirstInRange, kRecurring };
  enum class Mode : std::uint8_t { kOn, kOnOrAfter, kOnOrBefore, kStreak };
  enum class Summary : std::uint8_t { kPooled, kMean, kNone };
  enum class Measure : std::uint8_t { kUsers, kValue };
  enum class BreakdownMatch : std::uint8_t { kCohort, kBoth };
  enum class Windows : std::uint8_t { kCalendar, kRolling };
  enum class FirstOf : std::uint8_t { kMatching, kName };
  enum class ValueFrom : std::uint8_t { kPeriod, kCohortEvent };

  Selector cohort_event;
  Selector return_event;
  Cohort cohort = Cohort::kFirstEver;
  Mode mode = Mode::kOn;
  Period period = Period::kDay;
  std::optional<std::int32_t> periods;  // columns 0..periods; unset: 14 for days, else 12
  std::vector<std::int32_t> brackets;   // sizes of column groups after period 0, instead of periods
  Summary summary = Summary::kPooled;
  Measure measure = Measure::kUsers;  // what a cell holds: users, or their return events' amounts
  // Says whose value of the property a breakdown goes by: that of the cohort event in the cohort's
  // period, or that of both events.
  BreakdownMatch breakdown_match = BreakdownMatch::kCohort;

  // The following need history, where they are not the default.

  // Civil periods, or periods of a minute, an hour, or as many times 24 hours as the period usually
  // has days, from the user's first cohort event on.
  Windows windows = Windows::kCalendar;
  // With kFirstEver: the first event that matches, or the first of its name, which must then match.
  FirstOf first_of = FirstOf::kMatching;
  std::int32_t min_return_count = 1;  // so many return events in a period make a user seen in it
  // With kValue: which amounts of the cohort's own period count, all or those from the user's first
  // cohort event in it on.
  ValueFrom value_from = ValueFrom::kPeriod;

  friend bool operator==(const RetentionQuery&, const RetentionQuery&) = default;
};

// Asks who stopped coming.
struct ChurnQuery {
  enum class Base : std::uint8_t { kActive, kNew };
  // Users have churned if they are not active on any of the N days after the base day.
  struct GapDays {
    std::int32_t days = 7;
    friend bool operator==(const GapDays&, const GapDays&) = default;
  };

  // Users have churned if they are not active in any of the `count` periods after the base period.
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

// Asks for users by the whole days since their last event, as of `as_of`. It takes no date range.
struct IdleQuery {
  Selector event;
  std::vector<std::int32_t> edges = {0, 1, 7, 14, 30, 60, 90};  // ascending, from 0
  bool each_day = false;  // one bucket for each day, instead of `edges`

  friend bool operator==(const IdleQuery&, const IdleQuery&) = default;
};

// Asks who is new, who stays, who comes back, and who left, in each period.
struct LifecycleQuery {
  Selector event;
  Period period = Period::kDay;

  friend bool operator==(const LifecycleQuery&, const LifecycleQuery&) = default;
};

// Asks in how many periods users are active: over the whole range or, with `window_days`, over the
// days of a window that ends on each day of the range (L7, L28).
struct StickinessQuery {
  Selector event;
  Period period = Period::kDay;
  std::optional<std::int32_t> window_days;
  // A period, or a day of a window, counts for users with so many events in it, at least one
  // always. More than "at least 1" needs history.
  std::optional<Segment::TimesTest> per_period = {};
  std::int32_t period_step = 1;  // so many periods count as one, from the first of the range on

  friend bool operator==(const StickinessQuery&, const StickinessQuery&) = default;
};

// Asks how far users get who do several things in order. It needs history.
struct FunnelQuery {
  static constexpr std::size_t kStepsMax = 32;

  enum class Order : std::uint8_t { kOrdered, kStrict, kAny };
  enum class Ties : std::uint8_t { kAllowed, kStrictlyIncreasing };
  // Voids an attempt that has made `from_step` and sees `event` before it makes `to_step`.
  struct Exclusion {
    Selector event;
    std::int32_t from_step = 1;
    std::int32_t to_step = 2;
    friend bool operator==(const Exclusion&, const Exclusion&) = default;
  };

  std::vector<Selector> steps;                       // 2 to kStepsMax
  Length window{std::int64_t{14} * 86'400'000'000};  // from step 1, its end included
  Order order = Order::kOrdered;
  Ties ties = Ties::kAllowed;     // whether events of one instant may be taken in any order
  bool collapse_repeats = false;  // kStrict: events of the step made last are passed over
  bool stop_on_repeat = false;    // kOrdered: an event of a step made earlier ends the attempt
  std::vector<Exclusion> exclusions;
  bool steps_after_to = false;      // only step 1 must lie in the range
  std::optional<Period> period;     // rows by the period of step 1, too: days or longer
  std::string hold;                 // a property that must have one value at all steps; empty: none
  bool total_seconds = false;       // adds the times from step 1
  std::int32_t breakdown_step = 1;  // the step at which a breakdown looks for the value

  friend bool operator==(const FunnelQuery&, const FunnelQuery&) = default;
};

// Asks when things happen: hour of the day by day of the week. It needs history.
struct ClockQuery {
  Selector event;
  std::optional<Selector> then;  // adds how often another event follows
  std::optional<Length> within;  // the time in which it does, its end included; unset: a day

  friend bool operator==(const ClockQuery&, const ClockQuery&) = default;
};

// Asks what users do next, or what they did before, step by step within a session. It needs
// history.
struct PathsQuery {
  enum class Direction : std::uint8_t { kAfter, kBefore };

  Selector event;  // opens the path of a session: its first one, or its last one for kBefore
  Direction direction = Direction::kAfter;
  Selector steps;           // the events that paths lead over, besides `event`
  std::int32_t depth = 5;   // steps of a path
  std::int32_t limit = 10;  // names at each step, by most users; the rest is "$other"
  Length window{std::int64_t{30} * 60'000'000};  // a longer pause between events ends a session

  friend bool operator==(const PathsQuery&, const PathsQuery&) = default;
};

// Asks who one user is, by what they did. It needs history.
struct ProfileQuery {
  std::string user;                  // the id; that of an integer in digits
  std::int32_t events = 20;          // so many of the last events are listed
  std::optional<std::int32_t> year;  // the year to report on, instead of a range; adds the rank
  bool rfm = false;  // adds the scores among all users, which takes a pass over all of them

  friend bool operator==(const ProfileQuery&, const ProfileQuery&) = default;
};

// Asks how many users were here on how many days in a row.
struct StreaksQuery {
  Selector event;

  friend bool operator==(const StreaksQuery&, const StreaksQuery&) = default;
};

// Asks who has a day to remember on a date. Milestones by number of events need history.
struct MilestonesQuery {
  enum class Of : std::uint8_t {
    kFirstDay,   // so many days since the first day
    kActiveDay,  // the day is the so many-th with an event
    kEvent,      // the so many-th event is on the day
  };

  Selector event;
  std::optional<DateText> date;                                      // instead of a range
  std::vector<Of> of = {Of::kFirstDay, Of::kActiveDay, Of::kEvent};  // ascending
  std::vector<std::int32_t> at = {7, 30, 100, 365};                  // ascending

  friend bool operator==(const MilestonesQuery&, const MilestonesQuery&) = default;
};

// Asks how many users a segment has. It takes no date range, because the parts of the segment have
// theirs.
struct SegmentQuery {
  Segment segment;

  friend bool operator==(const SegmentQuery&, const SegmentQuery&) = default;
};

struct Query {
  QueryCommon common;
  std::variant<ActiveQuery, RetentionQuery, ChurnQuery, IdleQuery, CountsQuery, LifecycleQuery,
               StickinessQuery, SegmentQuery, FunnelQuery, ClockQuery, PathsQuery, ProfileQuery,
               StreaksQuery, MilestonesQuery>
      ask;

  friend bool operator==(const Query&, const Query&) = default;
};

// These limits end a query before it is answered.
struct QueryLimits {
  std::optional<std::chrono::steady_clock::time_point> deadline;
  std::stop_token stop;
};

}  // namespace rollcall
