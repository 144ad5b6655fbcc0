// Compares variants from the users of each day, where no instant within a day matters: what counts
// of a user comes on later days than the exposure. Users without a second variant are then those of
// their first day, whose sets and those of the days that follow take the place of the history.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "core/query/resolve/selector_resolver.h"
#include "core/query/sets/chunk_sets.h"
#include "rollcall/types.h"

namespace rollcall {

struct CompareParts;

class CompareDays {
 public:
  // Returns nothing if only the history tells what the question asks. All else of the parts is
  // resolved.
  static std::optional<CompareDays> find(const CompareParts& parts, const PlanContext& context);

  // Says what is read.
  struct Read {
    const SeriesUnion& events;
    DayRange days;
  };
  std::vector<Read> reads() const;

  // Is who is counted of a variant. Users with a hit are among `users`, whose time is over.
  struct Users {
    BitSpan excluded;
    BitSpan immature;
    BitSpan users;
    BitSpan hits;
  };
  // Calls use(variant, users) for each variant of exposures. The sets are valid during the call.
  void each_variant(ChunkSets& sets,
                    const std::function<void(std::size_t, const Users&)>& use) const;
  // Returns who has the outcome, of those who are exposed on `day`.
  BitSpan hits_after(ChunkSets& sets, Day day) const { return sets.active(outcome_, window(day)); }

 private:
  CompareDays() = default;
  DayRange window(Day exposed) const { return {exposed + from_day_, exposed + to_day_}; }

  SeriesUnion outcome_;
  std::int32_t from_day_ = 0;  // after that of the exposure
  std::int32_t to_day_ = 0;
  std::vector<SeriesUnion> exposures_;  // by variant; none if the variants are segments
  DayRange exposed_;                    // days of exposures that have data
  DayRange over_;                       // those of them whose time is over
};

// Returns the users who are in several of these sets.
MutableSet in_several(ChunkSets& sets, std::span<const BitSpan> members);

}  // namespace rollcall
