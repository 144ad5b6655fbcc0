#include "core/query/sequence/step_bits.h"

#include <algorithm>

namespace rollcall {

void StepBits::begin(std::uint32_t event_count) {
  event_count_ = event_count;
  appended_ = 0;
  word_count_ = (std::size_t{event_count} + 63) / 64;
  // Most users have a word a step, which is less than a call for them takes.
  words_.resize(step_count_ * word_count_);
  for (std::uint64_t& word : words_) word = 0;
  if (times_.size() < event_count) times_.resize(event_count);
  times_read_ = 0;
  stretches_.clear();
  next_stretch_ = 0;
}

void StepBits::append(const std::uint64_t* words, std::size_t stride, std::uint32_t first,
                      std::uint32_t count, const LogBlock::Times& times) {
  stretches_.push_back(times);
  for (std::uint32_t done = 0; done < count;) {
    const std::uint32_t from = first + done, to = appended_ + done;
    const std::uint32_t bits = std::min({count - done, 64 - from % 64, 64 - to % 64});
    const std::uint64_t mask = ~std::uint64_t{0} >> (64 - bits);
    const std::uint64_t* const word = words + from / 64 * stride;
    std::uint64_t* out = words_.data() + to / 64;
    for (std::size_t step = 0; step < step_count_; ++step, out += word_count_) {
      *out |= (word[step] >> (from % 64) & mask) << (to % 64);
    }
    done += bits;
  }
  appended_ += count;
}

void StepBits::read_times(std::uint32_t event) {
  constexpr std::uint32_t kAtOnce = 64;
  while (event >= times_read_) {
    LogBlock::Times& stretch = stretches_[next_stretch_];
    const std::uint32_t wanted = std::max(event + 1 - times_read_, kAtOnce);
    const std::uint32_t count = std::min(stretch.left(), wanted);
    stretch.read(count, times_.data() + times_read_);
    times_read_ += count;
    if (stretch.left() == 0) ++next_stretch_;
  }
}

}  // namespace rollcall
