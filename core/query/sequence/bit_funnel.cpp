#include "core/query/sequence/bit_funnel.h"

#include <algorithm>
#include <array>
#include <bit>

namespace rollcall {

bool BitFunnel::may_decide(const FunnelRules& rules) {
  if (rules.told_step != kStepsMax) return false;
  return (rules.order == FunnelRules::Order::kOrdered && !rules.stop_on_repeat) ||
         (rules.order == FunnelRules::Order::kStrict && !rules.collapse_repeats);
}

std::optional<FunnelAttempt> BitFunnel::best(StepBits& events, std::vector<TimeUs>& times) {
  if (rules_.order == FunnelRules::Order::kStrict) return strict(events, times);
  return events.word_count() == 1 ? ordered_in_word(events, times) : ordered(events, times);
}

unsigned BitFunnel::most_in_order(const StepBits& events) const {
  unsigned made = 0;
  for (std::uint32_t at = 0; made < rules_.step_count; ++made) {
    at = events.next(made, at);
    if (at++ == events.event_count()) break;
  }
  return made;
}

// Ends ascend from call to call, so that no event is passed over twice.
std::optional<std::uint32_t> BitFunnel::latest_start(const StepBits& events, unsigned steps,
                                                     std::uint32_t end) {
  std::uint32_t at = end;
  for (unsigned step = steps - 1; step-- > 0;) {
    Before& before = before_[step];
    const std::uint32_t last = events.last(step, before.looked_until, at);
    if (last != at) before.last = last;
    before.looked_until = at;
    if (!before.last) return {};
    at = *before.last;
  }
  return at;
}

std::optional<FunnelAttempt> BitFunnel::ordered(StepBits& events, std::vector<TimeUs>& times) {
  const unsigned most = most_in_order(events);
  if (most == 0) return {};
  const auto window = static_cast<std::uint64_t>(rules_.window);
  for (unsigned steps = most; steps > 1; --steps) {
    std::ranges::fill(before_, Before());
    for (std::uint32_t end = events.next(steps - 1, 0); end < events.event_count();
         end = events.next(steps - 1, end + 1)) {
      const std::optional<std::uint32_t> latest = latest_start(events, steps, end);
      if (!latest) continue;
      const TimeUs end_time = events.time(end);
      if (elapsed(events.time(*latest), end_time) > window) continue;
      const auto known = events.times().first(end);
      const auto in_time = std::ranges::partition_point(
          known, [&](TimeUs time) { return elapsed(time, end_time) > window; });
      const std::uint32_t start =
          events.next(0, static_cast<std::uint32_t>(in_time - known.begin()));
      times.clear();
      for (std::uint32_t step = 0, at = start; step < steps; ++step, ++at) {
        at = events.next(step, at);
        times.push_back(events.time(at));
      }
      return FunnelAttempt{start, steps, {}};
    }
  }
  return FunnelAttempt{events.next(0, 0), 1, {}};
}

unsigned BitFunnel::most_in_order(std::span<const std::uint64_t> words) {
  std::uint64_t later = ~std::uint64_t{0};
  unsigned made = 0;
  for (; made < words.size(); ++made) {
    const std::uint64_t left = words[made] & later;
    if (left == 0) break;
    later = ~(left ^ (left - 1));  // those behind the first of them
  }
  return made;
}

std::optional<FunnelAttempt> BitFunnel::ordered_in_word(StepBits& events,
                                                        std::vector<TimeUs>& times) const {
  std::array<std::uint64_t, kStepsMax> words;
  for (unsigned step = 0; step < rules_.step_count; ++step) words[step] = events.word(step, 0);
  const auto place_of = [](std::uint64_t bit) {
    return static_cast<std::uint32_t>(std::countr_zero(bit));
  };
  const unsigned most = most_in_order(std::span(words).first(rules_.step_count));
  if (most == 0) return {};
  const auto window = static_cast<std::uint64_t>(rules_.window);
  for (unsigned steps = most; steps > 1; --steps) {
    for (std::uint64_t ends = words[steps - 1]; ends != 0; ends &= ends - 1) {
      const std::uint64_t end = ends & (~ends + 1);
      std::uint64_t latest = end;
      for (unsigned step = steps - 1; latest != 0 && step-- > 0;) {
        latest = std::bit_floor(words[step] & (latest - 1));
      }
      if (latest == 0) continue;
      const TimeUs end_time = events.time(place_of(end));
      if (elapsed(events.time(place_of(latest)), end_time) > window) continue;
      std::uint64_t starts = words[0] & (latest | (latest - 1));
      while (elapsed(events.time(place_of(starts)), end_time) > window) starts &= starts - 1;
      const std::uint32_t start = place_of(starts);
      times.clear();
      std::uint64_t later = ~std::uint64_t{0} << start;
      for (unsigned step = 0; step < steps; ++step) {
        const std::uint64_t left = words[step] & later;
        times.push_back(events.time(place_of(left)));
        later = ~(left ^ (left - 1));
      }
      return FunnelAttempt{start, steps, {}};
    }
  }
  return FunnelAttempt{place_of(words[0]), 1, {}};
}

// The steps of an attempt are events one after the other.
std::optional<FunnelAttempt> BitFunnel::strict(StepBits& events, std::vector<TimeUs>& times) {
  const auto window = static_cast<std::uint64_t>(rules_.window);
  const std::size_t word_count = events.word_count();
  // Returns the bits of a step's events, moved to where the attempt of which they are opened.
  const auto moved = [&](unsigned step, std::size_t w) {
    const std::uint64_t low = events.word(step, w) >> step;
    const bool has_more = step > 0 && w + 1 < word_count;
    return has_more ? low | events.word(step, w + 1) << (64 - step) : low;
  };
  for (unsigned steps = rules_.step_count; steps > 0; --steps) {
    for (std::size_t w = 0; w < word_count; ++w) {
      std::uint64_t starts = events.word(0, w);
      for (unsigned step = 1; starts != 0 && step < steps; ++step) starts &= moved(step, w);
      for (; starts != 0; starts &= starts - 1) {
        const auto start =
            static_cast<std::uint32_t>(64 * w) + static_cast<unsigned>(std::countr_zero(starts));
        if (steps == 1) return FunnelAttempt{start, 1, {}};
        if (elapsed(events.time(start), events.time(start + steps - 1)) > window) continue;
        times.clear();
        for (unsigned step = 0; step < steps; ++step) times.push_back(events.time(start + step));
        return FunnelAttempt{start, steps, {}};
      }
    }
  }
  return {};
}

}  // namespace rollcall
