// Finds the event that serves a certain step of an attempt, for the value that a breakdown goes by.
//
// The instant of a step is known: it is the earliest that lets the attempt go as far. If several
// events of that instant may serve the step, it is the first of them, by their ranks, that leaves
// an event of its own to each other step that the attempt makes then. In any order, it is the first
// that adds a step to what the attempt's opening event and all earlier events serve.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/query/sequence/funnel_match.h"

namespace rollcall {

// Only one thread uses it.
class ToldStep {
 public:
  // `step` counts from 0. Attempts open apart (FunnelRules::starts_apart).
  ToldStep(const FunnelRules& rules, unsigned step) : rules_(rules), step_(step) {}

  // Goes to the events of a user, of which ranks[i] is the rank of events[i].
  void begin(std::span<const StepEvent> events, std::span<const std::uint32_t> ranks);
  // Returns the place of the event, or kNoEvent if the attempt does not make the step.
  std::size_t find(const FunnelMatcher& matcher, const FunnelAttempt& attempt);

 private:
  // Names the steps from `from` to before `to`, which the attempt makes at one instant.
  struct Instant {
    std::size_t begin = 0;  // place of its first event
    unsigned from = 0;
    unsigned to = 0;
    std::uint32_t opening_steps = 0;  // those of the opening event, if it is of that instant
    friend auto operator<=>(const Instant&, const Instant&) = default;
  };
  // These are the first two that may serve the step; the second is for the attempt that the first
  // one opens.
  using Candidates = std::pair<std::size_t, std::size_t>;

  Candidates candidates(const Instant& instant) const;
  std::size_t in_any_order(const FunnelAttempt& attempt, TimeUs time) const;
  std::size_t instant_begin(TimeUs time) const;
  // Returns the places of the events of an instant by their ranks.
  std::vector<std::size_t> by_rank(std::size_t begin) const;

  const FunnelRules rules_;
  const unsigned step_;
  std::span<const StepEvent> events_;
  std::span<const std::uint32_t> ranks_;
  std::map<Instant, Candidates> known_;
  std::vector<TimeUs> times_;
};

}  // namespace rollcall
