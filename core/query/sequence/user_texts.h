// Numbers the texts that the events of one user have, so that they can be told and compared after
// the blocks that they lie in are gone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/question_account.h"
#include "core/base/text_arena.h"

namespace rollcall {

// Only one thread uses it.
class UserTexts {
 public:
  // `account`, which may be null, pays for the texts of a user.
  explicit UserTexts(QuestionAccount* account) : memory_(account) {}

  // Goes to the next user, of whom only the empty text is known, as number 0.
  void clear() {
    if (texts_.size() == 1) return;
    texts_.resize(1);
    arena_.clear();
    bytes_ = 0;
    last_ = 0;
    // Clearing a table takes as long as it is large.
    constexpr std::size_t kLarge = 1024;
    if (numbers_.bucket_count() > kLarge) {
      numbers_ = {};
    } else {
      numbers_.clear();
    }
  }

  std::uint32_t number_of(std::string_view text) {
    if (text.empty()) return 0;
    if (text == texts_[last_]) return last_;  // events of one session often follow one another
    const auto known = numbers_.find(text);
    return last_ = known != numbers_.end() ? known->second : add(text);
  }
  std::string_view text_of(std::uint32_t number) const { return texts_[number]; }
  // Returns how many texts are known, the empty one included.
  std::size_t size() const { return texts_.size(); }

 private:
  static constexpr std::size_t kChunkBytes = 4096;

  std::uint32_t add(std::string_view text) {
    constexpr std::size_t kTextBytes = 96;  // its place, and its number
    constexpr std::size_t kTakenAtOnce = std::size_t{64} << 10;
    bytes_ += text.size() + kTextBytes;
    if (bytes_ > taken_) {
      memory_.take(bytes_ - taken_ + kTakenAtOnce, QuestionNeed::kHistory);
      taken_ = bytes_ + kTakenAtOnce;
    }
    const auto number = static_cast<std::uint32_t>(texts_.size());
    texts_.push_back(arena_.store(text));
    numbers_.emplace(texts_.back(), number);
    return number;
  }

  QuestionMemory memory_;
  std::size_t bytes_ = 0;  // of this user
  std::size_t taken_ = 0;
  TextArena arena_{kChunkBytes};
  std::vector<std::string_view> texts_{{}};
  std::unordered_map<std::string_view, std::uint32_t> numbers_;
  std::uint32_t last_ = 0;
};

}  // namespace rollcall
