#include "operations/json_object.h"

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "rollcall/message_text.h"

namespace rollcall {

Result<Json> parse_json_object(std::string_view what, std::string_view json) {
  Result<Json> object = parse_json(json);
  if (!object.ok()) return object.status().within(std::string(what));
  if (object->is_object()) return object;
  return Status::invalid_argument(
      fmt::format("{}: must be a JSON object, found {}", what, quoted_excerpt(json)));
}

}  // namespace rollcall
