// Says how large a list of users may be, whatever its form is.
#pragma once

#include <cstddef>

namespace rollcall {

// This bounds the text of a list, compressed or not.
inline constexpr std::size_t kListBytesMax = std::size_t{256} << 20;
// More users would take gigabytes, however short their ids are.
inline constexpr std::size_t kListUsersMax = std::size_t{1} << 24;
// This bounds an id, a field of CSV, and a text or number of JSON, because each is read in one go,
// and into memory that is not counted.
inline constexpr std::size_t kListPieceBytesMax = std::size_t{1} << 20;

}  // namespace rollcall
