// Runs plans over pinned partitions: chunk by chunk, partition by partition.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/partition.h"
#include "core/query/plan.h"
#include "core/workers.h"
#include "rollcall/status.h"
#include "rollcall/store.h"

namespace rollcall {

// What plans are run over: the pages of one moment.
struct PinnedReads {
  ReadSet reads;  // covers those of every plan
  std::vector<PinnedPartition> partitions;
  std::vector<std::vector<PinnedTotal>> totals;  // for each of ReadSet::totals
};

class QueryExecutor {
 public:
  // `view` is of the same moment as the pins. Pages that are not in memory are read through it, and
  // left in `pinned` with the unions that are made, up to about `kept_bytes_max` of them; past
  // that, what was read and made of a chunk is dropped once it is counted. All but the sizes
  // outlive the executor.
  QueryExecutor(PinnedReads& pinned, const StoreView& view, Workers& workers,
                std::size_t kept_bytes_max)
      : pinned_(pinned), view_(view), workers_(workers), kept_bytes_max_(kept_bytes_max) {}

  // Counts every cell of the plan.
  Result<PlanCounts> count(const Plan& plan);
  // The ordinals of the users in `cells`, by partition.
  Result<std::vector<std::vector<std::uint32_t>>> members(const Plan& plan,
                                                          std::span<const std::size_t> cells);

  // Of pages that were not in memory, and of unions that were not kept.
  std::size_t bytes_read() const { return bytes_read_; }

 private:
  void add_totals(const Plan& plan, PlanCounts& counts) const;

  PinnedReads& pinned_;
  const StoreView& view_;
  Workers& workers_;
  const std::size_t kept_bytes_max_;
  std::size_t bytes_read_ = 0;
};

}  // namespace rollcall
