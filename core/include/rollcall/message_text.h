// Words of error messages, shared by the library and the programs around it: what was found, cut
// short, and what was probably meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rollcall {

// `text` in double quotes, as JSON would write it, cut after 64 bytes; bytes that are not UTF-8
// become \xNN. Whatever a message repeats of its input goes through here, so that no input makes a
// message long, breaks its line or hides its end.
std::string quoted_excerpt(std::string_view text);

// The same without quotes and escapes, for what stands bare in a message, as names do in a list.
std::string excerpt(std::string_view text);

// The name of `names` that `wanted` was most likely meant to be: the fewest letters inserted,
// deleted, replaced or swapped, upper and lower case being alike. Empty when none is near.
std::string nearest_name(std::string_view wanted, const std::vector<std::string>& names);

// The same of flags such as "--rule-period", whose words may have come in another order, or not all
// of them: "--period-rule" and "--rule" are near it. Fewer letters may differ, as flags are short.
std::string nearest_flag(std::string_view wanted, const std::vector<std::string>& flags);

// " (did you mean \"login\"?)", or nothing when no name is near.
std::string did_you_mean(std::string_view wanted, const std::vector<std::string>& names);

// The names as a list, each cut short; after 20 of them, how many more there are. "none" for none.
std::string excerpts(const std::vector<std::string>& names);

// "unknown event \"vist\" (did you mean \"visit\"?), allowed: signup, visit".
std::string unknown_name(std::string_view what, std::string_view name,
                         const std::vector<std::string>& allowed);

}  // namespace rollcall
