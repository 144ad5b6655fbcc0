// Finds the best attempt of a user by the order of names, and looks at few times.
//
// It is for funnels and users for whom nothing else matters: no two events of one instant, nothing
// that excludes, one attempt wanted. An attempt of some steps then ends with an event of the last
// of them, and going back from there, each time to the last event of the step before, leads to the
// latest start. If that is in time, so is every other start in the window, and the earliest of them
// comes as far.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/query/sequence/funnel_match.h"
#include "core/query/sequence/step_bits.h"

namespace rollcall {

// Only one thread uses it.
class BitFunnel {
 public:
  // Returns whether funnels of these rules can be decided so.
  static bool may_decide(const FunnelRules& rules);
  explicit BitFunnel(const FunnelRules& rules) : rules_(rules), before_(rules.step_count) {}

  // Returns the attempt with the most steps, of several the earliest, and when it made each, unless
  // that is one step alone. Returns none if no event opens one.
  std::optional<FunnelAttempt> best(StepBits& events, std::vector<TimeUs>& times);

 private:
  // Is the last event of a step before another event, as far as it has been looked for.
  struct Before {
    std::uint32_t looked_until = 0;
    std::optional<std::uint32_t> last;
  };

  unsigned most_in_order(const StepBits& events) const;
  std::optional<std::uint32_t> latest_start(const StepBits& events, unsigned steps,
                                            std::uint32_t end);
  std::optional<FunnelAttempt> ordered(StepBits& events, std::vector<TimeUs>& times);
  // Does so for at most 64 events, which most users have: a word holds those of a step.
  std::optional<FunnelAttempt> ordered_in_word(StepBits& events, std::vector<TimeUs>& times) const;
  static unsigned most_in_order(std::span<const std::uint64_t> words);
  std::optional<FunnelAttempt> strict(StepBits& events, std::vector<TimeUs>& times);

  const FunnelRules& rules_;
  std::vector<Before> before_;  // by step
};

}  // namespace rollcall
