#include "core/query/sequence/told_step.h"

#include <algorithm>
#include <bit>
#include <optional>

#include "core/query/sequence/step_matching.h"

namespace rollcall {
namespace {

// Returns how many steps the events can serve, each at most one.
unsigned served(std::span<const StepEvent> events, unsigned step_count) {
  StepMatching matching(events, 0, step_count);
  unsigned count = 0;
  for (unsigned step = 0; step < step_count; ++step) count += matching.add(step) ? 1U : 0U;
  return count;
}

}  // namespace

void ToldStep::begin(std::span<const StepEvent> events, std::span<const std::uint32_t> ranks) {
  events_ = events;
  ranks_ = ranks;
  known_.clear();
}

std::size_t ToldStep::find(const FunnelMatcher& matcher, const FunnelAttempt& attempt) {
  if (attempt.steps <= step_) return kNoEvent;
  if (step_ == 0) return attempt.start;
  Instant instant = {attempt.told.begin, attempt.told.from, attempt.told.to, 0};
  if (instant.begin == kNoEvent) {
    matcher.step_times(events_, attempt, times_);
    const TimeUs time = times_[step_];
    if (rules_.order == FunnelRules::Order::kAny) return in_any_order(attempt, time);
    const auto [first, last] = std::equal_range(times_.begin(), times_.end(), time);
    instant = {instant_begin(time), static_cast<unsigned>(first - times_.begin()),
               static_cast<unsigned>(last - times_.begin()), 0};
  }
  const StepEvent& opening = events_[attempt.start];
  if (events_[instant.begin].time == opening.time) instant.opening_steps = opening.steps;
  const auto [known, is_new] = known_.try_emplace(instant);
  if (is_new) known->second = candidates(instant);
  const auto [first, second] = known->second;
  return first != attempt.start ? first : second;
}

// An event may open the attempt and serve the step in another one. So it is left out as the opening
// event only where it is the one that is asked about; any other with the same steps stands for it.
ToldStep::Candidates ToldStep::candidates(const Instant& instant) const {
  Candidates found(kNoEvent, kNoEvent);
  const std::vector<std::size_t> places = by_rank(instant.begin);
  if (places.size() == 1) return {places.front(), kNoEvent};
  std::vector<StepEvent> group;
  for (std::size_t i = 0; i < places.size(); ++i) group.push_back(events_[instant.begin + i]);
  StepMatching matching(group, instant.begin, rules_.step_count);
  for (const std::size_t place : places) {
    if ((events_[place].steps >> step_ & 1) == 0) continue;
    matching.reset();
    matching.use(place);
    if (instant.opening_steps != 0) {
      const auto opening = std::ranges::find_if(places, [&](std::size_t other) {
        return other != place && events_[other].steps == instant.opening_steps;
      });
      if (opening == places.end()) continue;
      matching.use(*opening);
    }
    bool is_free = true;
    // The opening event makes the first step.
    for (unsigned step = std::max(instant.from, 1U); step < instant.to && is_free; ++step) {
      is_free = step == step_ || matching.add(step);
    }
    if (!is_free) continue;
    if (found.first != kNoEvent) {
      found.second = place;
      return found;
    }
    found.first = place;
  }
  return found;
}

std::size_t ToldStep::in_any_order(const FunnelAttempt& attempt, TimeUs time) const {
  const TimeUs start = events_[attempt.start].time;
  const auto first = std::ranges::lower_bound(events_, start, {}, &StepEvent::time);
  std::vector<StepEvent> before;
  std::map<std::uint32_t, int> kept;  // by the steps that events may serve
  const auto keep = [&](std::uint32_t steps) {
    if (steps != 0 && kept[steps]++ < std::popcount(steps)) before.push_back({0, steps, 0});
  };
  keep(events_[attempt.start].steps);
  std::size_t place = static_cast<std::size_t>(first - events_.begin());
  while (place < events_.size() && events_[place].time < time) {
    const TimeUs now = events_[place].time;
    std::uint32_t any = 0;
    for (; place < events_.size() && events_[place].time == now; ++place) {
      any |= events_[place].steps;
      if (!rules_.strictly_increasing && place != attempt.start) keep(events_[place].steps);
    }
    // One instant serves one step at most: that of the attempt's opening, one of its event.
    if (rules_.strictly_increasing && now != start) keep(any);
  }
  const unsigned known = served(before, rules_.step_count);
  for (const std::size_t candidate : by_rank(place)) {
    if (candidate == attempt.start) continue;
    before.push_back({0, events_[candidate].steps, 0});
    if (served(before, rules_.step_count) > known) return candidate;
    before.pop_back();
  }
  return kNoEvent;
}

std::size_t ToldStep::instant_begin(TimeUs time) const {
  return static_cast<std::size_t>(std::ranges::lower_bound(events_, time, {}, &StepEvent::time) -
                                  events_.begin());
}

std::vector<std::size_t> ToldStep::by_rank(std::size_t begin) const {
  std::vector<std::size_t> places;
  for (std::size_t place = begin;
       place < events_.size() && events_[place].time == events_[begin].time; ++place) {
    places.push_back(place);
  }
  std::ranges::sort(places, {}, [&](std::size_t place) { return std::pair(ranks_[place], place); });
  return places;
}

}  // namespace rollcall
