#include "core/query/sequence/plain_funnel.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace rollcall {
namespace {

constexpr TimeUs kNever = std::numeric_limits<TimeUs>::min();
constexpr TimeUs kForever = std::numeric_limits<TimeUs>::max();

}  // namespace

bool PlainFunnel::may_be_plain(const FunnelRules& rules) {
  return rules.order != FunnelRules::Order::kAny && !rules.stop_on_repeat &&
         !rules.collapse_repeats && rules.told_step == kStepsMax;
}

bool PlainFunnel::allow(std::span<const StepEvent> events) {
  std::uint32_t exclusions = events.empty() ? 0 : events.front().exclusions;
  bool has_ties = false;
  for (std::size_t i = 1; i < events.size(); ++i) {
    exclusions |= events[i].exclusions;
    has_ties |= events[i].time == events[i - 1].time;
  }
  return exclusions == 0 && !has_ties;
}

unsigned PlainFunnel::most_steps(std::span<const StepEvent> events) {
  std::ranges::fill(starts_, kNever);
  unsigned made = 0;
  for (const StepEvent& event : events) {
    // An event serves one step of an attempt: later steps first, so that none serves two.
    for (std::uint32_t steps = event.steps; steps != 0;) {
      const auto step = static_cast<unsigned>(std::bit_width(steps)) - 1;
      steps &= ~(std::uint32_t{1} << step);
      if (step == 0) {
        if (event.time > rules_.last_start) continue;
        starts_[0] = event.time;
      } else {
        const TimeUs start = starts_[step - 1];
        if (start == kNever ||
            elapsed(start, event.time) > static_cast<std::uint64_t>(rules_.window)) {
          continue;
        }
        starts_[step] = std::max(starts_[step], start);
      }
      made = std::max(made, step + 1);
    }
    if (made == rules_.step_count) break;
  }
  return made;
}

unsigned PlainFunnel::steps_from(std::span<const StepEvent> events, std::size_t start,
                                 std::vector<TimeUs>& times) const {
  times.assign(1, events[start].time);
  for (std::size_t i = start + 1; i < events.size() && times.size() < rules_.step_count; ++i) {
    if (elapsed(times.front(), events[i].time) > static_cast<std::uint64_t>(rules_.window)) break;
    if ((events[i].steps >> times.size() & 1) != 0) times.push_back(events[i].time);
  }
  return static_cast<unsigned>(times.size());
}

unsigned PlainFunnel::strict_steps_from(std::span<const StepEvent> events, std::size_t start,
                                        std::vector<TimeUs>& times) const {
  times.assign(1, events[start].time);
  for (std::size_t i = start + 1; i < events.size() && times.size() < rules_.step_count; ++i) {
    if (elapsed(times.front(), events[i].time) > static_cast<std::uint64_t>(rules_.window)) break;
    if ((events[i].steps >> times.size() & 1) == 0) break;
    times.push_back(events[i].time);
  }
  return static_cast<unsigned>(times.size());
}

std::optional<FunnelAttempt> PlainFunnel::best_strict(std::span<const StepEvent> events,
                                                      std::vector<TimeUs>& times) {
  std::optional<FunnelAttempt> best;
  for (std::size_t start = 0; start < events.size(); ++start) {
    if ((events[start].steps & 1) == 0 || events[start].time > rules_.last_start) continue;
    const unsigned steps = strict_steps_from(events, start, tried_);
    if (best && steps <= best->steps) continue;
    best = FunnelAttempt{start, steps, {}};
    times.swap(tried_);
    if (steps == rules_.step_count) break;
  }
  return best;
}

// Goes back from the last event. Of each step, it knows when the steps from there to the last one
// end if that step comes next: the later events are, the fewer there are to choose from.
std::size_t PlainFunnel::first_start(std::span<const StepEvent> events, unsigned most) {
  std::size_t found = kNoEvent;
  ends_.assign(most, kForever);
  for (std::size_t i = events.size(); i-- > 0;) {
    // An event serves one step of an attempt: earlier steps first, so that none serves two.
    for (unsigned step = 0; step < most; ++step) {
      if ((events[i].steps >> step & 1) == 0) continue;
      const TimeUs end = step + 1 == most ? events[i].time : ends_[step + 1];
      if (end == kForever) continue;
      ends_[step] = end;
      const bool is_in_time =
          elapsed(events[i].time, end) <= static_cast<std::uint64_t>(rules_.window);
      if (step == 0 && events[i].time <= rules_.last_start && is_in_time) found = i;
    }
  }
  return found;
}

std::optional<FunnelAttempt> PlainFunnel::best(std::span<const StepEvent> events,
                                               std::vector<TimeUs>& times) {
  if (rules_.order == FunnelRules::Order::kStrict) return best_strict(events, times);
  const unsigned most = most_steps(events);
  if (most == 0) return {};
  // Mostly the first event of step 1 will do, or one of the next.
  unsigned tries = 4;
  for (std::size_t start = 0; start < events.size() && tries > 0; ++start) {
    if ((events[start].steps & 1) == 0) continue;
    --tries;
    if (steps_from(events, start, times) == most) return FunnelAttempt{start, most, {}};
  }
  const std::size_t start = first_start(events, most);
  steps_from(events, start, times);
  return FunnelAttempt{start, most, {}};
}

}  // namespace rollcall
