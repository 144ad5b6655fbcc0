// These structs say what can be asked. `docs/queries.md` says what every number of an answer means.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <type_traits>
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
  // Counts for day d the distinct users of [d-N+1, d], for an hour those of the 24 N that end then.
  std::optional<std::int32_t> window_days;
  std::optional<std::int32_t> ratio_to_window;  // adds users / distinct users of the last N days

  friend bool operator==(const ActiveQuery&, const ActiveQuery&) = default;
};

// Asks for the events, users and amounts of each period. Without history, the users of an hour are
// not known.
struct CountsQuery {
  Selector event;
  Period period = Period::kDay;
  bool payers = false;  // adds the users whose amounts sum to more than 0

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

  // Says whether periods are civil, or begin with the user's first cohort event and last a minute,
  // an hour, or as many times 24 hours as the period usually has days.
  Windows windows = Windows::kCalendar;
  // Tells, for kFirstEver, whether the first match joins, or the first of its name, if it matches.
  FirstOf first_of = FirstOf::kMatching;
  std::int32_t min_return_count = 1;  // so many return events in a period make a user seen in it
  // Says, for kValue, which amounts of the cohort's own period count: all of them, or those from
  // the user's first cohort event in it on.
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

// Asks who is about to leave: users of `base`, each counted in the first rule that fits.
struct AtRiskQuery {
  struct Rule {
    std::string name;
    Segment segment;
    friend bool operator==(const Rule&, const Rule&) = default;
  };
  // Returns the rules "silent" and "declining", and "lapsed_NAME" for the name of each event.
  static std::vector<Rule> usual_rules(const std::vector<std::string>& features = {});
  // Returns the users active in the last 30 days.
  static Segment usual_base();

  std::vector<Rule> rules = usual_rules();  // names differ
  Segment base = usual_base();
  // Rows also go by periods, days or longer, each as it stood at its end. Only then is there a
  // range of dates.
  std::optional<Period> period;

  friend bool operator==(const AtRiskQuery&, const AtRiskQuery&) = default;
};

// Asks for the net promoter score: each user's latest answer in the days that end with a period. An
// answer is an event whose amount is a whole number from 0 to 10. It needs history.
struct NpsQuery {
  Selector event;
  std::vector<std::int32_t> window_days = {7, 30};  // ascending
  Period period = Period::kDay;                     // or longer

  friend bool operator==(const NpsQuery&, const NpsQuery&) = default;
};

// Says how users are scored by recency, frequency and monetary value, from 1 to 5, 5 being best.
struct RfmRules {
  static constexpr std::int32_t kScoreMax = 5;
  static constexpr std::size_t kEdges = 4;

  enum class Frequency : std::uint8_t { kEvents, kDays };
  enum class Monetary : std::uint8_t { kSum, kMean };
  // Holds fixed edges of scores, kEdges of each, which ascend. An edge begins a bucket. Monetary
  // edges are decimal numbers as they are written.
  struct Edges {
    std::vector<std::int32_t> recency;
    std::vector<std::int32_t> frequency;
    std::vector<std::string> monetary;
    friend bool operator==(const Edges&, const Edges&) = default;
  };
  // Holds the scores from `first` to `last`, both included.
  struct Scores {
    std::int32_t first = 1;
    std::int32_t last = kScoreMax;
    friend bool operator==(const Scores&, const Scores&) = default;
  };
  struct Segment {
    std::string name;
    Scores r, f, m;
    friend bool operator==(const Segment&, const Segment&) = default;
  };
  // Returns the table of segments that questions have unless they bring their own.
  static std::vector<Segment> usual_segments();

  Selector event;
  Frequency frequency = Frequency::kEvents;
  Monetary monetary = Monetary::kSum;
  std::optional<Edges> edges;                        // unset: scores go by the users' ranks
  std::vector<Segment> segments = usual_segments();  // the first that fits; the rest is "other"

  friend bool operator==(const RfmRules&, const RfmRules&) = default;
};

// Asks how many users are where by recency, frequency and monetary value.
struct RfmQuery : RfmRules {
  enum class By : std::uint8_t { kSegment, kCell };

