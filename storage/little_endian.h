// Encodes unsigned integers as in values and files: eight bytes, with the least significant first.
#pragma once

#include <cstdint>
#include <string>

namespace rollcall {

inline void append_u64(std::string& bytes, std::uint64_t value) {
  for (int shift = 0; shift < 64; shift += 8) {
    bytes.push_back(static_cast<char>(static_cast<unsigned char>(value >> shift)));
  }
}

// Reads the eight bytes at `bytes`.
inline std::uint64_t load_u64(const char* bytes) {
  std::uint64_t value = 0;
  for (int i = 7; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

}  // namespace rollcall
