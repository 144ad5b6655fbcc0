// This header has the parts of error messages that the library shares with the programs around it:
// excerpts of what was found, cut short, and suggestions of what was probably meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rollcall {

// Returns `text` in double quotes, as JSON would write it, cut after 64 bytes; bytes that are not
// UTF-8 become \xNN. Every message that repeats part of its input uses it, so that no input makes a
// message long, breaks its line or hides its end.
std::string quoted_excerpt(std::string_view text);

// Returns the same without quotes and escapes, for bare words in a message, such as names in a
// list.
std::string excerpt(std::string_view text);

// Returns the name among `names` that `wanted` was most likely meant to be, by the fewest letters
// inserted, deleted, replaced or swapped, ignoring case. The result is empty when none is near.
std::string nearest_name(std::string_view wanted, const std::vector<std::string>& names);

// Does the same for flags such as "--rule-period". Their words may come in another order, or some
// may be missing: "--period-rule" and "--rule" are near it. Fewer letters may differ, because flags
// are short.
std::string nearest_flag(std::string_view wanted, const std::vector<std::string>& flags);

// Returns " (did you mean \"login\"?)", or nothing when no name is near.
std::string did_you_mean(std::string_view wanted, const std::vector<std::string>& names);

// Returns the names as a list, each cut short. After 20 of them, the list says how many more there
// are. Without names, it is "none".
std::string excerpts(const std::vector<std::string>& names);

// Returns "unknown event \"vist\" (did you mean \"visit\"?), allowed: signup, visit".
std::string unknown_name(std::string_view what, std::string_view name,
                         const std::vector<std::string>& allowed);

}  // namespace rollcall
