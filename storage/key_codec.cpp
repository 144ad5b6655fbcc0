#include "storage/key_codec.h"

#include <type_traits>

namespace rollcall {

namespace {

// The most significant byte comes first, because byte order is to be number order.
template <class Unsigned>
void append_big_endian(std::string& key, Unsigned value) {
  static_assert(std::is_unsigned_v<Unsigned>);
  for (int shift = 8 * static_cast<int>(sizeof(Unsigned)) - 8; shift >= 0; shift -= 8) {
    key.push_back(static_cast<char>(static_cast<unsigned char>(value >> shift)));
  }
}

// Reads one field, and takes it off the front of `key`.
template <class Unsigned>
Unsigned take_big_endian(std::string_view& key) {
  Unsigned value = 0;
  for (std::size_t i = 0; i < sizeof(Unsigned); ++i) {
    value = static_cast<Unsigned>(value << 8 | static_cast<unsigned char>(key[i]));
  }
  key.remove_prefix(sizeof(Unsigned));
  return value;
}

// Days before 1970 are negative; with the sign bit flipped they come first.
constexpr std::uint32_t kSignBit = 0x80000000u;

bool is_page_kind(std::uint8_t kind) {
  return kind >= static_cast<std::uint8_t>(PageKind::kDictionary) &&
         kind <= static_cast<std::uint8_t>(PageKind::kAudience);
}

}  // namespace

std::string written_list_key(Epoch epoch, std::uint32_t number) {
  std::string key(kWrittenListPrefix);
  append_big_endian(key, epoch);
  append_big_endian(key, number);
  return key;
}

std::string encode_page_key(const PageAddress& address) {
  std::string key;
  key.reserve(kPageKeyBytes);
  key.push_back(static_cast<char>(address.id.kind));
  append_big_endian(key, address.id.partition);
  append_big_endian(key, address.id.series);
  append_big_endian(key, static_cast<std::uint32_t>(address.id.day) ^ kSignBit);
  append_big_endian(key, address.id.chunk);
  append_big_endian(key, address.epoch);
  return key;
}

std::optional<PageAddress> decode_page_key(std::string_view key) {
  if (key.size() != kPageKeyBytes) return std::nullopt;
  const auto kind = static_cast<std::uint8_t>(key[0]);
  if (!is_page_kind(kind)) return std::nullopt;
  key.remove_prefix(1);
  PageAddress address;
  address.id.kind = static_cast<PageKind>(kind);
  address.id.partition = take_big_endian<std::uint32_t>(key);
  address.id.series = take_big_endian<std::uint32_t>(key);
  address.id.day = static_cast<std::int32_t>(take_big_endian<std::uint32_t>(key) ^ kSignBit);
  address.id.chunk = take_big_endian<std::uint32_t>(key);
  address.epoch = take_big_endian<std::uint64_t>(key);
  return address;
}

}  // namespace rollcall
