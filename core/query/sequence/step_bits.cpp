#include "core/query/sequence/step_bits.h"

#include <algorithm>

namespace rollcall {

void StepBits::begin(std::uint32_t event_count) {
  event_count_ = event_count;
  appended_ = 0;
  const std::size_t word_count = (std::size_t{event_count} + 63) / 64;
  for (std::vector<std::uint64_t>& words : words_) words.assign(word_count, 0);
  times_.clear();
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
    for (std::size_t step = 0; step < words_.size(); ++step) {
      words_[step][to / 64] |= (word[step] >> (from % 64) & mask) << (to % 64);
    }
    done += bits;
  }
  appended_ += count;
}

void StepBits::read_times(std::uint32_t event) {
  constexpr std::uint32_t kAtOnce = 64;
  while (event >= times_.size()) {
    LogBlock::Times& stretch = stretches_[next_stretch_];
    const auto known = static_cast<std::uint32_t>(times_.size());
    const std::uint32_t count = std::min(stretch.left(), std::max(event + 1 - known, kAtOnce));
    times_.resize(known + count);
    stretch.read(count, times_.data() + known);
    if (stretch.left() == 0) ++next_stretch_;
  }
}

}  // namespace rollcall
