// This chunk counts how often, and with what amounts, each of its users did one event.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/pages/bitset.h"
#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

// Holds counts of 32 bits and sums of 64 bits, in columns as long as the highest ordinal touched
// requires; the sums exist only once there was an amount. The few that outgrow their column carry
// the rest in a sorted list, so that every count and sum is exact, with 64 and 128 bits.
class CounterChunk {
 public:
  struct Total {
    std::uint64_t events = 0;
    AmountSum value = 0;
  };

  // Returns the column of counts, with room for ordinals 0 to size - 1, to be added to in place. A
  // caller that makes a count wrap around to 0 calls carry_events. The column is valid until the
  // next non-const call.
  std::uint32_t* reserve(std::uint32_t size);
  void carry_events(std::uint32_t ordinal) { ++carry_of(ordinal).events; }
  // Adds to the sum of an ordinal for which there is room.
  void add_value(std::uint32_t ordinal, Amount value);

  Total total(std::uint32_t ordinal) const;
  // Removes the whole count and sum of an ordinal, and returns them.
  Total take(std::uint32_t ordinal);
  std::size_t size() const { return events_.size(); }  // users past it have no events
  std::size_t memory_bytes() const;

  void serialize(std::string& out) const;
  static Result<CounterChunk> deserialize(std::string_view bytes);
  Status validate() const;

 private:
  // Holds what does not fit: total = column + carry * 2^(bits of the column).
  struct Carry {
    std::uint32_t ordinal;
    std::uint32_t events;
    std::int64_t value;
  };
  Carry& carry_of(std::uint32_t ordinal);

  std::vector<std::uint32_t> events_;
  std::vector<Amount> values_;  // empty, or as long as events_
  std::vector<Carry> carries_;  // by ordinal
};

}  // namespace rollcall
