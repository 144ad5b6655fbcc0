// Walks the attempts of a user in a plain funnel.
//
// A funnel is plain for a user where no two events have the same time and steps are not ended by
// repeats. What follows the opening of an attempt then decides how far it comes: of two attempts,
// the one that opened earlier is never behind, so that each level, which is how many steps were
// made, holds attempts in the order of their starts. An event takes all attempts of a level to the
// next one.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "core/query/sequence/funnel_match.h"

namespace rollcall {

// Only one thread uses it. Memory is kept from one user to the next.
class PlainFunnel {
 public:
  // Returns whether funnels of these rules are plain for users whose events allow it.
  static bool may_be_plain(const FunnelRules& rules);
  explicit PlainFunnel(const FunnelRules& rules);

  // Goes to another user, none of whose attempts makes more than `most_steps`. At the first that
  // makes as many, the walk need not go on where the earliest of these is looked for.
  void begin(unsigned most_steps);

  enum class Outcome : std::uint8_t {
    kGoesOn,
    kHasEnded,    // `found` has returned false
    kIsNotPlain,  // two events have the same time or, in any order, an event may serve two steps
  };
  // Walks the events from `first` on, which follow those of the call before; `events` begins with
  // the user's first one. Calls found(attempt), which says whether to go on, with each attempt that
  // has ended and is not void. The told instant of an attempt is one event.
  template <class Found>
  Outcome walk(std::span<const StepEvent> events, std::size_t first, Found found);
  // Calls it with those that the last event has left open.
  template <class Found>
  void end(Found found);

  // Finds when an attempt of these events made each of its steps.
  void step_times(std::span<const StepEvent> events, const FunnelAttempt& attempt,
                  std::vector<TimeUs>& times) const;

 private:
  struct Open {
    TimeUs start_time;
    std::uint32_t start;
    std::uint32_t told;  // the place of the event of the told step, or kNotTold
  };
  static constexpr std::uint32_t kNotTold = ~std::uint32_t{0};
  // Is a queue.
  struct Level {
    std::vector<Open> attempts;
    std::size_t front = 0;
    bool empty() const { return front == attempts.size(); }
    void clear() {
      attempts.clear();
      front = 0;
    }
  };

  FunnelAttempt attempt_of(const Open& open, unsigned steps) const {
    FunnelAttempt attempt{open.start, steps, {}};
    if (open.told != kNotTold) {
      attempt.told = {open.told, rules_.told_step, rules_.told_step + 1};
    }
    return attempt;
  }
  bool has_time(TimeUs start, TimeUs now) const {
    return elapsed(start, now) <= static_cast<std::uint64_t>(rules_.window);
  }
  // Reports all attempts of a level, and clears it. Returns false if `found` does.
  template <class Found>
  bool report(Level& level, unsigned steps, Found& found);
  template <class Found>
  bool expire(TimeUs now, Found& found);
  template <class Found>
  bool advance(const StepEvent& event, std::uint32_t place, Found& found);
  template <class Found>
  bool slide(const StepEvent& event, std::uint32_t place, Found& found);
  template <class Found>
  bool close_first(Found& found);
  void drop_void(const StepEvent& event);
  void move_up(unsigned steps, std::uint32_t place);

