// Runs a plan over pinned partitions: chunk by chunk, partition by partition, and sums the counts.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <oneapi/tbb/task_arena.h>

#include "core/partition.h"
#include "core/query/plan.h"
#include "rollcall/status.h"
#include "rollcall/store.h"

namespace rollcall {

struct PlanCounts {
  std::vector<std::uint64_t> cells;  // users in each cell of the plan
  std::size_t bytes_read = 0;        // of pages that were not in memory
};

// Counts every cell of the plan. Pages that are not in memory are read through
// `view`, which is of the same moment as the pins, and left in `partitions`, up to about
// `kept_bytes_max` of them; past that, a partition's pins are dropped once it is counted.
Result<PlanCounts> execute_plan(const Plan& plan, std::span<PinnedPartition> partitions,
                                const StoreView& view, tbb::task_arena& arena,
                                std::size_t kept_bytes_max);

}  // namespace rollcall
