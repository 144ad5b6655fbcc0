// The best attempt of a user in a plain funnel, in one pass.
//
// A funnel is plain where nothing voids an attempt or ends it early and other events may lie
// between its steps. Where no two events have the same time, too, the attempt that began last among
// those with as many steps can do all that the others can, so that one start a level is enough.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "core/query/sequence/funnel_match.h"

namespace rollcall {

// Threads: one at a time.
class PlainFunnel {
 public:
  static bool is_plain(const FunnelRules& rules);
  explicit PlainFunnel(const FunnelRules& rules) : rules_(rules), starts_(rules.step_count) {}

  // The attempt with the most steps, of several the earliest, and when it made each; none: no event
  // opens one. `events` are in the order of time, no two at once.
  std::optional<FunnelAttempt> best(std::span<const FunnelEvent> events,
                                    std::vector<TimeUs>& times);

 private:
  unsigned most_steps(std::span<const FunnelEvent> events);
  // How far the attempt that opens at `start` comes; `times` has when it made each step.
  unsigned steps_from(std::span<const FunnelEvent> events, std::size_t start,
                      std::vector<TimeUs>& times) const;

  const FunnelRules& rules_;
  std::vector<TimeUs> starts_;  // by steps made, less one: when the last attempt with as many began
};

// Whether any two neighbours have the same time.
bool have_ties(std::span<const FunnelEvent> events);

}  // namespace rollcall
