#include "core/query/sequence/plain_funnel.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace rollcall {
namespace {

constexpr TimeUs kNever = std::numeric_limits<TimeUs>::min();

}  // namespace

bool have_ties(std::span<const FunnelEvent> events) {
  return std::ranges::adjacent_find(events, {}, &FunnelEvent::time) != events.end();
}

bool PlainFunnel::is_plain(const FunnelRules& rules) {
  return rules.order == FunnelRules::Order::kOrdered && !rules.stop_on_repeat &&
         rules.exclusions.empty() && rules.told_step == kFunnelStepsMax;
}

unsigned PlainFunnel::most_steps(std::span<const FunnelEvent> events) {
  std::ranges::fill(starts_, kNever);
  unsigned made = 0;
  for (const FunnelEvent& event : events) {
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

unsigned PlainFunnel::steps_from(std::span<const FunnelEvent> events, std::size_t start,
                                 std::vector<TimeUs>& times) const {
  times.assign(1, events[start].time);
  for (std::size_t i = start + 1; i < events.size() && times.size() < rules_.step_count; ++i) {
    if (elapsed(times.front(), events[i].time) > static_cast<std::uint64_t>(rules_.window)) break;
    if ((events[i].steps >> times.size() & 1) != 0) times.push_back(events[i].time);
  }
  return static_cast<unsigned>(times.size());
}

std::optional<FunnelAttempt> PlainFunnel::best(std::span<const FunnelEvent> events,
                                               std::vector<TimeUs>& times) {
  const unsigned most = most_steps(events);
  if (most == 0) return {};
  for (std::size_t start = 0; start < events.size(); ++start) {
    if ((events[start].steps & 1) == 0) continue;
    if (steps_from(events, start, times) == most) return FunnelAttempt{start, most, kNoEvent};
  }
  return {};
}

}  // namespace rollcall