  const FunnelRules& rules_;
  unsigned most_ = 0;
  TimeUs last_time_ = 0;       // of the event before
  std::vector<Level> levels_;  // by steps made; none has made 0
  unsigned top_ = 0;           // no level above has an attempt
  // In any order, attempts are open together, and have the steps of later ones, too.
  Level window_;
  std::vector<std::uint8_t> steps_of_;  // by place in window_
  std::vector<std::uint64_t> counts_;   // of the events in the window, by step
  unsigned served_ = 0;                 // steps with some
};

template <class Found>
bool PlainFunnel::report(Level& level, unsigned steps, Found& found) {
  for (; !level.empty(); ++level.front) {
    if (!found(attempt_of(level.attempts[level.front], steps))) return false;
  }
  level.clear();
  return true;
}

// Ends what has no time left. The attempts that opened first are those that have come farthest.
template <class Found>
bool PlainFunnel::expire(TimeUs now, Found& found) {
  for (; top_ > 0; --top_) {
    Level& level = levels_[top_];
    for (; !level.empty(); ++level.front) {
      const Open& first = level.attempts[level.front];
      if (has_time(first.start_time, now)) return true;
      if (!found(attempt_of(first, top_))) return false;
    }
    level.clear();
  }
  return true;
}

// The last steps come first, so that an event serves one step of an attempt.
template <class Found>
bool PlainFunnel::advance(const StepEvent& event, std::uint32_t place, Found& found) {
  std::uint32_t steps = event.steps & ((std::uint32_t{2} << (most_ - 1)) - 1) & ~std::uint32_t{1};
  if (rules_.order == FunnelRules::Order::kStrict) {
    for (unsigned made = top_; made > 0; --made) {
      if ((steps >> made & 1) == 0 && !report(levels_[made], made, found)) return false;
    }
  }
  while (steps != 0) {
    const auto step = static_cast<unsigned>(std::bit_width(steps)) - 1;
    steps ^= std::uint32_t{1} << step;
    if (levels_[step].empty()) continue;
    move_up(step, place);
    if (step + 1 == most_ && !report(levels_[most_], most_, found)) return false;
  }
  if ((event.steps & 1) == 0 || event.time > rules_.last_start) return true;
  levels_[1].attempts.push_back({event.time, place, rules_.told_step == 0 ? place : kNotTold});
  if (most_ == 1) return report(levels_[1], 1, found);
  top_ = std::max(top_, 1U);
  return true;
}

// Reports the first attempt of the window.
template <class Found>
bool PlainFunnel::close_first(Found& found) {
  const Open& first = window_.attempts[window_.front];
  const bool goes_on = first.start_time > rules_.last_start || found(attempt_of(first, served_));
  if (--counts_[steps_of_[window_.front]] == 0) --served_;
  ++window_.front;
  return goes_on;
}

template <class Found>
bool PlainFunnel::slide(const StepEvent& event, std::uint32_t place, Found& found) {
  const auto has_first_time = [&] {
    return has_time(window_.attempts[window_.front].start_time, event.time);
  };
  while (!window_.empty() && !has_first_time()) {
    if (!close_first(found)) return false;
  }
  if (window_.empty()) {
    window_.clear();
    steps_of_.clear();
  }
  const auto step = static_cast<std::uint8_t>(std::countr_zero(event.steps));
  window_.attempts.push_back({event.time, place, kNotTold});
  steps_of_.push_back(step);
  if (++counts_[step] == 1) ++served_;
  while (served_ == most_) {
    if (!close_first(found)) return false;
  }
  return true;
}

template <class Found>
PlainFunnel::Outcome PlainFunnel::walk(std::span<const StepEvent> events, std::size_t first,
                                       Found found) {
  const bool in_any_order = rules_.order == FunnelRules::Order::kAny;
  const auto count = static_cast<std::uint32_t>(events.size());
  for (auto place = static_cast<std::uint32_t>(first); place < count; ++place) {
    const StepEvent& event = events[place];
    if ((place > 0 && event.time == last_time_) ||
        (in_any_order && (event.steps & (event.steps - 1)) != 0)) {
      return Outcome::kIsNotPlain;
    }
    last_time_ = event.time;
    if (in_any_order) {
      if (event.steps != 0 && !slide(event, place, found)) return Outcome::kHasEnded;
      continue;
    }
    if (!expire(event.time, found)) return Outcome::kHasEnded;
    if (event.exclusions != 0) drop_void(event);
    if (!advance(event, place, found)) return Outcome::kHasEnded;
  }
  return Outcome::kGoesOn;
}

template <class Found>
void PlainFunnel::end(Found found) {
  for (unsigned steps = most_; steps > 0; --steps) {
    if (!report(levels_[steps], steps, found)) return;
  }
  while (!window_.empty()) {
    if (!close_first(found)) return;
  }
}

}  // namespace rollcall
