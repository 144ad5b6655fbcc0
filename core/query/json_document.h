// JSON text to a document, for people's mistakes: one line and column per error, no field twice.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "rollcall/status.h"

namespace rollcall {

using Json = nlohmann::ordered_json;

//   kInvalidArgument  not JSON, nested deeper than 16, or a field twice in one object; the text
//                     begins with line and column, both from 1, the column in bytes
Result<Json> parse_json(std::string_view text);

}  // namespace rollcall
