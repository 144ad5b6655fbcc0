// This is a funnel by trying: every order of events of one instant, and every attempt.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "rollcall/question.h"
#include "rollcall/types.h"

namespace rollcall::testing {

struct TriedEvent {
  TimeUs time = 0;
  std::uint32_t steps = 0;       // bit k: it may serve step k, from 0
  std::uint32_t exclusions = 0;  // bit i: it is an event of exclusion i
};

// The fields of a funnel, with steps counted from 0.
struct TriedRules {
  struct Exclusion {
    unsigned from = 0;
    unsigned to = 1;
  };

  unsigned step_count = 2;
  TimeUs window = 0;
  FunnelQuery::Order order = FunnelQuery::Order::kOrdered;
  bool strictly_increasing = false;
  bool collapse_repeats = false;
  bool stop_on_repeat = false;
  std::vector<Exclusion> exclusions;
  TimeUs last_start = std::numeric_limits<TimeUs>::max();
};

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
std::map<std::size_t, FunnelOutcome> by_trying(const TriedRules& rules,
                                               const std::vector<TriedEvent>& events,
                                               bool best_alone = false);

// Returns the place of the event that serves step `step`, from 0, of the attempt that events[start]
// opens: the one with the smallest value among those of its instant that may serve it and leave
// events to the attempt's other steps of that instant; in any order, among those that add a step to
// what came before. Returns nothing if the attempt does not make the step.
std::optional<std::size_t> serving_event(const TriedRules& rules,
                                         const std::vector<TriedEvent>& events, std::size_t start,
                                         const FunnelOutcome& outcome, std::size_t step,
                                         const std::vector<std::string>& values);

}  // namespace rollcall::testing
