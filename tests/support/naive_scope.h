// A question of the oracle looks at this: the instant, the days, and the events that count.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "rollcall/query.h"
#include "rollcall/status.h"
#include "tests/support/naive_data.h"

namespace rollcall::testing {

// Holds the instant up to which a question looks, and the civil days around it.
struct NaiveNow {
  bool cuts_day = false;  // more is known of its day
  bool is_known = false;  // not in an empty store, unless the question says the instant
  TimeUs time = 0;        // whole seconds
  Day day;                // that holds `time`
  Day last_ended;         // the last day that has ended

  bool ended(Day last_day_needed) const { return last_day_needed <= last_ended; }
};

//   kInvalidArgument  the instant cuts through a day of which more is known
Result<NaiveNow> resolve_now(const NaiveData& data, const std::optional<AsOf>& as_of);

// The ends of a range, where the question or the store tells.
struct NaiveEnds {
  std::optional<Day> from;
  std::optional<Day> to;
  // The first and the last instant, to the microsecond.
  std::optional<TimeUs> begin;
  std::optional<TimeUs> last;
};

//   kInvalidArgument  `from` is later than `to`
Result<NaiveEnds> resolve_ends(const NaiveData& data, const NaiveNow& now,
                               const DateRangeText& range);
// Does the same for the range of a question, which may have times of day.
Result<NaiveEnds> resolve_ends(const NaiveData& data, const NaiveNow& now,
                               const QueryCommon& common);

struct NaiveRange {
  std::vector<Day> periods;  // the first days of those that begin up to `now`, in order
  bool ended = false;        // all periods of the range have ended
};

//   kInvalidArgument  `from` is later than `to`
Result<NaiveRange> resolve_range(const NaiveData& data, const NaiveNow& now,
                                 const QueryCommon& common, Period period);

// Holds a range of dates as instants, not widened to periods.
struct NaiveInstants {
  Day from, to;
  TimeUs begin = 0;
  TimeUs end = 0;        // the first one after it, or after what is known
  TimeUs known_end = 0;  // the first one after what is known
};

// Holds the days on which each user did something.
using DaysByUser = std::map<NaiveUser, std::set<Day>>;

// The events that a question sees: those up to its instant, that pass its own conditions, of the
// users it is about.
struct NaiveScope {
  const NaiveData& data;
  NaiveNow now;
  std::vector<PropertyCondition> where;
  std::optional<std::set<NaiveUser>> among;  // unset: everybody

  // Returns the same scope with one more condition.
  NaiveScope with(const PropertyCondition& condition) const;
  // Returns indices of the events that match.
  std::vector<std::size_t> events(const Selector& selector) const;
  DaysByUser days_by_user(const Selector& selector) const;
};

// Nothing if no instant of the range is known.
//   kInvalidArgument  `from` is later than `to`
Result<std::optional<NaiveInstants>> resolve_instants(const NaiveScope& scope,
                                                      const QueryCommon& common);

bool any_day_in(const std::set<Day>& days, Day first, Day last);

}  // namespace rollcall::testing
