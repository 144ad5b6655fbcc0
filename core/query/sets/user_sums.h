// Sums amounts by user.
#pragma once

#include <cstdint>
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
  // twice, sum to more than 0 on `days`. The result lies in the arena of the sets. The sums must be
  // 0, and are so again.
  BitSpan payers(const std::vector<SeriesId>& events, DayRange days);

  // Adds the amounts of all users in `events`, which name no event twice, on `days`.
  void add(const std::vector<SeriesId>& events, DayRange days);
  // Returns the users whose sums are above 0, in the arena of the sets.
  BitSpan positive() const;

 private:
  template <class Visit>
  void for_amounts(const std::vector<SeriesId>& events, DayRange days, Visit visit) const;
  // Returns an empty set in the arena.
  std::uint64_t* make_words() const;

  ChunkSets& sets_;
  QuestionMemory memory_;
  std::vector<AmountSum> sums_;  // by place
};

}  // namespace rollcall
