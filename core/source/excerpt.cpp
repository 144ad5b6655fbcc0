#include "core/source/excerpt.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <cstddef>
#include <iterator>

namespace rollcall {

std::string quoted_excerpt(std::string_view text) {
  constexpr std::size_t kBytesMax = 64;
  std::size_t size = text.size();
  if (size > kBytesMax) {
    size = kBytesMax;
    // Not in the middle of a character, which has four bytes at most.
    for (int step = 0; step < 3 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80;
         ++step) {
      --size;
    }
  }
  const bool utf8 = simdjson::validate_utf8(text.data(), size);
  std::string out = "\"";
  for (std::size_t i = 0; i < size; ++i) {
    const unsigned char byte = static_cast<unsigned char>(text[i]);
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += text[i];
    } else if (byte == '\t') {
      out += "\\t";
    } else if (byte == '\n') {
      out += "\\n";
    } else if (byte == '\r') {
      out += "\\r";
    } else if (byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !utf8)) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    } else {
      out += text[i];
    }
  }
  out += size < text.size() ? "\"..." : "\"";
  return out;
}

}  // namespace rollcall
