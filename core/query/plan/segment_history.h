// Finds the users of a part of a segment in one walk through the history of a chunk, where only the
// events themselves tell who they are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/query/resolve/plan_context.h"
#include "core/query/resolve/timeframe.h"
#include "core/query/sequence/step_events.h"
#include "core/query/sets/chunk_sets.h"
#include "core/time/time_zone.h"
#include "rollcall/segment.h"

namespace rollcall {

// It holds the numbers from `least` to `most`, both included.
struct NumberRange {
  AmountSum least = 0;
  AmountSum most = 0;
  bool contains(AmountSum number) const { return least <= number && number <= most; }
};

// These rules say how many events a user must have, which are counted by ranges of time.
struct TimesRule {
  NumberRange times;
  bool holds(std::span<const std::uint64_t> counts) const;
};
// There must be enough events in the first range, and in the second at most part / whole of their
// number.
struct DeclineRule {
  TimeUs later_begin;  // of the second range
  AmountSum part;
  AmountSum whole;
  AmountSum from_at_least;
  bool holds(std::span<const std::uint64_t> counts) const;
};
// The others say what the events of a user in the range must be like. There is at least one, and
// they are in the order of time.
struct SumRule {
  NumberRange sum;
  bool holds(std::span<const StepEvent> events, const StepEvents& told) const;
};
struct DaysRule {
  NumberRange days;
  const TimeZone* zone;
  bool holds(std::span<const StepEvent> events, const StepEvents& told) const;
};
// The first of all events must not come before the range.
struct FirstRule {
  TimeUs range_begin;
  bool holds(std::span<const StepEvent> events, const StepEvents& told) const;
};
// The value must be the most frequent one. Every event has a value.
struct FavouriteRule {
  ValueCode value;
  std::vector<bool> is_smaller;     // by code, whether its bytes come before those of the value
  std::optional<std::string> text;  // the value of a kept property, which has no code
  bool holds(std::span<const StepEvent> events, const StepEvents& told) const;
};

class SegmentHistory {
 public:
  // Says why a part that is about events asks for what aggregates do not know, which goes on from
  // "as ". Returns nothing if they know it.
  static std::optional<std::string> why_needed(const Segment& segment,
                                               const std::vector<PropertyCondition>& where,
                                               const PlanContext& context);
  // Resolves such a part, for the reason it has. What it refers to in the context outlives it.
  //   kInvalidArgument  the store keeps no history; a name that it does not know; a value that may
  //                     be among those counted as "$other". The text begins with `field`
  static Result<SegmentHistory> resolve(std::string_view field, const Segment& segment,
                                        const std::vector<PropertyCondition>& where,
                                        const PlanContext& context, const Timeframe& timeframe,
                                        std::string reason);

  // Returns whether users without an event in the range are in it.
  bool takes_others() const { return takes_others_; }
  // Returns whether it has any days to look at.
  bool reads_history() const { return !days_.empty(); }
  // Adds what it reads beside the history.
  void add_reads(ReadSet& reads) const { candidates_.add_reads(reads); }
  DayRange days() const { return days_; }
  const std::string& reason() const { return reason_; }
  std::size_t memory_bytes() const;
  const std::vector<std::string>& notes() const { return selectors_.steps.front().notes; }

  // Returns the users of the chunk who are in it; or, if it takes users without an event, those who
  // are not in it.
  BitSpan evaluate(ChunkSets& sets) const;

 private:
  class Resolver;
  using CountRule = std::variant<TimesRule, DeclineRule>;
  using EventsRule = std::variant<SumRule, DaysRule, FirstRule, FavouriteRule>;

  BitSpan evaluate_counts(const CountRule& rule, ChunkSets& sets) const;
  BitSpan evaluate_events(const EventsRule& rule, ChunkSets& sets) const;

  std::string reason_;
  StepSelectors selectors_;
  QuestionAccount* account_ = nullptr;  // of the context
  DayRange days_;
  std::variant<CountRule, EventsRule> rule_;
  std::size_t events_at_least_ = 1;  // which the rule does not hold of fewer
  LongUnion candidates_;             // whose history is looked at; of no days: that of everybody
  bool takes_others_ = false;
};

}  // namespace rollcall
