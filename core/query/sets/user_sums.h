// Adds up the amounts of each user of a chunk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
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

  // Returns the sums, by place in the chunk.
  std::span<AmountSum> all() { return sums_; }
  // Returns the users whose sums are above 0, until the next call.
  BitSpan positive() {
    for (std::size_t word = 0; word < positive_.size(); ++word) {
      std::uint64_t bits = 0;
      for (std::size_t i = 0; i < 64; ++i) {
        bits |= std::uint64_t{sums_[64 * word + i] > 0 ? 1U : 0U} << i;
      }
      positive_[word] = bits;
    }
    return {positive_.data(), positive_.size()};
  }

 private:
  QuestionMemory memory_;
  std::vector<AmountSum> sums_;          // by place
  std::vector<std::uint64_t> positive_;  // a bit for each user
};

}  // namespace rollcall
