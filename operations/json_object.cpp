#include "operations/json_object.h"

#include <fmt/format.h>

#include "rollcall/message_text.h"

namespace rollcall {

Result<nlohmann::ordered_json> parse_json_object(std::string_view what, std::string_view json) {
  using Json = nlohmann::ordered_json;
  constexpr int kLevelsMax = 256;
  bool is_too_deep = false;
  const auto watch = [&](int depth, Json::parse_event_t, Json&) {
    is_too_deep = is_too_deep || depth > kLevelsMax;
    return depth <= kLevelsMax;
  };
  Json object;
  try {
    object = Json::parse(json, watch);
  } catch (const Json::exception& error) {
    return Status::invalid_argument(fmt::format("{}: malformed JSON: {}", what, error.what()));
  }
  if (is_too_deep) {
    return Status::invalid_argument(
        fmt::format("{}: is nested deeper than {} levels", what, kLevelsMax));
  }
  if (!object.is_object()) {
    return Status::invalid_argument(
        fmt::format("{}: must be a JSON object, found {}", what, quoted_excerpt(json)));
  }
  return object;
}

}  // namespace rollcall
