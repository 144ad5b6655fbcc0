// This reads the history of a workload as questions do, block by block on one thread, without what
// they do with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "bench/history_floor.h"
#include "core/history/log_block.h"

namespace rollcall::bench {

class HistoryScan {
 public:
  // Packs all events into blocks, in the order of users and times; values are left out.
  explicit HistoryScan(const HistoryFloor& history);

  // Finds the events of some names, which are places in kEventNameList, ascending: their indices
  // within the block are written, one block after the other into the same place. Returns how many
  // there are.
  std::uint64_t match_names(std::span<const std::uint32_t> names);
  // Unpacks the name and the time of every event. Returns the digest of all.
  std::uint64_t read_names_and_times();
  // Returns the digest as the plain columns give it.
  static std::uint64_t digest_of(const HistoryFloor& history);

 private:
  std::vector<LogBlock> blocks_;
  std::vector<std::uint64_t> bits_;
  std::vector<std::uint32_t> codes_, indices_;
  std::vector<TimeUs> times_;
};

}  // namespace rollcall::bench
