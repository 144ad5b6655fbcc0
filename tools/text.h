// Numbers and names as people read them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rollcall::tools {

std::string with_commas(std::uint64_t count);  // "1,234,567"
std::string bytes_text(std::uint64_t bytes);   // "1.2 GiB"
std::string duration_text(double seconds);     // "0.4 s", "1:05", "2:03:04"
std::string rate_text(double per_second);      // "8.1M"

// The text with control characters, which could move a terminal's cursor, as "\x1b" and the like;
// those of Unicode (U+0080 to U+009F in UTF-8) too.
std::string printable(std::string_view text);

// A CSV field, quoted where RFC 4180 asks for it.
std::string csv_field(std::string_view text);

}  // namespace rollcall::tools
