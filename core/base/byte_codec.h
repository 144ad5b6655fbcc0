// Encodes numbers and strings as bytes and decodes them: little endian, LEB128 varints, strings
// after their lengths, and columns in as few bytes as their numbers need.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "rollcall/types.h"

namespace rollcall {

static_assert(std::endian::native == std::endian::little, "the stored format is little endian");

// Appends a column of unsigned numbers: their width, which is the number of bytes that the largest
// needs, and that many bytes of each.
template <class Number>
class ColumnWriter {
 public:
  // The caller must add `count` numbers that are at most `max`.
  ColumnWriter(std::string& out, Number max, std::size_t count) : out_(out) {
    while (width_ < sizeof max && max >> (8 * width_) != 0) ++width_;
    out.push_back(static_cast<char>(width_));
    const std::size_t begin = out.size();
    // All bytes of each number are written; the next one overwrites those past the width.
    out.resize(begin + width_ * count + sizeof(Number));
    place_ = out.data() + begin;
  }
  ~ColumnWriter() { out_.resize(static_cast<std::size_t>(place_ - out_.data())); }
  ColumnWriter(const ColumnWriter&) = delete;
  ColumnWriter& operator=(const ColumnWriter&) = delete;

  // Adds number_at(0) to number_at(count - 1).
  template <class NumberAt>
  void add(std::size_t count, NumberAt number_at) {
    char* place = place_;
    const std::size_t width = width_;
    for (std::size_t i = 0; i < count; ++i) {
      const Number number = number_at(i);
      std::memcpy(place, &number, sizeof number);
      place += width;
    }
    place_ = place;
  }

 private:
  std::string& out_;
  std::size_t width_ = 1;
  char* place_;
};

// Appends to a string that the caller owns.
class ByteWriter {
 public:
  explicit ByteWriter(std::string& out) : out_(out) {}

  void byte(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }

  void varint(std::uint64_t value) {
    while (value >= 0x80) {
      byte(static_cast<std::uint8_t>(value | 0x80));
      value >>= 7;
    }
    byte(static_cast<std::uint8_t>(value));
  }

  // Numbers of small magnitude take few bytes, whatever their sign.
  void zigzag(std::int64_t value) {
    varint((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }

  void sum(AmountSum value) {
    varint(static_cast<std::uint64_t>(value));
    zigzag(static_cast<std::int64_t>(value >> 64));
  }

  void text(std::string_view value) {
    varint(value.size());
    out_.append(value);
  }

  // Appends the elements as they lie in memory, without their count.
  template <class T>
  void elements(const T* values, std::size_t count) {
    static_assert(std::is_trivially_copyable_v<T>);
    out_.append(reinterpret_cast<const char*>(values), count * sizeof(T));
  }

  // Appends the least value and how far each is above it, without their count.
  void amounts(std::span<const Amount> values) {
    const Amount least = values.empty() ? 0 : std::ranges::min(values);
    const Amount most = values.empty() ? 0 : std::ranges::max(values);
    const auto base = static_cast<std::uint64_t>(least);
    zigzag(least);
    ColumnWriter<std::uint64_t>(out_, static_cast<std::uint64_t>(most) - base, values.size())
        .add(values.size(), [values = values.data(), base](std::size_t i) {
          return static_cast<std::uint64_t>(values[i]) - base;
        });
  }

 private:
  std::string& out_;
};

// Reads what ByteWriter and ColumnWriter wrote. Once something does not fit, `ok()` stays false and
// all reads return zeros, so that a decoder may check only once.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  // Returns whether everything was read, and nothing was missing.
  bool done() const { return ok_ && bytes_.empty(); }
  std::size_t remaining() const { return bytes_.size(); }

  std::uint8_t byte() {
    if (bytes_.empty()) return fail();
    const auto value = static_cast<std::uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return value;
  }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t next = byte();
      if (!ok_) return 0;
      if (shift == 63 && next > 1) break;
      value |= static_cast<std::uint64_t>(next & 0x7f) << shift;
      if (next < 0x80) return value;
    }
    return fail();
  }

  // Reads a varint that is at most `max`.
  template <class T = std::uint32_t>
  T varint_up_to(std::uint64_t max) {
    const std::uint64_t value = varint();
    if (value > max) return static_cast<T>(fail());
    return static_cast<T>(value);
  }

  // Reads how many elements follow, each of which takes at least `element_bytes_min` bytes. A
  // damaged count thus cannot make a decoder allocate much more than the bytes it was given.
  std::size_t count(std::size_t element_bytes_min) {
    const std::uint64_t count = varint();
    if (count > bytes_.size() / element_bytes_min) return fail();
    return count;
  }

  std::int64_t zigzag() {
    const std::uint64_t value = varint();
    return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
  }

  AmountSum sum() {
    const std::uint64_t low = varint();
    const std::int64_t high = zigzag();
    __extension__ using UnsignedSum = unsigned __int128;
    return static_cast<AmountSum>(
        (static_cast<UnsignedSum>(static_cast<std::uint64_t>(high)) << 64) | low);
  }

  std::string_view text() {
    const std::uint64_t size = varint();
    if (size > bytes_.size()) fail();
    const std::string_view value = bytes_.substr(0, ok_ ? size : 0);
    bytes_.remove_prefix(value.size());
    return value;
  }

  template <class T>
  std::vector<T> elements(std::size_t count) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (count > bytes_.size() / sizeof(T)) {
      fail();
      return {};
    }
    std::vector<T> values(count);
    if (count == 0) return values;  // memcpy takes no null pointers, not even for nothing
    std::memcpy(values.data(), bytes_.data(), count * sizeof(T));
    bytes_.remove_prefix(count * sizeof(T));
    return values;
  }

  // Reads the numbers of a column; returns none if they do not fit.
  template <class Number>
  std::vector<Number> column(std::size_t count) {
    const std::size_t width = byte();
    if (width == 0 || width > sizeof(Number) || count > bytes_.size() / width) {
      fail();
      return {};
    }
    std::vector<Number> numbers(count);
    const Number mask = static_cast<Number>(~Number{0}) >> (8 * (sizeof(Number) - width));
    const char* place = bytes_.data();
    std::size_t i = 0;
    for (; (count - i) * width >= sizeof(Number); ++i, place += width) {
      std::memcpy(&numbers[i], place, sizeof(Number));
      numbers[i] &= mask;
    }
    for (; i < count; ++i, place += width) std::memcpy(&numbers[i], place, width);
    bytes_.remove_prefix(count * width);
    return numbers;
  }

  std::vector<Amount> amounts(std::size_t count) {
    const auto base = static_cast<std::uint64_t>(zigzag());
    const std::vector<std::uint64_t> distances = column<std::uint64_t>(count);
    std::vector<Amount> values(distances.size());
    std::transform(distances.begin(), distances.end(), values.begin(),
                   [base](std::uint64_t distance) { return static_cast<Amount>(base + distance); });
    return values;
  }

 private:
  std::uint8_t fail() {
    ok_ = false;
    bytes_ = {};
    return 0;
  }

  std::string_view bytes_;
  bool ok_ = true;
};

}  // namespace rollcall
