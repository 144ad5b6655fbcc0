#include "core/query/sequence/plain_funnel.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace rollcall {
namespace {

constexpr TimeUs kNever = std::numeric_limits<TimeUs>::min();

}  // namespace

bool PlainFunnel::may_be_plain(const FunnelRules& rules) {
  return rules.order != FunnelRules::Order::kAny && !rules.stop_on_repeat &&
         rules.told_step == kStepsMax;
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
    if ((events[i].steps >> times.size() & 1) != 0) {
      times.push_back(events[i].time);
    } else if (!rules_.collapse_repeats || (events[i].steps >> (times.size() - 1) & 1) == 0) {
      break;
    }
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
    best = FunnelAttempt{start, steps, kNoEvent};
    times.swap(tried_);
    if (steps == rules_.step_count) break;
  }
  return best;
}

std::optional<FunnelAttempt> PlainFunnel::best(std::span<const StepEvent> events,
                                               std::vector<TimeUs>& times) {
  if (rules_.order == FunnelRules::Order::kStrict) return best_strict(events, times);
  const unsigned most = most_steps(events);
  if (most == 0) return {};
  for (std::size_t start = 0; start < events.size(); ++start) {
    if ((events[start].steps & 1) == 0) continue;
    if (steps_from(events, start, times) == most) return FunnelAttempt{start, most, kNoEvent};
  }
  return {};
}

}  // namespace rollcall
