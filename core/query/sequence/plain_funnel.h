// Finds the best attempt of a user in a plain funnel.
//
// A funnel is plain for a user where no two events have the same time and none excludes, and where
// steps are not ended by repeats. Of an ordered one, the attempt that began last among those with
// as many steps can do all that the others can, so that one start a level tells how far the user
// comes. Of a strict one, an attempt is what follows its start.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "core/query/sequence/funnel_match.h"

namespace rollcall {

// Only one thread uses it.
class PlainFunnel {
 public:
  // Returns whether funnels of these rules are plain for users whose events allow it.
  static bool may_be_plain(const FunnelRules& rules);
  // Returns whether the events of a user allow it.
  static bool allow(std::span<const StepEvent> events);
  explicit PlainFunnel(const FunnelRules& rules) : rules_(rules), starts_(rules.step_count) {}

  // Returns the attempt with the most steps, of several the earliest, and when it made each.
  // Returns none if no event opens one. `events` are in the order of time, no two at once.
  std::optional<FunnelAttempt> best(std::span<const StepEvent> events, std::vector<TimeUs>& times);

 private:
  unsigned most_steps(std::span<const StepEvent> events);
  // Returns how far the attempt that opens at `start` comes; `times` gets when it made each step.
  unsigned steps_from(std::span<const StepEvent> events, std::size_t start,
                      std::vector<TimeUs>& times) const;
  unsigned strict_steps_from(std::span<const StepEvent> events, std::size_t start,
                             std::vector<TimeUs>& times) const;
  // Returns the place of the first event that opens an attempt of so many steps, which some event
  // does.
  std::size_t first_start(std::span<const StepEvent> events, unsigned most);
  std::optional<FunnelAttempt> best_strict(std::span<const StepEvent> events,
                                           std::vector<TimeUs>& times);

  const FunnelRules& rules_;
  std::vector<TimeUs> starts_;  // by steps made, less one: when the last attempt with as many began
  std::vector<TimeUs> ends_;    // by step: when the last step is made if that one comes next
  std::vector<TimeUs> tried_;   // of a strict attempt
};

}  // namespace rollcall
