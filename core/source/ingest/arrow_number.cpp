#include "core/source/ingest/arrow_number.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace rollcall {

bool is_timestamp(std::string_view format) {
  return format.size() >= 4 && format.starts_with("ts") &&
         std::string_view("smun").find(format[2]) != std::string_view::npos && format[3] == ':';
}

std::optional<DecimalType> decimal_type(std::string_view format) {
  if (!format.starts_with("d:")) return {};
  const std::string text(format.substr(2));
  int precision = 0, scale = 0, bits = 128, read = 0;
  const int fields =
      std::sscanf(text.c_str(), "%d,%d%n,%d%n", &precision, &scale, &read, &bits, &read);
  const bool whole = fields >= 2 && static_cast<std::size_t>(read) == text.size();
  if (!whole || (bits != 32 && bits != 64 && bits != 128 && bits != 256)) return {};
  return DecimalType{scale, static_cast<std::size_t>(bits) / 8};
}

std::string wide_integer_text(const char* number, std::size_t bytes) {
  // All of these are of 32 bits, so that divisions have room.
  std::array<std::uint32_t, 8> parts;
  const bool negative = (static_cast<unsigned char>(number[bytes - 1]) & 0x80) != 0;
  std::memset(parts.data(), negative ? 0xff : 0, sizeof parts);
  std::memcpy(parts.data(), number, bytes);
  if (negative) {
    std::uint64_t carry = 1;
    for (std::uint32_t& part : parts) {
      carry += static_cast<std::uint32_t>(~part);
      part = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
  }
  std::string digits;
  const auto is_zero = [](std::uint32_t part) { return part == 0; };
  do {
    std::uint64_t rest = 0;
    for (std::size_t i = parts.size(); i-- > 0;) {
      rest = rest << 32 | parts[i];
      parts[i] = static_cast<std::uint32_t>(rest / 10);
      rest %= 10;
    }
    digits += static_cast<char>('0' + rest);
  } while (!std::all_of(parts.begin(), parts.end(), is_zero));
  if (negative) digits += '-';
  std::reverse(digits.begin(), digits.end());
  return digits;
}

}  // namespace rollcall
