#include "core/query/sequence/plain_funnel.h"

#include <algorithm>

namespace rollcall {

bool PlainFunnel::may_be_plain(const FunnelRules& rules) {
  switch (rules.order) {
    case FunnelRules::Order::kOrdered:
      return !rules.stop_on_repeat;
    case FunnelRules::Order::kStrict:
      return !rules.collapse_repeats && rules.exclusions.empty();
    case FunnelRules::Order::kAny:
      return rules.told_step == kStepsMax;
  }
  return false;
}

PlainFunnel::PlainFunnel(const FunnelRules& rules)
    : rules_(rules), levels_(rules.step_count + 1), counts_(rules.step_count) {}

void PlainFunnel::begin(unsigned most_steps) {
  most_ = most_steps;
  for (Level& level : levels_) level.clear();
  top_ = 0;
  window_.clear();
  steps_of_.clear();
  std::ranges::fill(counts_, 0);
  served_ = 0;
}

// An exclusion counts strictly after its first step and before its last one.
void PlainFunnel::drop_void(const StepEvent& event) {
  for (std::size_t i = 0; i < rules_.exclusions.size(); ++i) {
    if ((event.exclusions >> i & 1) == 0) continue;
    const FunnelRules::Exclusion& exclusion = rules_.exclusions[i];
    const bool reaches_last = (event.steps >> exclusion.to & 1) != 0;
    const unsigned last = reaches_last ? exclusion.to - 1 : exclusion.to;
    for (unsigned steps = exclusion.from + 1; steps <= last; ++steps) levels_[steps].clear();
  }
}

// Takes those who have made `steps` steps one further, by the event at `place`.
void PlainFunnel::move_up(unsigned steps, std::uint32_t place) {
  Level& from = levels_[steps];
  Level& to = levels_[steps + 1];
  if (rules_.told_step == steps) {
    for (std::size_t i = from.front; i < from.attempts.size(); ++i) from.attempts[i].told = place;
  }
  if (to.empty()) {
    std::swap(from, to);
  } else {
    const auto first = from.attempts.begin() + static_cast<std::ptrdiff_t>(from.front);
    to.attempts.insert(to.attempts.end(), first, from.attempts.end());
  }
  from.clear();
  if (steps + 1 < most_) top_ = std::max(top_, steps + 1);
}

void PlainFunnel::step_times(std::span<const StepEvent> events, const FunnelAttempt& attempt,
                             std::vector<TimeUs>& times) const {
  times.clear();
  std::uint32_t wanted = 1;  // of these steps, an event makes one more
  if (rules_.order == FunnelRules::Order::kAny) wanted = ~std::uint32_t{0};
  for (std::size_t place = attempt.start; times.size() < attempt.steps; ++place) {
    const StepEvent& event = events[place];
    if ((event.steps & wanted) == 0) continue;
    times.push_back(event.time);
    if (rules_.order == FunnelRules::Order::kAny) {
      wanted &= ~event.steps;
    } else {
      wanted <<= 1;
    }
  }
}

}  // namespace rollcall
