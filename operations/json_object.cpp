#include "operations/json_object.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string_view>

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
    // The library's name of the error comes before the first "] ".
    const std::string_view text = error.what();
    const std::size_t begin = std::min(text.find("] ") + 2, text.size());
    if (!is_too_deep) {
      return Status::invalid_argument(
          fmt::format("{}: malformed JSON: {}", what, text.substr(begin)));
    }
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
