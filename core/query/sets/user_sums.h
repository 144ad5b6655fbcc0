// Adds up the amounts of each user of a chunk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/question_account.h"
#include "core/pages/bitset.h"
#include "rollcall/types.h"

namespace rollcall {

// Only one thread uses it.
class UserSums {
 public:
  // Begins with 0 for each user of a chunk of that many words. Its memory comes from `account`,
  // which may be null.
  UserSums(std::size_t word_count, QuestionAccount* account) : memory_(account) {
    memory_.take(word_count * (64 * sizeof(AmountSum) + sizeof(std::uint64_t)),
                 QuestionNeed::kSets);
    sums_.resize(word_count * 64);
    positive_.resize(word_count);
  }

  // Adds to the sum of the user at that place of the chunk.
  void add(std::uint32_t place, AmountSum amount) {
    const AmountSum sum = sums_[place] += amount;
    std::uint64_t& word = positive_[place / 64];
    const std::uint64_t bit = std::uint64_t{1} << (place % 64);
    word = sum > 0 ? word | bit : word & ~bit;
  }
  // Returns the users whose sums are above 0, until the next call.
  BitSpan positive() const { return {positive_.data(), positive_.size()}; }

 private:
  QuestionMemory memory_;
  std::vector<AmountSum> sums_;          // by place
  std::vector<std::uint64_t> positive_;  // a bit for each user
};

}  // namespace rollcall
