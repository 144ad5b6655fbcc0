// The stored value of a page consists of:
//
//   version   1 byte, 1
//   checksum  8 bytes: XXH3-64 of the payload, seeded with the XXH3-64 of the key
//   payload   the rest
//
// The checksum covers the key, so that a page found at another address, or of another epoch, is
// also recognised as damage.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "rollcall/store.h"

namespace rollcall {

inline constexpr std::size_t kPageHeaderBytes = 9;

std::uint64_t page_checksum(std::string_view key, std::string_view payload);

// Returns the header, which comes before the payload.
std::string encode_page_header(std::uint64_t checksum);

// Returns the payload, which is a part of `value` and must not be used once `value` is gone.
//   kCorruption  the value is not what was written at `address`; the text names page and directory
Result<std::string_view> decode_page(const PageAddress& address, std::string_view value,
                                     const std::string& directory);

// Returns the error of a page that cannot be read, and why.
Status page_corruption(const PageAddress& address, const std::string& directory,
                       std::string_view reason);

}  // namespace rollcall
