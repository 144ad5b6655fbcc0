#include "tests/support/tried_funnel.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <numeric>
#include <set>
#include <utility>

namespace rollcall::testing {

std::ostream& operator<<(std::ostream& out, const FunnelOutcome& outcome) {
  out << outcome.steps << " steps at";
  for (const TimeUs time : outcome.times) out << ' ' << time;
  return out;
}

namespace {

bool has(std::uint32_t bits, unsigned bit) { return bit < 32 && (bits >> bit & 1) != 0; }

// Makes one attempt, with the events taken as they come.
FunnelOutcome walk(const TriedRules& rules, const std::vector<TriedEvent>& events,
                   std::size_t start) {
  FunnelOutcome outcome{1, {events[start].time}};
  for (std::size_t i = start + 1; i < events.size() && outcome.steps < rules.step_count; ++i) {
    const TriedEvent& event = events[i];
    if (event.time > events[start].time + rules.window) break;
    const bool is_of_next = has(event.steps, outcome.steps);
    const bool may_serve = !rules.strictly_increasing || event.time > outcome.times.back();
    if (is_of_next && may_serve) {
      outcome.times.push_back(event.time);
      ++outcome.steps;
      continue;
    }
    if (rules.order == FunnelQuery::Order::kStrict) {
      const bool repeats = has(event.steps, outcome.steps - 1) && !is_of_next;
      if (!rules.collapse_repeats || !repeats) break;
    } else if (rules.stop_on_repeat) {
      bool repeats = false;
      for (unsigned step = 0; step < outcome.steps; ++step) {
        repeats = repeats || has(event.steps, step);
      }
      if (repeats) break;
    }
  }
  return outcome;
}

bool is_void(const TriedRules& rules, const std::vector<TriedEvent>& events,
             const FunnelOutcome& outcome) {
  for (std::size_t i = 0; i < rules.exclusions.size(); ++i) {
    const TriedRules::Exclusion& exclusion = rules.exclusions[i];
    if (outcome.steps <= exclusion.from) continue;
    const bool is_reached = outcome.steps > exclusion.to;
    for (const TriedEvent& event : events) {
      if (!has(event.exclusions, static_cast<unsigned>(i))) continue;
      if (event.time <= outcome.times[exclusion.from]) continue;
      if (is_reached ? event.time < outcome.times[exclusion.to]
                     : event.time <= outcome.times[0] + rules.window) {
        return true;
      }
    }
  }
  return false;
}

// Makes one ordered attempt, with every choice of events for its steps.
class Choices {
 public:
  Choices(const TriedRules& rules, const std::vector<TriedEvent>& events, std::size_t start)
      : rules_(rules), events_(events), end_(events[start].time + rules.window) {
    chosen_.push_back(start);
    choose();
  }
  FunnelOutcome best() const { return *best_; }

 private:
  void choose() {
    FunnelOutcome outcome{static_cast<unsigned>(chosen_.size()), {}};
    for (const std::size_t place : chosen_) outcome.times.push_back(events_[place].time);
    if (is_better(outcome, best_)) best_ = outcome;
    if (chosen_.size() == rules_.step_count) return;
    const TimeUs last = outcome.times.back();
    std::optional<TimeUs> tried;
    for (std::size_t i = 0; i < events_.size(); ++i) {
      const TriedEvent& event = events_[i];
      const bool may_serve = rules_.strictly_increasing ? event.time > last : event.time >= last;
      const bool is_of_next = has(event.steps, static_cast<unsigned>(chosen_.size()));
      if (!may_serve || event.time > end_ || !is_of_next) continue;
      if (std::ranges::find(chosen_, i) != chosen_.end()) continue;
      // A later one lets no more steps follow: whatever it does, these would do.
      if (tried && event.time > *tried) break;
      tried = event.time;
      chosen_.push_back(i);
      choose();
      chosen_.pop_back();
    }
  }

