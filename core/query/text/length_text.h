// This header reads and writes lengths of elapsed time as people write them: "90s", "5m", "3h",
// "14d", "2w".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rollcall/dates.h"

namespace rollcall {

// Returns nothing for any other text, and for more than a hundred years.
std::optional<Length> parse_length(std::string_view text);
// Writes it in the largest unit, up to days, that it is a whole number of.
std::string to_string(Length length);

inline constexpr std::string_view kLengthsAllowed =
    "a number of seconds, minutes, hours, days or weeks such as \"90s\", \"5m\", \"3h\", "
    "\"14d\", \"2w\"";

}  // namespace rollcall
