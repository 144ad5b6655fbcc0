// This header packs numbers of a few bits each end to end into words.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace rollcall {

// Returns how many bits it takes to write `number`, which are 0 for 0.
inline constexpr unsigned bits_of(std::uint64_t number) {
  return static_cast<unsigned>(std::bit_width(number));
}

inline constexpr std::size_t words_of(std::uint64_t bits) {
  return static_cast<std::size_t>((bits + 63) / 64);
}

// Appends numbers to words. `end` comes last; a destructor could not tell that memory ran out.
class BitWriter {
 public:
  explicit BitWriter(std::vector<std::uint64_t>& words) : words_(words) {}
  BitWriter(const BitWriter&) = delete;
  BitWriter& operator=(const BitWriter&) = delete;

  // `number` has at most `width` bits, which are at most 64.
  void add(std::uint64_t number, unsigned width) {
    word_ |= number << used_;
    if (used_ + width < 64) {
      used_ += width;
      return;
    }
    words_.push_back(word_);
    const unsigned taken = 64 - used_;
    word_ = taken == 64 ? 0 : number >> taken;
    used_ = width - taken;
    if (used_ == 0) word_ = 0;
  }

  // Ends the last word; what is added afterwards begins another one.
  void end() {
    if (used_ > 0) words_.push_back(word_);
    word_ = 0;
    used_ = 0;
  }

 private:
  std::vector<std::uint64_t>& words_;
  std::uint64_t word_ = 0;
  unsigned used_ = 0;  // bits of word_, below 64
};

// A reader may load this many bytes past the end of a stream.
inline constexpr std::size_t kBitStreamPadding = 8;

// Returns the number of `width` bits, at most 64, that begins at bit `at` of a stream.
inline std::uint64_t read_bits(const std::uint64_t* stream, std::uint64_t at, unsigned width) {
  constexpr unsigned kOneLoad = 57;  // bits that eight bytes hold, wherever in a byte they begin
  if (width == 0) return 0;
  const std::uint64_t mask = ~std::uint64_t{0} >> (64 - width);
  if (width <= kOneLoad) [[likely]] {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, reinterpret_cast<const char*>(stream) + at / 8, sizeof bytes);
    return bytes >> (at % 8) & mask;
  }
  const std::uint64_t low = stream[at / 64] >> (at % 64);
  const unsigned taken = 64 - static_cast<unsigned>(at % 64);
  const std::uint64_t high = taken >= width ? 0 : stream[at / 64 + 1] << taken;
  return (low | high) & mask;
}

}  // namespace rollcall
