// The manifest of a commit says what there is to say about the whole store: the settings, the
// totals, and where everything else begins.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/options.h"
#include "rollcall/status.h"
#include "rollcall/store.h"
#include "rollcall/types.h"

namespace rollcall {

// A store has at most this many partitions.
inline constexpr std::uint32_t kPartitionsMax = 4096;

struct Manifest {
  StoreSettings settings;
  std::uint64_t event_count = 0;
  DayRange days;
  std::optional<TimeUs> known_until;
  // Holds the epochs of the pages that the store has one of. A kind without an epoch has no page,
  // because there is nothing to say.
  std::map<PageKind, Epoch> table_epochs;
  std::uint64_t journal_next = 0;       // the first record of the journal that is not covered
  std::vector<Epoch> partition_epochs;  // by partition; 0: it has no users

  std::string serialize() const;
  // Reads those of stores of format 1, too.
  //   kCorruption  they are not what was written
  static Result<Manifest> deserialize(std::string_view bytes);
};

//   kInvalidArgument  a setting is out of range
Status validate(const StoreSettings& settings);

}  // namespace rollcall
