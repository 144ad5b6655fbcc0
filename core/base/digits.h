// Reads integers from decimal digits, eight at a time.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>

namespace rollcall {

static_assert(std::endian::native == std::endian::little, "the first character is the lowest byte");

// Returns the characters at `text`, the first in the lowest byte.
template <class Word>
Word load_chars(const char* text) {
  Word chars;
  std::memcpy(&chars, text, sizeof(chars));
  return chars;
}

// Returns whether every byte of `bytes` is at most the corresponding byte of `max`. Bytes of `max`
// are below 128.
inline bool bytes_at_most(std::uint64_t bytes, std::uint64_t max) {
  constexpr std::uint64_t kTopBits = 0x8080808080808080;
  // A byte that is greater than its maximum carries into its top bit.
  const std::uint64_t carries = (bytes & ~kTopBits) + (kTopBits - 0x0101010101010101 - max);
  return ((carries | bytes) & kTopBits) == 0;
}

// Reads a text of 1 to 16 digits and nothing else. Returns false for any other text, which may
// still be a longer number.
inline bool parse_short_digits(std::string_view text, std::uint64_t& number) {
  constexpr std::uint64_t kZeros = 0x3030303030303030;  // eight characters '0'
  // Returns the value of the last `count` of eight characters, and ignores the others.
  const auto last_digits = [](std::uint64_t chars, std::size_t count, std::uint64_t& value) {
    const std::uint64_t others = count == 8 ? 0 : ~std::uint64_t{0} >> (8 * count);
    const std::uint64_t digits = (chars ^ kZeros) & ~others;
    const std::uint64_t pairs = (digits * 10 + (digits >> 8)) & 0x00ff00ff00ff00ff;
    const std::uint64_t fours = (pairs * 100 + (pairs >> 16)) & 0x0000ffff0000ffff;
    value = (fours * 10'000 + (fours >> 32)) & 0xffffffff;
    return bytes_at_most(digits, 0x0909090909090909);
  };
  const std::size_t size = text.size();
  const char* const end = text.data() + size;
  if (size < 4) {
    std::uint64_t value = 0;
    for (const char c : text) {
      if (c < '0' || '9' < c) return false;
      value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    number = value;
    return size > 0;
  }
  if (size < 8) {
    // This word has the last four characters, preceded by those of the first four that are not
    // among them.
    const std::uint64_t first = std::uint64_t{load_chars<std::uint32_t>(text.data())}
                                << (8 * (8 - size));
    const std::uint64_t last = load_chars<std::uint32_t>(end - 4);
    return last_digits(last << 32 | (first & 0xffffffff), size, number);
  }
  if (size > 16) return false;
  std::uint64_t first = 0, last = 0;
  if (!last_digits(load_chars<std::uint64_t>(text.data()), 8, first)) return false;
  number = first;
  if (size == 8) return true;
  if (!last_digits(load_chars<std::uint64_t>(end - 8), size - 8, last)) return false;
  constexpr std::uint64_t kPowersOfTen[] = {1,       10,        100,        1'000,      10'000,
                                            100'000, 1'000'000, 10'000'000, 100'000'000};
  number = first * kPowersOfTen[size - 8] + last;
  return true;
}

// Reads the canonical text of an integer: decimal digits that fit 64 bits, without a sign, blanks
// or leading zeros, so that different texts are never the same integer.
inline bool parse_canonical_integer(std::string_view text, std::uint64_t& integer) {
  if (text.size() > 1 && text[0] == '0') return false;
  if (parse_short_digits(text, integer)) return true;
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || '9' < c) return false;
    const std::uint64_t digit = static_cast<std::uint64_t>(c - '0');
    if (value > (kMax - digit) / 10) return false;
    value = value * 10 + digit;
  }
  integer = value;
  return !text.empty();
}

}  // namespace rollcall
