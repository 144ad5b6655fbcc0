// Suggestions for names that are not there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rollcall {

// The name of `names` that `wanted` was most likely meant to be: the fewest letters inserted,
// deleted, replaced or swapped, upper and lower case being alike. Empty when none is near.
std::string nearest_name(std::string_view wanted, const std::vector<std::string>& names);

// " (did you mean \"login\"?)", or nothing when no name is near.
std::string did_you_mean(std::string_view wanted, const std::vector<std::string>& names);

}  // namespace rollcall
