#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/support/naive_kinds.h"
#include "tests/support/tried_funnel.h"

namespace rollcall::testing {

namespace {

TriedRules rules_of(const FunnelQuery& ask) {
  TriedRules rules;
  rules.step_count = static_cast<unsigned>(ask.steps.size());
  rules.window = ask.window.us;
  rules.order = ask.order;
  rules.strictly_increasing = ask.ties == FunnelQuery::Ties::kStrictlyIncreasing;
  rules.collapse_repeats = ask.collapse_repeats;
  rules.stop_on_repeat = ask.stop_on_repeat;
  for (const FunnelQuery::Exclusion& exclusion : ask.exclusions) {
    rules.exclusions.push_back({static_cast<unsigned>(exclusion.from_step - 1),
                                static_cast<unsigned>(exclusion.to_step - 1)});
  }
  return rules;
}

struct Attempt {
  FunnelOutcome outcome;
  TimeUs start = 0;
  std::string value;  // of the property of a breakdown
};

// Makes the attempts of one user.
class Attempts {
 public:
  Attempts(const FunnelQuery& ask, const std::string& breakdown, const NaiveScope& scope,
           const TriedRules& rules, TimeUs begin, TimeUs end)
      : ask_(ask), breakdown_(breakdown), scope_(scope), rules_(rules), begin_(begin), end_(end) {}

  // `places` are the user's events, in the order of time.
  std::vector<Attempt> of(const std::vector<std::size_t>& places) const {
    if (ask_.hold.empty()) return with(places, std::nullopt);
    std::map<std::string, bool> values;
    for (const std::size_t place : places) {
      values[property_of(scope_.data.events[place], ask_.hold)] = true;
    }
    values.erase("");
    std::vector<Attempt> all;
    for (const auto& [value, is_there] : values) {
      const std::vector<Attempt> more = with(places, value);
      all.insert(all.end(), more.begin(), more.end());
    }
    return all;
  }

 private:
  std::vector<Attempt> with(const std::vector<std::size_t>& places,
                            const std::optional<std::string>& held) const {
    std::vector<TriedEvent> events;
    std::vector<std::string> values;
    for (const std::size_t place : places) {
      const NaiveEvent& event = scope_.data.events[place];
      if (event.time < begin_ || event.time >= end_) continue;
      TriedEvent seen{event.time, 0, 0};
      for (std::size_t step = 0; step < ask_.steps.size(); ++step) {
        const bool has_value = !held || property_of(event, ask_.hold) == *held;
        if (has_value && matches(event, ask_.steps[step])) seen.steps |= 1u << step;
      }
      for (std::size_t i = 0; i < ask_.exclusions.size(); ++i) {
        if (matches(event, ask_.exclusions[i].event)) seen.exclusions |= 1u << i;
      }
      const bool is_seen =
          ask_.order == FunnelQuery::Order::kStrict || seen.steps != 0 || seen.exclusions != 0;
      if (!is_seen) continue;
      events.push_back(seen);
      values.push_back(breakdown_.empty() ? "" : property_of(event, breakdown_));
    }
    std::vector<Attempt> attempts;
    const bool best_alone = rules_.exclusions.empty() && breakdown_.empty();
    const auto step = static_cast<std::size_t>(ask_.breakdown_step - 1);
    for (const auto& [place, outcome] : by_trying(rules_, events, best_alone)) {
      const auto told = serving_event(rules_, events, place, outcome, step, values);
      attempts.push_back({outcome, events[place].time, told ? values[*told] : ""});
    }
    return attempts;
  }

