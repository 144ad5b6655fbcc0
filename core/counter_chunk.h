// How often, and with what amounts, each user of one chunk did one event.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/bitset.h"
#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

// Counts of 32 bits and sums of 64, in columns as long as the highest ordinal touched needs, the
// sums only once there was an amount. The few that outgrow their column carry the rest in a sorted
// list, so that every count and sum is exact: 64 and 128 bits wide.
class CounterChunk {
 public:
  struct Total {
    std::uint64_t events = 0;
    AmountSum value = 0;
  };

  // Counts one event for each of ordinals % 65,536; `values` is empty (all zero) or as long.
  void add(std::span<const std::uint32_t> ordinals, std::span<const Amount> values);

  Total total(std::uint32_t ordinal) const;
  std::size_t size() const { return events_.size(); }  // users past it have none
  std::size_t memory_bytes() const;

  void serialize(std::string& out) const;
  static Result<CounterChunk> deserialize(std::string_view bytes);
  Status validate() const;

 private:
  // What does not fit: total = column + carry * 2^(bits of the column).
  struct Carry {
    std::uint32_t ordinal;
    std::uint32_t events;
    std::int64_t value;
  };
  Carry& carry_of(std::uint32_t ordinal);
  void grow(std::uint32_t ordinal_max);

  std::vector<std::uint32_t> events_;
  std::vector<Amount> values_;  // empty, or as long as events_
  std::vector<Carry> carries_;  // by ordinal
};

}  // namespace rollcall
