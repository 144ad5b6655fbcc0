// This chunk has the first and last day on which each of its users was active in one series.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/pages/bitset.h"
#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

// Holds two columns of days, as long as the highest ordinal seen requires. Folding a day in twice
// changes nothing, and days may come in any order.
class BoundsChunk {
 public:
  // Records that `users` were active on `day`.
  void fold(BitSpan users, Day day);

  // Return whether an ordinal has days, and remove them.
  bool contains(std::uint32_t ordinal) const {
    return ordinal < first_.size() && first_[ordinal] != kNeverFirst;
  }
  void remove(std::uint32_t ordinal);

  const std::int32_t* first() const { return first_.data(); }  // kNeverFirst: never
  const std::int32_t* last() const { return last_.data(); }    // kNeverLast: never
  std::size_t size() const { return first_.size(); }           // a multiple of 64
  std::size_t memory_bytes() const;

  void serialize(std::string& out) const;
  static Result<BoundsChunk> deserialize(std::string_view bytes);
  Status validate() const;

 private:
  std::vector<std::int32_t> first_;
  std::vector<std::int32_t> last_;
};

}  // namespace rollcall
