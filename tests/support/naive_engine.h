// The oracle: every answer by sets and loops, straight from the definitions of the queries.
//
// It keeps all events and counts anew for each question. It shares no code with the engine but the
// structs of a query and of a result, and the reader of query JSON, so that the two are independent
// readings of the same definitions.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/options.h"
#include "rollcall/query.h"
#include "rollcall/status.h"
#include "rollcall/types.h"
#include "tests/support/naive_time.h"

namespace rollcall::testing {

struct NaiveEvent {
  UserId user;
  std::string event;
  TimeUs time = 0;
  std::optional<Amount> value;
  std::map<std::string, std::string> properties;
  bool whole_day = false;  // given as a bare date: the data are known to the end of it
};

// Threads: none at the same time as `ingest`. Covers active, retention, churn and idle.
class NaiveEngine {
 public:
  explicit NaiveEngine(StoreSettings settings);

  void ingest(const std::vector<NaiveEvent>& events);

  // Fills all of the result but `definition`, `pivot` and `stats`.
  //   kInvalidArgument  where the engine must refuse too, if not in the same words
  Result<QueryResult> query(const Query& query) const;
  Result<QueryResult> query(std::string_view json) const;

  const StoreSettings& settings() const { return settings_; }
  const std::vector<NaiveEvent>& events() const { return events_; }

 private:
  // The instant up to which a query looks, and the civil days around it.
  struct Now {
    TimeUs time = 0;  // whole seconds
    Day day;          // that holds `time`
    Day last_ended;   // the last day that has ended
    bool ended(Day last_day_needed) const { return last_day_needed <= last_ended; }
  };
  // Whole periods, in order, each named by its first day.
  using Periods = std::vector<Day>;
  // The days on which each user did something.
  using DaysByUser = std::map<UserId, std::set<Day>>;

  Day period_of(Day day, Period period) const;
  Day last_day_of(Day first_day, Period period) const;

  // Names that are not known, and what aggregates cannot tell: conditions on two properties.
  Status check(const Query& query) const;
  Status check_names(const Selector& selector, const std::vector<PropertyCondition>& where) const;
  Result<Now> now(const QueryCommon& common) const;
  Result<Periods> range(const QueryCommon& common, Period period, const Now& now) const;
  bool matches(const NaiveEvent& event, const Selector& selector,
               const std::vector<PropertyCondition>& where) const;
  DaysByUser days_by_user(const Selector& selector, const std::vector<PropertyCondition>& where,
                          const Now& now) const;

  Result<QueryResult> active(const ActiveQuery& ask, const QueryCommon& common,
                             const Now& now) const;
  Result<QueryResult> retention(const RetentionQuery& ask, const QueryCommon& common,
                                const Now& now) const;
  Result<QueryResult> churn(const ChurnQuery& ask, const QueryCommon& common, const Now& now) const;
  Result<QueryResult> idle(const IdleQuery& ask, const QueryCommon& common, const Now& now) const;

  StoreSettings settings_;
  NaiveZone zone_;
  std::vector<NaiveEvent> events_;
  std::vector<Day> days_;  // of events_, by index
  std::set<std::string> event_names_;
  std::optional<TimeUs> known_until_;
};

}  // namespace rollcall::testing