  By by = By::kSegment;

  friend bool operator==(const RfmQuery&, const RfmQuery&) = default;
};

// Asks for recency, frequency and monetary value user by user, with what models of repeated
// purchases need.
struct RfmUsersQuery : RfmRules {
  std::optional<std::uint64_t> limit;  // the most users on a page; unset: all
  std::string after;                   // `next` of the previous page

  friend bool operator==(const RfmUsersQuery&, const RfmUsersQuery&) = default;
};

// Asks who uses which features, and who takes to them.
struct AdoptionQuery {
  static constexpr std::size_t kFeaturesMax = 1'000;

  std::vector<Selector> features;  // 1 to kFeaturesMax, no two of them the same
  Period period = Period::kDay;    // days or longer

  friend bool operator==(const AdoptionQuery&, const AdoptionQuery&) = default;
};

// Asks which early events go with staying: of the users whose first ever `cohort_event` lies in the
// range, who did what how often, and who came back later. It needs history.
struct AhaQuery {
  static constexpr std::size_t kCandidatesMax = 1'000;

  Selector cohort_event;
  Selector return_event;
  Length within{std::int64_t{7} * 86'400'000'000};  // from the cohort event, its end included
  // No two of them are the same. Empty: each name that the store knows, but for those that
  // `cohort_event` names.
  std::vector<Selector> candidates;
  std::vector<std::int32_t> at_least = {1, 2, 3, 5, 10};  // ascending: so many events, or more
  // Users have stayed if they come back on any of these days after that of the cohort event. None
  // of the days can lie within `within`.
  std::int32_t from_day = 8;
  std::int32_t to_day = 30;

  friend bool operator==(const AhaQuery&, const AhaQuery&) = default;
};

// Asks what the users of a cohort are worth so many days after each user's own first day, and when
// that is what they cost.
struct LtvQuery {
  enum class Cohort : std::uint8_t { kFirstEver, kFirstInRange };
  using Summary = RetentionQuery::Summary;
  // Each user costs this decimal number, which is not below 0.
  struct CostPerUser {
    std::string amount;
    friend bool operator==(const CostPerUser&, const CostPerUser&) = default;
  };
  // Each user costs as much as the value of the breakdown says. Of other values it is not known.
  struct CostByValue {
    std::vector<std::pair<std::string, std::string>> amounts;  // values, and decimal numbers
    friend bool operator==(const CostByValue&, const CostByValue&) = default;
  };
  // The amounts of these events are costs, and no value.
  struct CostOfEvents {
    Selector event;
    friend bool operator==(const CostOfEvents&, const CostOfEvents&) = default;
  };
  using Cost = std::variant<CostPerUser, CostByValue, CostOfEvents>;

  Selector cohort_event;
  Selector value_event;
  Cohort cohort = Cohort::kFirstEver;
  Period period = Period::kDay;  // of the cohorts: days or longer
  Summary summary = Summary::kPooled;
  std::vector<std::int32_t> horizons = {0, 1, 7, 14, 30, 60, 90};  // days, ascending
  std::optional<Cost> cost;

  friend bool operator==(const LtvQuery&, const LtvQuery&) = default;
};

// Asks how the users of each variant of an experiment fare, against those of a control. It needs
// history.
struct CompareQuery {
  // Is what is measured of each user, from the instant of their first exposure on.
  struct Metric {
    enum class Kind : std::uint8_t {
      kActive,  // an `event` on any of the days `from_day` to `to_day` after that of the exposure
      kConversion,  // an event `outcome` within a time
      kValue,       // the sum of the amounts of `outcome` within a time
      kCount,       // the number of events `outcome` within a time
    };
    Kind kind = Kind::kActive;
    std::int32_t from_day = 1;  // kActive
    std::int32_t to_day = 1;    // kActive
    Selector outcome;           // the other kinds
    Length within;              // the same: its end is included
    friend bool operator==(const Metric&, const Metric&) = default;
  };
  // Is a variant that is a segment, as it stood before the first day of the range.
  struct Arm {
    std::string variant;
    Segment segment;
    friend bool operator==(const Arm&, const Arm&) = default;
  };
  struct Share {
    std::string variant;
    double share = 0;  // relative to the sum of all
    friend bool operator==(const Share&, const Share&) = default;
  };

