// A funnel by trying: every order of events of one instant, every attempt.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <ostream>
#include <vector>

#include "core/query/sequence/funnel_match.h"

namespace rollcall::testing {

// What becomes of the attempt that an event opens.
struct FunnelOutcome {
  unsigned steps = 0;
  std::vector<TimeUs> times;  // of its steps

  friend bool operator==(const FunnelOutcome&, const FunnelOutcome&) = default;
};
std::ostream& operator<<(std::ostream& out, const FunnelOutcome& outcome);

// More steps, or as many at earlier times.
bool is_better(const FunnelOutcome& a, const std::optional<FunnelOutcome>& b);

// By the place of the first event; of those that are not void. Takes as long as there are orders.
// With `best_alone`, of events of one instant that are alike one has the best outcome, and the
// others may have less; not for funnels with exclusions, where the best may be void.
std::map<std::size_t, FunnelOutcome> by_trying(const FunnelRules& rules,
                                               const std::vector<FunnelEvent>& events,
                                               bool best_alone = false);

}  // namespace rollcall::testing
