// Numbers and strings to bytes and back: little endian, LEB128 varints, lengths before strings.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "rollcall/types.h"

namespace rollcall {

static_assert(std::endian::native == std::endian::little, "the stored format is little endian");

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

  // Small magnitudes of either sign take few bytes.
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

  // The elements as they lie in memory, without their number.
  template <class T>
  void elements(const T* values, std::size_t count) {
    static_assert(std::is_trivially_copyable_v<T>);
    out_.append(reinterpret_cast<const char*>(values), count * sizeof(T));
  }

 private:
  std::string& out_;
};

// Reads what ByteWriter wrote. After anything that does not fit, `ok()` is false for good and reads
// return zeros, so that a decoder may check once.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  // Whether everything was read, and nothing was missing.
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

  // A varint that is at most `max`.
  template <class T = std::uint32_t>
  T varint_up_to(std::uint64_t max) {
    const std::uint64_t value = varint();
    if (value > max) return static_cast<T>(fail());
    return static_cast<T>(value);
  }

  // How many elements follow, each of which takes at least `element_bytes_min` bytes: a damaged
  // count cannot make a decoder allocate more than the bytes it was given.
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
