// This is a funnel by trying: every order of events of one instant, and every attempt.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <ostream>
#include <vector>

#include "core/query/sequence/funnel_match.h"

namespace rollcall::testing {

// Says what becomes of the attempt that an event opens.
struct FunnelOutcome {
  unsigned steps = 0;
  std::vector<TimeUs> times;  // of its steps

  friend bool operator==(const FunnelOutcome&, const FunnelOutcome&) = default;
};
std::ostream& operator<<(std::ostream& out, const FunnelOutcome& outcome);

// An outcome is better with more steps, or with as many at earlier times.
bool is_better(const FunnelOutcome& a, const std::optional<FunnelOutcome>& b);

// Returns the outcomes that are not void, by the place of the first event. Takes as long as there
// are orders. With `best_alone`, one of the events of one instant that are alike has the best
// outcome, and the others may have less. This is not for funnels with exclusions, where the best
// may be void.
std::map<std::size_t, FunnelOutcome> by_trying(const FunnelRules& rules,
                                               const std::vector<FunnelEvent>& events,
                                               bool best_alone = false);

}  // namespace rollcall::testing
