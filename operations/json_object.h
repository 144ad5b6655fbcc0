// Reads the definitions of campaigns and alerts as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "rollcall/status.h"

namespace rollcall {

// Reads one JSON object, with its fields in their order. `what` begins the texts of errors.
//   kInvalidArgument  it is not JSON or no object; or it is nested so deep that taking it apart
//                     would cost more than any definition is worth
Result<nlohmann::ordered_json> parse_json_object(std::string_view what, std::string_view json);

}  // namespace rollcall
