// What a funnel sees of the events of a user.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "core/history/user_cursor.h"
#include "core/query/sequence/block_match.h"
#include "core/query/sequence/funnel_match.h"

namespace rollcall {

// The events that a funnel is about.
struct FunnelSelectors {
  std::vector<EventSelector> steps;
  std::vector<EventSelector> exclusions;
  // Of strict order, those that stand between others; the others are as if they were not there.
  const EventSelector* between = nullptr;             // null: none does
  TimeUs begin = std::numeric_limits<TimeUs>::min();  // events from here on
  TimeUs end = std::numeric_limits<TimeUs>::max();    // and before here
  // Dimensions whose values are told, by number.
  std::vector<std::uint32_t> told;
};

// Threads: one at a time. The selectors outlive it.
class FunnelEvents {
 public:
  explicit FunnelEvents(const FunnelSelectors& selectors);

  // Looks at a block; to be called by the cursor.
  void open(std::size_t run, const LogBlock& block);

  // The events of the user that the cursor stands at, in the order of time. Valid until the next
  // call.
  std::span<const FunnelEvent> of_user(UserCursor& cursor);
  // The same where an event of the first step has to come first: none, if there is no such event.
  // Unless `times_matter`, one event of the first step, at the beginning of the range, stands for
  // users who have none of the second step and none that excludes.
  std::span<const FunnelEvent> from_first_step(UserCursor& cursor, bool times_matter);
  // Of FunnelSelectors::told[number], the value at the event of that place.
  ValueCode value_of(std::size_t place, std::size_t number) const {
    return values_[place * selectors_.told.size() + number];
  }

 private:
  using Bits = std::vector<std::uint64_t>;
  struct OpenBlock {
    Bits bits;               // by word of events, of each step and then of each exclusion
    bool is_within = false;  // whether all of its events are in the range
    Bits seen;               // events that are one of these, or stand between
    std::vector<CodePlanes> told;
    std::vector<std::span<const std::uint32_t>> told_values;
  };
  void add_part(std::size_t run, const LogBlock::Walk& walk);
  struct Part {
    std::size_t run;
    LogBlock::Walk walk;
  };
  void read_parts(UserCursor& cursor);
  bool has_match(const Part& part, std::size_t match) const;
  bool any_has(std::size_t match) const;
  std::span<const FunnelEvent> add_parts();
  void sort();
  void add_event(const OpenBlock& open, std::uint32_t event, TimeUs time);

  const FunnelSelectors& selectors_;
  std::vector<BlockMatch> matches_;  // of the steps, and then of the exclusions
  Bits found_;                       // of one of them
  std::vector<BlockMatch> between_;  // one, or none
  std::vector<OpenBlock> blocks_;    // by run
  std::vector<ValueCode> values_;    // by event, those that are told
  std::vector<FunnelEvent> events_;
  // Of the user: the parts that are yet to be read, how many there are in all, what the others
  // have, and whether all of them lie in the range.
  std::vector<Part> parts_;
  std::size_t part_count_ = 0;
  std::uint64_t read_matches_ = 0;  // bit i: of matches_[i]
  bool are_within_ = true;
  std::vector<TimeUs> times_;
};

}  // namespace rollcall
