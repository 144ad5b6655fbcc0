// Runs plans over pinned partitions: chunk by chunk, partition by partition.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/question_account.h"
#include "core/base/workers.h"
#include "core/partition/partition.h"
#include "core/query/plan/plan.h"
#include "rollcall/store.h"

namespace rollcall {

// What plans are run over: the pages of one moment.
struct PinnedReads {
  ReadSet reads;  // covers those of every plan
  std::vector<PinnedPartition> partitions;
  std::vector<std::vector<PinnedTotal>> totals;  // for each of ReadSet::totals
};

// Calls throw QuestionFailure where a page cannot be read, or the question of the account is over.
class QueryExecutor {
 public:
  // `view` is of the same moment as the pins. Pages that are not in memory are read through it, and
  // left in `pinned` with the unions that are made, up to about `kept_bytes_max` of them; past
  // that, they take memory of `account` until their chunk is counted, and pages are let go of at
  // once where half of that is taken. All but the sizes outlive the executor.
  QueryExecutor(PinnedReads& pinned, const StoreView& view, Workers& workers,
                std::size_t kept_bytes_max, QuestionAccount& account)
      : pinned_(pinned),
        view_(view),
        workers_(workers),
        account_(account),
        kept_bytes_max_(kept_bytes_max) {}

  // Counts every cell of the plan. What does not fit in the account for all threads is counted by
  // one.
  Partial count(const Plan& plan);
  // Returns the answer of the pinned partitions, nobody of whom is counted in it as yet.
  Partial of_nobody(const PlanTask& task) const;
  // The ordinals of the users in `cells`, by partition; they take memory of the account.
  std::vector<std::vector<std::uint32_t>> members(const Plan& plan,
                                                  std::span<const std::size_t> cells);

  // Of pages that were not in memory, and of unions that were made, as far as they stay.
  std::size_t kept_bytes() const { return kept_bytes_; }

 private:
  // By all threads, or by the caller's alone.
  void count_chunks(const Plan& plan, bool alone, Partial& counts);
  void add_totals(const Plan& plan, Partial& counts) const;

  PinnedReads& pinned_;
  const StoreView& view_;
  Workers& workers_;
  QuestionAccount& account_;
  const std::size_t kept_bytes_max_;
  std::atomic<std::size_t> kept_bytes_{0};
};

}  // namespace rollcall
