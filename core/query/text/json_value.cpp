#include "core/query/text/json_value.h"

#include <algorithm>

#include "core/query/text/query_json.h"

namespace rollcall {

const Json* Json::find(std::string_view name) const {
  const Object& fields = get<Object>();
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const auto& field) { return field.first == name; });
  return found == fields.end() ? nullptr : &found->second;
}

std::string Json::text(std::size_t bytes_max) const {
  std::string text;
  append_to(text, bytes_max);
  return text;
}

void Json::append_to(std::string& text, std::size_t bytes_max) const {
  if (text.size() > bytes_max) return;
  if (is_null()) {
    text += "null";
  } else if (is_boolean()) {
    text += get<bool>() ? "true" : "false";
  } else if (is_number_unsigned()) {
    text += std::to_string(get<std::uint64_t>());
  } else if (is_number_integer()) {
    text += std::to_string(get<std::int64_t>());
  } else if (is_string()) {
    text += quote(get<std::string>());
  } else if (is_array()) {
    text += '[';
    for (const Json& element : get<Array>()) {
      if (text.size() > bytes_max) return;
      if (&element != get<Array>().data()) text += ',';
      element.append_to(text, bytes_max);
    }
    text += ']';
  } else if (is_object()) {
    text += '{';
    for (const auto& field : get<Object>()) {
      if (text.size() > bytes_max) return;
      if (&field != get<Object>().data()) text += ',';
      text += quote(field.first) + ':';
      field.second.append_to(text, bytes_max);
    }
    text += '}';
  } else {
    text += get<Fraction>().text;
  }
}

}  // namespace rollcall
