// This reads the history of a workload on one thread: block by block, as questions do it but
// without what they do with it, and by the least code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "bench/history_floor.h"
#include "bench/packed_run.h"
#include "core/history/log_merge.h"

namespace rollcall::bench {

class HistoryScan {
 public:
  // Packs all events into blocks, in the order of users and times; values are left out. Times are
  // counted from `first_time`.
  HistoryScan(const HistoryFloor& history, TimeUs first_time);

  // Finds the events of some names, which are places in kEventNameList, ascending: their indices
  // within the block are written, one block after the other into the same place. Returns how many
  // there are.
  std::uint64_t match_names(std::span<const std::uint32_t> names);
  // Unpacks the name and the time of every event. Returns the digest of all.
  std::uint64_t read_names_and_times();
  // Do the same as questions do it: a selector finds the events as bits, and a cursor goes from
  // user to user.
  std::uint64_t match_selector(std::span<const std::uint32_t> names);
  std::uint64_t read_with_cursor();
  // Is all of it in the form of the floor.
  const PackedRun& floor() const { return floor_; }
  // Returns the digest as the plain columns give it.
  static std::uint64_t digest_of(const HistoryFloor& history);

 private:
  std::uint64_t digest_of(const LogBlock& block, const LogBlock::Walk& walk);

  LogRun blocks_;
  PackedRun floor_;
  std::vector<std::uint64_t> bits_;
  std::vector<std::uint32_t> codes_, indices_;
  std::vector<TimeUs> times_;
};

}  // namespace rollcall::bench
