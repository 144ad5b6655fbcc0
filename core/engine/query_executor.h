// The executor runs plans over pinned partitions, chunk by chunk, partition by partition.
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

// Plans run over this: the pages of one moment.
struct PinnedReads {
  ReadSet reads;  // covers those of every plan
  std::vector<PinnedPartition> partitions;
  std::vector<std::vector<PinnedTotal>> totals;  // for each of ReadSet::totals
};

// Calls throw QuestionFailure if a page cannot be read, or if the question of the account is over.
class QueryExecutor {
 public:
  // `view` is of the same moment as the pins. Pages that are not in memory are read through it. Up
  // to about `kept_bytes_max`, they are left in `pinned`, with the unions that are made. Beyond
  // that, they take memory of `account` until their chunk is counted, and once half of what
  // questions have is taken, they are released at once. All arguments but the sizes outlive the
  // executor.
  QueryExecutor(PinnedReads& pinned, const StoreView& view, Workers& workers,
                std::size_t kept_bytes_max, QuestionAccount& account)
      : pinned_(pinned),
        view_(view),
        workers_(workers),
        account_(account),
        kept_bytes_max_(kept_bytes_max) {}

  // Counts every cell of the plan. If the counts of all threads do not fit in the account, one
  // thread counts. Its outcomes are of users by where they are (`place_of`), which their hashes
  // have to replace.
  Partial count(const Plan& plan);
  // Returns an answer of the pinned partitions in which no user is counted yet.
  Partial of_nobody(const PlanTask& task) const;
  // Returns the ordinals of the users in `cells`, by partition; they take memory of the account.
  std::vector<std::vector<std::uint32_t>> members(const Plan& plan,
                                                  std::span<const std::size_t> cells);

  // Returns where a user is, for MemberPage::add and for outcomes: `partition` is the place among
  // those pinned.
  static std::uint64_t place_of(std::size_t partition, std::uint32_t ordinal) {
    return std::uint64_t{partition} << 32 | ordinal;
  }
  // Adds the numbers that the plan tells of the users of a page, who are where `place_of` says.
  // Does nothing if it tells none.
  void tell(const Plan& plan, MemberPage& page);

  // Returns the size of the pages that were read and the unions that were made, if they stay.
  std::size_t kept_bytes() const { return kept_bytes_; }

 private:
  // Counts on all threads, or on the caller's alone.
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
