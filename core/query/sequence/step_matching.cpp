#include "core/query/sequence/step_matching.h"

#include <algorithm>

namespace rollcall {

StepMatching::StepMatching(std::span<const StepEvent> events, std::size_t first_place,
                           unsigned step_count) {
  std::array<unsigned, kStepsMax> kept{};
  for (std::size_t i = 0; i < events.size(); ++i) {
    bool is_wanted = false;
    for (unsigned step = 0; step < step_count; ++step) {
      is_wanted = is_wanted || ((events[i].steps >> step & 1) != 0 && kept[step] < step_count);
    }
    if (!is_wanted) continue;
    for (unsigned step = 0; step < step_count; ++step) kept[step] += events[i].steps >> step & 1;
    events_.push_back({events[i].steps, first_place + i});
  }
}

void StepMatching::reset() {
  for (Event& event : events_) event.step = kFree;
}

void StepMatching::use(std::size_t place) {
  const auto event = std::ranges::find(events_, place, &Event::place);
  if (event != events_.end()) event->step = kUsed;
}

bool StepMatching::augment(unsigned step) {
  for (Event& event : events_) {
    if (event.visited || event.step == kUsed || (event.steps >> step & 1) == 0) continue;
    event.visited = true;
    if (event.step == kFree || augment(event.step)) {
      event.step = step;
      return true;
    }
  }
  return false;
}

bool StepMatching::add(unsigned step) {
  for (Event& event : events_) event.visited = false;
  return augment(step);
}

unsigned StepMatching::add_from(unsigned step, unsigned most) {
  unsigned added = 0;
  while (added < most && add(step + added)) ++added;
  return added;
}

namespace {

// Matches events to steps; `servers` says which event has a step.
bool serve(std::span<const std::uint32_t> events, std::size_t event, std::uint32_t steps,
           std::uint32_t& visited, std::array<std::size_t, kStepsMax>& servers) {
  for (unsigned step = 0; step < kStepsMax; ++step) {
    const std::uint32_t bit = std::uint32_t{1} << step;
    if ((events[event] & steps & bit & ~visited) == 0) continue;
    visited |= bit;
    if (servers[step] == kNoEvent || serve(events, servers[step], steps, visited, servers)) {
      servers[step] = event;
      return true;
    }
  }
  return false;
}

}  // namespace

bool each_serves_one(std::span<const std::uint32_t> events, std::uint32_t steps) {
  std::array<std::size_t, kStepsMax> servers;
  servers.fill(kNoEvent);
  for (std::size_t event = 0; event < events.size(); ++event) {
    std::uint32_t visited = 0;
    if (!serve(events, event, steps, visited, servers)) return false;
  }
  return true;
}

}  // namespace rollcall
