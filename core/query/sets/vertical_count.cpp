#include "core/query/sets/vertical_count.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "core/base/assert.h"

namespace rollcall {
namespace {

// Sets are gone through in blocks that stay in registers. Buffers hold whole blocks.
constexpr std::size_t kBlockWords = 8;
using BlockWords = std::array<std::uint64_t, kBlockWords>;

}  // namespace

VerticalCount::VerticalCount(ChunkSets& sets, std::size_t most)
    : sets_(sets), counted_(most), word_count_(sets.chunk().word_count()) {
  const auto digits = static_cast<std::size_t>(std::bit_width(most));
  ROLLCALL_ASSERT(digits <= kernels::kPlanesMax);
  for (std::size_t digit = 0; digit < digits; ++digit) {
    planes_.push_back(sets.arena().take());
    std::fill_n(planes_.back(), word_count_, std::uint64_t{0});
  }
}

VerticalCount::VerticalCount(ChunkSets& sets, std::span<const BitSpan> counted)
    : sets_(sets), counted_(counted.size()) {
  for (const BitSpan set : counted) word_count_ = std::max(word_count_, set.word_count);
  const auto digits = static_cast<std::size_t>(std::bit_width(counted.size()));
  ROLLCALL_ASSERT(digits <= kernels::kPlanesMax);
  for (std::size_t digit = 0; digit < digits; ++digit) planes_.push_back(sets.arena().take());
  sets.kernels().count_planes(counted.data(), counted.size(), planes_.data(), planes_.size(),
                              word_count_);
}

void VerticalCount::add(BitSpan users) {
  for (std::size_t begin = 0; begin < users.word_count; begin += kBlockWords) {
    BlockWords carry{};
    std::copy_n(users.words + begin, std::min(kBlockWords, users.word_count - begin), carry.data());
    for (std::uint64_t* const plane : planes_) {
      std::uint64_t* const digits = plane + begin;
      std::uint64_t any = 0;
      for (std::size_t i = 0; i < kBlockWords; ++i) {
        const std::uint64_t digit = digits[i];
        digits[i] = digit ^ carry[i];
        carry[i] &= digit;
        any |= carry[i];
      }
      if (any == 0) break;
    }
  }
}

void VerticalCount::restart_others(BitSpan users) {
  for (std::uint64_t* const plane : planes_) {
    sets_.kernels().and_into(plane, users.words, users.word_count);
    std::fill(plane + users.word_count, plane + word_count_, std::uint64_t{0});
  }
}

BitSpan VerticalCount::equal(const VerticalCount& other, std::uint64_t* buffer) const {
  ROLLCALL_ASSERT(counted_ == other.counted_);
  for (std::size_t begin = 0; begin < word_count_; begin += kBlockWords) {
    BlockWords differ{};
    for (std::size_t digit = 0; digit < planes_.size(); ++digit) {
      const std::uint64_t* const a = planes_[digit] + begin;
      const std::uint64_t* const b = other.planes_[digit] + begin;
      for (std::size_t i = 0; i < kBlockWords; ++i) differ[i] |= a[i] ^ b[i];
    }
    for (std::size_t i = 0; i < kBlockWords; ++i) buffer[begin + i] = ~differ[i];
  }
  return {buffer, word_count_};
}

void VerticalCount::keep_exactly(std::size_t n, MutableSet& users) const {
  if (n > counted_) users.clear();
  for (std::size_t digit = 0; digit < planes_.size(); ++digit) {
    const BitSpan plane = {planes_[digit], word_count_};
    if ((n >> digit & 1) != 0) {
      users.keep(plane);
    } else {
      users.remove(plane);
    }
  }
}

BitSpan VerticalCount::at_least(std::size_t n) const {
  if (n > counted_) return {};
  // The users who have more, or still as many, are found digit by digit, from the highest down. An
  // n that needs more digits has been ruled out, because it is at most `counted_`.
  MutableSet more = sets_.make_set();
  MutableSet equal = sets_.make_set();
  MutableSet both = sets_.make_set();
  bool all_equal = true;  // no digit of n that is 1 has been met yet
  for (std::size_t digit = planes_.size(); digit-- > 0;) {
    const BitSpan plane = {planes_[digit], word_count_};
    if ((n >> digit & 1) != 0) {
      if (all_equal) {
        equal.assign(plane);
        all_equal = false;
      } else {
        equal.keep(plane);
      }
      continue;
    }
    if (all_equal) {
      // Users who have this digit have more, and those who lack it stay in the running.
      more.add(plane);
      continue;
    }
    both.assign(equal.span());
    both.keep(plane);
    more.add(both.span());
    equal.remove(plane);
  }
  more.add(equal.span());
  return more.span();
}

void VerticalCount::add_to(std::span<std::uint64_t> numbers) const {
  for (std::size_t word = 0; word < word_count_; ++word) {
    std::uint64_t rest = 0;
    for (const std::uint64_t* const plane : planes_) rest |= plane[word];
    for (; rest != 0; rest &= rest - 1) {
      const auto bit = static_cast<unsigned>(std::countr_zero(rest));
      std::uint64_t count = 0;
      for (std::size_t digit = 0; digit < planes_.size(); ++digit) {
        count |= (planes_[digit][word] >> bit & 1) << digit;
      }
      numbers[64 * word + bit] += count;
    }
  }
}

void VerticalCount::add_each(CellSink& sink, std::size_t first_cell) const {
  if (planes_.empty()) return;
  const std::size_t mark = sets_.arena().mark();
  std::vector<BitSpan> planes;
  for (std::uint64_t* const plane : planes_) planes.push_back({plane, word_count_});
  MutableSet counted = sets_.make_set();
  counted.assign_union(planes);
  add_below(counted.span(), planes_.size(), 0, sink, first_cell);
  sets_.arena().give_back_to(mark);
}

// `users` are those whose digits from `digit` on make `n`.
void VerticalCount::add_below(BitSpan users, std::size_t digit, std::size_t n, CellSink& sink,
                              std::size_t first_cell) const {
  const std::size_t with = n | std::size_t{1} << (digit - 1);
  const BitSpan plane = {planes_[digit - 1], word_count_};
  if (digit == 1) {
    if (with <= counted_) sink.add_and(first_cell + with - 1, users, plane);
    if (n != 0) sink.add_andnot(first_cell + n - 1, users, plane);
    return;
  }
  const std::size_t mark = sets_.arena().mark();
  MutableSet half = sets_.make_set();
  if (with <= counted_) {
    half.assign(users);
    half.keep(plane);
    add_below(half.span(), digit - 1, with, sink, first_cell);
  }
  half.assign(users);
  half.remove(plane);
  add_below(half.span(), digit - 1, n, sink, first_cell);
  sets_.arena().give_back_to(mark);
}

}  // namespace rollcall
