// Holds one user's events as bits, so that the order of names is known before any time is.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/history/log_block.h"
#include "rollcall/types.h"

namespace rollcall {

// Events are numbered in the order of time, in which no two are at once. Only one thread uses it.
// Memory is kept from one user to the next.
class StepBits {
 public:
  explicit StepBits(std::size_t step_count) : step_count_(step_count) {}

  // Goes to another user, who has so many events.
  void begin(std::uint32_t event_count);
  // Appends the next `count` events, which have these times. Bit `first` + i of the words
  // words[step + w * stride] says whether the i-th of them is of the step.
  void append(const std::uint64_t* words, std::size_t stride, std::uint32_t first,
              std::uint32_t count, const LogBlock::Times& times);

  std::uint32_t event_count() const { return event_count_; }
  // Returns the first event of the step from `from` on, or event_count() if there is none.
  std::uint32_t next(unsigned step, std::uint32_t from) const;
  // Returns the last event of the step in [from, before), or `before` if there is none.
  std::uint32_t last(unsigned step, std::uint32_t from, std::uint32_t before) const;
  // Returns word w of a step's bits.
  std::uint64_t word(unsigned step, std::size_t w) const { return words_of(step)[w]; }
  std::size_t word_count() const { return word_count_; }

  TimeUs time(std::uint32_t event) {
    if (event >= times_read_) read_times(event);
    return times_[event];
  }
  // Returns the times that were read so far, those of the first events.
  std::span<const TimeUs> times() const { return std::span(times_).first(times_read_); }

 private:
  void read_times(std::uint32_t event);
  const std::uint64_t* words_of(unsigned step) const { return words_.data() + step * word_count_; }

  const std::size_t step_count_;
  std::size_t word_count_ = 0;
  std::uint32_t event_count_ = 0;
  std::uint32_t appended_ = 0;
  std::vector<std::uint64_t> words_;  // step by step
  std::vector<TimeUs> times_;         // has room for those of the user with the most events so far
  std::uint32_t times_read_ = 0;
  // The times of the events that were appended are read when they are needed, one stretch after the
  // other.
  std::vector<LogBlock::Times> stretches_;
  std::size_t next_stretch_ = 0;
};

inline std::uint32_t StepBits::next(unsigned step, std::uint32_t from) const {
  const std::uint64_t* const words = words_of(step);
  if (from >= event_count_) return event_count_;
  std::size_t w = from / 64;
  std::uint64_t bits = words[w] >> (from % 64) << (from % 64);
  while (bits == 0) {
    if (++w == word_count()) return event_count_;
    bits = words[w];
  }
  return static_cast<std::uint32_t>(64 * w) + static_cast<unsigned>(std::countr_zero(bits));
}

inline std::uint32_t StepBits::last(unsigned step, std::uint32_t from, std::uint32_t before) const {
  const std::uint64_t* const words = words_of(step);
  for (std::uint32_t end = before; end > from;) {
    const std::uint32_t w = (end - 1) / 64;
    const std::uint64_t bits = words[w] << (63 - (end - 1) % 64);
    if (bits != 0) {
      const std::uint32_t event = end - 1 - static_cast<unsigned>(std::countl_zero(bits));
      return event >= from ? event : before;
    }
    end = 64 * w;
  }
  return before;
}

}  // namespace rollcall
