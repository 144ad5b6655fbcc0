// These write numbers and names as people read them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rollcall::tools {

std::string with_commas(std::uint64_t count);  // "1,234,567"
std::string bytes_text(std::uint64_t bytes);   // "1.2 GiB"
std::string duration_text(double seconds);     // "0.4 s", "1:05", "2:03:04"
std::string rate_text(double per_second);      // "8.1M"

// Returns the text with control characters, which could move a terminal's cursor or end a line, as
// "\x1b" and the like; those of Unicode (U+0080 to U+009F in UTF-8) are replaced, too.
std::string printable(std::string_view text);

// Returns the text as a terminal may have it: `printable`, and with what turns the direction of
// text or takes no place (U+202E, U+200B) as "\u202e" and the like, and bytes that are not UTF-8 as
// "\xff".
std::string terminal_text(std::string_view text);
// Returns the same, with its lines kept.
std::string terminal_lines(std::string_view text);

// Returns a message of any length, with its middle left out if it is too long to be read.
std::string shortened(std::string_view text);

// Returns the text as one word of a POSIX shell, quoted only if it must be.
std::string shell_word(std::string_view text);

// Returns a CSV field, quoted if RFC 4180 asks for it.
std::string csv_field(std::string_view text);

// Returns the text, with a "'" before it if a spreadsheet would take it for a formula: if it begins
// with = + - @, a tab or a carriage return.
std::string without_formula(std::string_view text);

}  // namespace rollcall::tools