  const FunnelQuery& ask_;
  const std::string& breakdown_;
  const NaiveScope& scope_;
  const TriedRules& rules_;
  TimeUs begin_, end_;
};

Cell seconds(AmountSum sum, std::size_t count) {
  if (count == 0) return std::monostate{};
  return static_cast<double>(
      static_cast<long double>(sum) /
      static_cast<long double>(kUsOfSecond * static_cast<std::int64_t>(count)));
}

Cell mean_seconds(const std::vector<std::int64_t>& numbers) {
  AmountSum sum = 0;
  for (const std::int64_t number : numbers) sum += number;
  return seconds(sum, numbers.size());
}

Cell median_seconds(std::vector<std::int64_t> numbers) {
  if (numbers.empty()) return std::monostate{};
  std::sort(numbers.begin(), numbers.end());
  const std::size_t half = numbers.size() / 2;
  if (numbers.size() % 2 == 1) return seconds(numbers[half], 1);
  return seconds(AmountSum{numbers[half - 1]} + numbers[half], 2);
}

// Every attempt that is not void, by user, and the ends of the range.
struct AllAttempts {
  NaiveEnds ends;
  bool has_rows = false;
  std::map<NaiveUser, std::vector<Attempt>> by_user;
};

Result<AllAttempts> all_attempts(const FunnelQuery& ask, const QueryCommon& common,
                                 const NaiveScope& scope) {
  const NaiveData& data = scope.data;
  AllAttempts all;
  ROLLCALL_ASSIGN_OR_RETURN(all.ends, resolve_ends(data, scope.now, common));
  if (data.events.empty()) return all;
  if (scope.now.day < *all.ends.from || *all.ends.to < *all.ends.from) return all;
  if (scope.now.time + kUsOfSecond <= *all.ends.begin) return all;
  all.has_rows = true;

  const TimeUs seen_end = scope.now.time + kUsOfSecond;
  const TimeUs range_end = std::min(seen_end, *all.ends.last + 1);
  TriedRules rules = rules_of(ask);
  rules.last_start = range_end - 1;
  const Attempts attempts(ask, common.breakdown, scope, rules, *all.ends.begin,
                          ask.steps_after_to ? seen_end : range_end);
  std::map<NaiveUser, std::vector<std::size_t>> events;
  for (const std::size_t place : scope.events({})) events[data.user_of[place]].push_back(place);
  for (auto& [user, places] : events) {
    std::stable_sort(places.begin(), places.end(), [&](std::size_t a, std::size_t b) {
      return data.events[a].time < data.events[b].time;
    });
    all.by_user[user] = attempts.of(places);
  }
  return all;
}

}  // namespace

Result<std::map<std::string, std::set<NaiveUser>>> funnel_values(const FunnelQuery& ask,
                                                                 const QueryCommon& common,
                                                                 const NaiveScope& scope) {
  std::map<std::string, std::set<NaiveUser>> values;
  ROLLCALL_ASSIGN_OR_RETURN(const AllAttempts all, all_attempts(ask, common, scope));
  for (const auto& [user, attempts] : all.by_user) {
    for (const Attempt& attempt : attempts) values[attempt.value].insert(user);
  }
  return values;
}

Result<NaiveTable> funnel_table(const FunnelQuery& ask, const QueryCommon& common,
                                const NaiveScope& scope,
                                const std::optional<PropertyCondition>& value) {
  const NaiveData& data = scope.data;
  NaiveTable table;
  if (ask.period) {
    table.columns.push_back({"date", ColumnType::kDate});
    table.keys.push_back("date");
  }
  table.keys.push_back("step");
  table.optional_keys.push_back("name");
  table.columns.insert(table.columns.end(), {{"step", ColumnType::kInt},
                                             {"name", ColumnType::kString},
                                             {"users", ColumnType::kCount},
                                             {"rate", ColumnType::kRatio},
                                             {"step_rate", ColumnType::kRatio},
                                             {"dropped", ColumnType::kCount},
                                             {"mean_seconds", ColumnType::kRatio},
                                             {"median_seconds", ColumnType::kRatio}});
  if (ask.total_seconds) {
    table.columns.push_back({"mean_total_seconds", ColumnType::kRatio});
    table.columns.push_back({"median_total_seconds", ColumnType::kRatio});
  }
  table.columns.push_back({"complete", ColumnType::kBool});
  ROLLCALL_ASSIGN_OR_RETURN(const AllAttempts attempts, all_attempts(ask, common, scope));
  if (!attempts.has_rows) return table;
  const NaiveEnds& ends = attempts.ends;

  std::vector<Day> rows;
  const Day last_begun = std::min(*ends.to, scope.now.day);
  const Period period = ask.period.value_or(Period::kDay);
  if (ask.period) {
    for (Day p = data.calendar.first_day(*ends.from, period); p <= last_begun;
         p = NaiveCalendar::shift(p, period, 1)) {
      rows.push_back(p);
    }
  } else {
    rows.push_back(*ends.from);
  }
  const std::size_t steps = ask.steps.size();
  for (const Day row : rows) {
    std::vector<Users> exactly(steps + 1);
    std::vector<std::vector<std::int64_t>> gaps(steps), totals(steps);
    for (const auto& [user, all] : attempts.by_user) {
      std::optional<Attempt> best;
      for (const Attempt& attempt : all) {
        if (value && !passes(*value, attempt.value)) continue;
        const Day day = data.zone.day_of(attempt.start);
        if (ask.period && data.calendar.first_day(day, period) != row) continue;
        const bool is_more = !best || attempt.outcome.steps > best->outcome.steps ||
                             (attempt.outcome.steps == best->outcome.steps &&
                              attempt.outcome.times < best->outcome.times);
        if (is_more) best = attempt;
      }
      if (!best) continue;
      exactly[best->outcome.steps].push_back(user);
      for (std::size_t step = 1; step < best->outcome.steps; ++step) {
        const std::vector<TimeUs>& times = best->outcome.times;
        gaps[step].push_back(times[step] - times[step - 1]);
        totals[step].push_back(times[step] - times[0]);
      }
    }
    // The second that holds the last instant of the range.
    const TimeUs range_end = *ends.last - (*ends.last % kUsOfSecond + kUsOfSecond) % kUsOfSecond;
    TimeUs needed = range_end;
    if (ask.period) {
      needed = std::min(needed, data.zone.last_second_of(data.calendar.last_day(row, period)));
    }
    if (ask.period || ask.steps_after_to) needed += ask.window.us;
    if (!ask.steps_after_to) needed = std::min(needed, range_end);
    const bool complete = scope.now.time >= needed;
    std::int64_t first = 0;
    for (std::size_t step = 0; step < steps; ++step) {
      Users users;
      for (std::size_t made = step + 1; made <= steps; ++made) {
        users.insert(users.end(), exactly[made].begin(), exactly[made].end());
      }
      const Users dropped = step == 0 ? Users() : exactly[step];
      if (step == 0) first = count(users);
      const std::int64_t before = count(users) + count(dropped);
      std::vector<NaiveCell> cells;
      if (ask.period) cells.emplace_back(Cell(row));
      cells.emplace_back(Cell(static_cast<std::int64_t>(step + 1)));
      cells.emplace_back(ask.order == FunnelQuery::Order::kAny ? Cell()
                                                               : Cell(event_text(ask.steps[step])));
      cells.emplace_back(users);
      cells.emplace_back(ratio(count(users), first));
      cells.emplace_back(ratio(count(users), before));
      cells.emplace_back(dropped);
      cells.emplace_back(mean_seconds(gaps[step]));
      cells.emplace_back(median_seconds(gaps[step]));
      if (ask.total_seconds) {
        cells.emplace_back(mean_seconds(totals[step]));
        cells.emplace_back(median_seconds(totals[step]));
      }
      cells.emplace_back(Cell(complete));
      table.rows.push_back(std::move(cells));
    }
  }
  return table;
}

}  // namespace rollcall::testing
