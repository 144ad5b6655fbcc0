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

  // The events of the user that the cursor stands at, in the order of time; none where none is of
  // step `needed`, from 0. Valid until the next call.
  std::span<const FunnelEvent> of_user(UserCursor& cursor, unsigned needed);
  std::span<const FunnelEvent> of_user(UserCursor& cursor);
  // Of FunnelSelectors::told[number], the value at the event of that place.
  ValueCode value_of(std::size_t place, std::size_t number) const {
    return values_[seen_[place].first_value + number];
  }

 private:
  using Bits = std::vector<std::uint64_t>;
  struct OpenBlock {
    std::vector<Bits> steps, exclusions;
    Bits seen;  // events that are one of these, or stand between
    std::vector<CodePlanes> told;
    std::vector<std::span<const std::uint32_t>> told_values;
  };
  struct Seen {
    FunnelEvent event;
    std::size_t first_value = 0;
  };
  void add_part(std::size_t run, const LogBlock::Walk& walk);

  const FunnelSelectors& selectors_;
  std::vector<BlockMatch> steps_, exclusions_;
  std::vector<BlockMatch> between_;  // one, or none
  std::vector<OpenBlock> blocks_;    // by run
  std::vector<Seen> seen_;
  std::vector<ValueCode> values_;
  std::vector<FunnelEvent> events_;
  std::vector<TimeUs> times_;
};

}  // namespace rollcall