  const TriedRules& rules_;
  const std::vector<TriedEvent>& events_;
  const TimeUs end_;
  std::vector<std::size_t> chosen_;
  std::optional<FunnelOutcome> best_;
};

// Returns the most steps that the events can serve, one each.
unsigned most_steps(const std::vector<std::uint32_t>& events, unsigned step_count) {
  std::set<std::uint32_t> served = {0};  // every choice of steps that the events so far can serve
  for (const std::uint32_t event : events) {
    for (const std::uint32_t before : std::set(served)) {
      for (unsigned step = 0; step < step_count; ++step) {
        if (has(event, step)) served.insert(before | 1u << step);
      }
    }
  }
  int most = 0;
  for (const std::uint32_t steps : served) most = std::max(most, std::popcount(steps));
  return static_cast<unsigned>(most);
}

FunnelOutcome in_any_order(const TriedRules& rules, const std::vector<TriedEvent>& events,
                           const TriedEvent& opening) {
  const TimeUs start = opening.time;
  FunnelOutcome outcome;
  std::set<TimeUs> ends;
  for (const TriedEvent& event : events) {
    if (event.time >= start && event.time <= start + rules.window) ends.insert(event.time);
  }
  for (const TimeUs until : ends) {
    std::vector<std::uint32_t> within;
    std::map<TimeUs, std::uint32_t> instants;
    for (const TriedEvent& event : events) {
      if (event.time < start || event.time > until) continue;
      within.push_back(event.steps);
      instants[event.time] |= event.steps;
    }
    if (rules.strictly_increasing) {
      // The opening event serves a step, so that no other of its instant does.
      instants[start] = opening.steps;
      within.clear();
      for (const auto& [time, steps] : instants) within.push_back(steps);
    }
    while (outcome.steps < most_steps(within, rules.step_count)) {
      ++outcome.steps;
      outcome.times.push_back(until);
    }
  }
  return outcome;
}

// Calls `visit` with every order of the events' places in which times ascend; of events that are
// `alike` with one of their orders.
void each_order(const std::vector<TriedEvent>& events, bool alike, std::size_t begin,
                std::vector<std::size_t>& order, const std::function<void()>& visit) {
  if (begin == events.size()) return visit();
  std::size_t end = begin;
  while (end < events.size() && events[end].time == events[begin].time) ++end;
  const auto first = order.begin() + static_cast<std::ptrdiff_t>(begin);
  const auto last = order.begin() + static_cast<std::ptrdiff_t>(end);
  std::iota(first, last, begin);
  const auto is_before = [&](std::size_t a, std::size_t b) {
    if (!alike) return a < b;
    return std::pair(events[a].steps, events[a].exclusions) <
           std::pair(events[b].steps, events[b].exclusions);
  };
  std::sort(first, last, is_before);
  do {
    each_order(events, alike, end, order, visit);
  } while (std::next_permutation(first, last, is_before));
}

// Whether events of `places` other than those that are `used` can serve each of `steps`.
bool can_serve(const std::vector<TriedEvent>& events, const std::vector<std::size_t>& places,
               const std::vector<unsigned>& steps, std::set<std::size_t> used) {
  if (steps.empty()) return true;
  const std::vector<unsigned> rest(steps.begin() + 1, steps.end());
  for (const std::size_t place : places) {
    if (used.contains(place) || !has(events[place].steps, steps.front())) continue;
    std::set<std::size_t> more = used;
    more.insert(place);
    if (can_serve(events, places, rest, more)) return true;
  }
  return false;
}

// Whether the event adds a step to what `start` and all earlier events serve.
bool adds_a_step(const TriedRules& rules, const std::vector<TriedEvent>& events, std::size_t start,
                 std::size_t place) {
  std::vector<std::uint32_t> before = {events[start].steps};
  std::map<TimeUs, std::uint32_t> instants;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (events[i].time < events[start].time || events[i].time >= events[place].time) continue;
    instants[events[i].time] |= events[i].steps;
    if (i != start) before.push_back(events[i].steps);
  }
  if (rules.strictly_increasing) {
    instants[events[start].time] = events[start].steps;
    before.clear();
    for (const auto& [time, steps] : instants) before.push_back(steps);
  }
  const unsigned known = most_steps(before, rules.step_count);
  before.push_back(events[place].steps);
  return most_steps(before, rules.step_count) > known;
}

}  // namespace

std::optional<std::size_t> serving_event(const TriedRules& rules,
                                         const std::vector<TriedEvent>& events, std::size_t start,
                                         const FunnelOutcome& outcome, std::size_t step,
                                         const std::vector<std::string>& values) {
  if (outcome.steps <= step) return std::nullopt;
  if (step == 0) return start;
  const TimeUs time = outcome.times[step];
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (events[i].time == time) places.push_back(i);
  }
  std::vector<unsigned> others;
  for (unsigned other = 1; other < outcome.steps; ++other) {
    if (outcome.times[other] == time && other != step) others.push_back(other);
  }
  std::optional<std::size_t> best;
  for (const std::size_t place : places) {
    if (place == start) continue;
    const bool serves = rules.order == FunnelQuery::Order::kAny
                            ? adds_a_step(rules, events, start, place)
                            : has(events[place].steps, static_cast<unsigned>(step)) &&
                                  can_serve(events, places, others, {start, place});
    if (serves && (!best || values[place] < values[*best])) best = place;
  }
  return best;
}

bool is_better(const FunnelOutcome& a, const std::optional<FunnelOutcome>& b) {
  return !b || a.steps > b->steps || (a.steps == b->steps && a.times < b->times);
}

std::map<std::size_t, FunnelOutcome> by_trying(const TriedRules& rules,
                                               const std::vector<TriedEvent>& events,
                                               bool best_alone) {
  std::map<std::size_t, FunnelOutcome> outcomes;
  if (rules.order == FunnelQuery::Order::kAny) {
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (events[i].steps == 0 || events[i].time > rules.last_start) continue;
      outcomes[i] = in_any_order(rules, events, events[i]);
    }
    return outcomes;
  }
  std::map<std::size_t, std::optional<FunnelOutcome>> best;
  std::vector<std::size_t> order(events.size());
  if (rules.order == FunnelQuery::Order::kOrdered && !rules.stop_on_repeat) {
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (!has(events[i].steps, 0) || events[i].time > rules.last_start) continue;
      best[i] = Choices(rules, events, i).best();
    }
  } else {
    each_order(events, /*alike=*/best_alone, 0, order, [&] {
      std::vector<TriedEvent> ordered;
      for (const std::size_t place : order) ordered.push_back(events[place]);
      for (std::size_t i = 0; i < ordered.size(); ++i) {
        if (!has(ordered[i].steps, 0) || ordered[i].time > rules.last_start) continue;
        const FunnelOutcome outcome = walk(rules, ordered, i);
        if (is_better(outcome, best[order[i]])) best[order[i]] = outcome;
      }
    });
  }
  for (const auto& [place, outcome] : best) {
    if (!is_void(rules, events, *outcome)) outcomes[place] = *outcome;
  }
  return outcomes;
}

}  // namespace rollcall::testing
