// Finds how far one user gets in a funnel.
//
// A user's events come in the order of time, each with the steps that it may serve. Every event of
// the first step opens an attempt; each event serves one step of an attempt. Attempts are walked
// together, level by level: those that have made the same number of steps go on alike, whatever
// came before, so that the cost of an event depends on the number of steps, not on how many
// attempts are open. Events of one instant have no order and are taken as a group: an attempt goes
// as far in it as some order of them allows, which is a matching of steps and events.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "core/base/question_account.h"
#include "core/query/sequence/step_event.h"
#include "rollcall/types.h"

namespace rollcall {

struct FunnelRules {
  enum class Order : std::uint8_t { kOrdered, kStrict, kAny };
  // An attempt that has made step `from` is void if an event of it comes before step `to`; steps
  // from 0.
  struct Exclusion {
    unsigned from = 0;
    unsigned to = 1;
  };

  unsigned step_count = 2;
  TimeUs window = 0;  // from the first step, including its end
  Order order = Order::kOrdered;
  bool strictly_increasing = false;  // events of equal times have no order
  bool collapse_repeats = false;     // kStrict only
  bool stop_on_repeat = false;       // kOrdered only
  std::vector<Exclusion> exclusions;
  // Only events at most as late as this open attempts.
  TimeUs last_start = std::numeric_limits<TimeUs>::max();
  // Each event of the first step opens an attempt of its own; otherwise those of one instant open
  // one together, which goes as far as the best of them. With exclusions they are to be apart.
  bool starts_apart = false;
  // Attempts report when they make this step, from 0. With kStepsMax, they report none.
  unsigned told_step = kStepsMax;
};

// Names the events of the instant at which an attempt makes steps `from` to before `to`.
struct FunnelInstant {
  std::size_t begin = kNoEvent;  // place of the first one
  unsigned from = 0;
  unsigned to = 0;
};

struct FunnelAttempt {
  std::size_t start = 0;  // place of the event that opened it
  unsigned steps = 0;     // made, at least one
  // This is the instant of FunnelRules::told_step. No place is told if that takes the times of all
  // steps.
  FunnelInstant told = {};
};

// Only one thread uses it. Memory is kept from one user to the next.
class FunnelMatcher {
 public:
  // The question of `account`, which may be null, ends when it is over.
  explicit FunnelMatcher(FunnelRules rules, const QuestionAccount* account = nullptr)
      : rules_(std::move(rules)), pace_(account) {}

  // Calls `found` with every attempt that is not void, by ascending start. For strict order,
  // `events` are all events of the user; otherwise, only those that may serve a step or exclude.
  void match(std::span<const StepEvent> events,
             const std::function<void(const FunnelAttempt&)>& found);

  // Finds when each step of an attempt was made: the earliest times that let it go as far.
  void step_times(std::span<const StepEvent> events, const FunnelAttempt& attempt,
                  std::vector<TimeUs>& times) const;

 private:
  FunnelRules rules_;
  mutable QuestionPace pace_;
};

}  // namespace rollcall
