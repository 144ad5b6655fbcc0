// Reads the definitions of campaigns and alerts as JSON.
#pragma once

#include <string_view>

#include "rollcall/json.h"
#include "rollcall/status.h"

namespace rollcall {

// Reads one JSON object, with its fields in their order. `what` begins the texts of errors.
//   kInvalidArgument  it is not JSON, past a limit of `parse_json`, or no object
Result<Json> parse_json_object(std::string_view what, std::string_view json);

}  // namespace rollcall
