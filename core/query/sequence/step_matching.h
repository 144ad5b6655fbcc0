// Which steps of a funnel the events of one instant may serve together.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/query/sequence/funnel_match.h"

namespace rollcall {

// Events that each serve one step at most. A matching of steps and events grows step by step along
// augmenting paths, so that the steps that are matched stay so.
//
// It looks at no more of the events that may serve a step than there are steps: where others were
// matched, one of these is free. So a group of any size costs no more than 32 x 32 events.
class StepMatching {
 public:
  StepMatching(std::span<const FunnelEvent> events, std::size_t first_place, unsigned step_count);

  // The same events, none of them matched.
  void reset();
  // Takes an event out, until reset.
  void use(std::size_t place);
  // Matches one more step, if that is possible with all steps before it matched still.
  bool add(unsigned step);
  // How many steps from `step` on can be matched, one after the other, `most` at most.
  unsigned add_from(unsigned step, unsigned most);
  // The event that serves a matched step.
  std::size_t event_of(unsigned step) const;

 private:
  static constexpr unsigned kFree = kFunnelStepsMax;
  static constexpr unsigned kUsed = kFunnelStepsMax + 1;
  struct Event {
    std::uint32_t steps;
    std::size_t place;
    unsigned step = kFree;  // that it serves
    bool visited = false;
  };
  bool augment(unsigned step);

  std::vector<Event> events_;
};

// Whether every one of these events can serve a step of its own among `steps`.
bool each_serves_one(std::span<const std::uint32_t> events, std::uint32_t steps);

}  // namespace rollcall
