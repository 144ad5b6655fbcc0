// Finds which steps of a funnel the events of one instant may serve together.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/query/sequence/step_event.h"

namespace rollcall {

// Events that each serve at most one step. A matching of steps and events grows step by step along
// augmenting paths, so that matched steps stay matched.
//
// For each step, it looks at no more of the events that may serve it than there are steps: if
// others were matched, one of these is free. A group of any size thus costs no more than 32 x 32
// events.
class StepMatching {
 public:
  StepMatching(std::span<const StepEvent> events, std::size_t first_place, unsigned step_count);

  // Resets to the same events, with none of them matched.
  void reset();
  // Takes an event out, until reset.
  void use(std::size_t place);
  // Matches one more step if all steps before it can stay matched.
  bool add(unsigned step);
  // Returns how many steps from `step` on can be matched one after the other, at most `most`.
  unsigned add_from(unsigned step, unsigned most);

 private:
  static constexpr unsigned kFree = kStepsMax;
  static constexpr unsigned kUsed = kStepsMax + 1;
  struct Event {
    std::uint32_t steps;
    std::size_t place;
    unsigned step = kFree;  // the one that it serves
    bool visited = false;
  };
  bool augment(unsigned step);

  std::vector<Event> events_;
};

// Returns whether each of these events can serve a different step among `steps`.
bool each_serves_one(std::span<const std::uint32_t> events, std::uint32_t steps);

}  // namespace rollcall