  // The variant of a user is the value of the property `variant` that their exposures in the range
  // have; or the variants are segments, `variants`, and the range has a `from` alone.
  Selector exposure;
  std::string variant;
  std::vector<std::string> values;  // the variants to compare; empty: all that there are
  std::vector<Arm> variants;
  std::string control;  // empty: the first of `values`, or else of the variants by their bytes
  Metric metric;
  Selector event;            // kActive
  std::vector<Share> split;  // what the numbers of users should go by; empty: all alike
  // So many times, the users of each variant and of the control are taken together and split at
  // random, to say how often they differ as much by chance alone. Unset: never.
  std::optional<std::int32_t> aa;
  std::int32_t seed = 0;  // of these splits

  friend bool operator==(const CompareQuery&, const CompareQuery&) = default;
};

// Asks who one user is, by what they did. It needs history.
struct ProfileQuery {
  std::string user;                  // the id; that of an integer in digits
  std::int32_t events = 20;          // so many of the last events are listed
  std::optional<std::int32_t> year;  // the year to report on, instead of a range; adds the rank
  bool rfm = true;  // has the scores among all users, which take a pass over all of them

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

// Asks what the users of a campaign's audience (audience.h) did after they were contacted, those of
// each arm. It needs history.
struct ResponseQuery {
  // Is an audience of the campaign, whose time begins after the second of `at`.
  struct Run {
    std::string name;
    AsOf at;
    friend bool operator==(const Run&, const Run&) = default;
  };

  std::string campaign;
  std::vector<Run> runs;                                   // names differ
  std::vector<std::int32_t> horizons = {1, 3, 7, 14, 30};  // of 24 hours each, ascending
  Selector returned;
  std::optional<Selector> converted;  // adds the users with such an event
  std::optional<Selector> contact;    // the event of having been reached; adds who was
  std::string cost_per_contact;       // a decimal number that is not below 0; empty: not known

  friend bool operator==(const ResponseQuery&, const ResponseQuery&) = default;
};

// Holds what is asked, which is of one of the kinds.
using AnyAsk =
    std::variant<ActiveQuery, RetentionQuery, ChurnQuery, IdleQuery, CountsQuery, LifecycleQuery,
                 StickinessQuery, SegmentQuery, FunnelQuery, ClockQuery, PathsQuery, AtRiskQuery,
                 NpsQuery, RfmQuery, RfmUsersQuery, AdoptionQuery, AhaQuery, LtvQuery, CompareQuery,
                 ProfileQuery, StreaksQuery, MilestonesQuery, ResponseQuery>;

template <class Ask>
concept AskOfAKind =
    !std::derived_from<std::remove_cvref_t<Ask>, AnyAsk> && std::constructible_from<AnyAsk, Ask>;

// Is such a variant, whose copies and comparisons are compiled once, in the library. A compiler
// takes seconds for those of so many kinds, in each source that needs them.
struct QueryAsk : AnyAsk {
  QueryAsk();
  template <AskOfAKind Ask>
  QueryAsk(Ask&& ask) : AnyAsk(std::forward<Ask>(ask)) {}  // NOLINT(google-explicit-constructor)
  QueryAsk(const QueryAsk& other);
  QueryAsk(QueryAsk&& other) noexcept;
  QueryAsk& operator=(const QueryAsk& other);
  QueryAsk& operator=(QueryAsk&& other) noexcept;
  ~QueryAsk();

  friend bool operator==(const QueryAsk& a, const QueryAsk& b);
};

struct Query {
  QueryCommon common;
  QueryAsk ask;

  friend bool operator==(const Query&, const Query&) = default;
};

// These limits end a query before it is answered.
struct QueryLimits {
  std::optional<std::chrono::steady_clock::time_point> deadline;
  std::stop_token stop;
};

}  // namespace rollcall
