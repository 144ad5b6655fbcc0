// Error messages about names that are not there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rollcall {

// `unknown field "cohrt" (did you mean "cohort"?), allowed: cohort, mode`, where `what` is "field".
// The list of names stops after 20.
std::string unknown_name(std::string_view what, std::string_view name,
                         const std::vector<std::string>& allowed);

}  // namespace rollcall
