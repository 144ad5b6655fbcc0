// Sums amounts by user.
#pragma once

#include <vector>

#include "core/base/question_account.h"
#include "core/pages/bitset.h"
#include "core/query/sets/chunk_sets.h"
#include "rollcall/types.h"

namespace rollcall {

// Holds a sum for each user of a chunk. Only one thread uses it.
class UserSums {
 public:
  // `sets` outlives it; `account` may be null.
  UserSums(ChunkSets& sets, QuestionAccount* account);

  // Returns the users, within the limit of the sets, whose amounts in `events`, which name no event
  // twice, sum to more than 0 on `days`. The result lies in the arena of the sets.
  BitSpan payers(const std::vector<SeriesId>& events, DayRange days);

 private:
  ChunkSets& sets_;
  QuestionMemory memory_;
  std::vector<AmountSum> sums_;  // by place; 0 between calls
};

}  // namespace rollcall
