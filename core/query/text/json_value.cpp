#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

#include "core/query/text/query_json.h"
#include "rollcall/json.h"
#include "rollcall/message_text.h"

namespace rollcall {

Json::Json(double value) {
  constexpr double kWholeMax = 9007199254740992;  // doubles up to this have every whole number
  if (!std::isfinite(value)) return;
  if (std::trunc(value) == value && std::abs(value) < kWholeMax) {
    *this = Json(static_cast<std::int64_t>(value));
  } else {
    value_ = Fraction{fmt::format("{}", value)};
  }
}

std::string_view Json::type_name() const {
  if (is_null()) return "null";
  if (is_boolean()) return "boolean";
  if (is_number()) return "number";
  if (is_string()) return "string";
  return is_array() ? "array" : "object";
}

const Json* Json::find(std::string_view name) const {
  const Object& fields = get<Object>();
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const auto& field) { return field.first == name; });
  return found == fields.end() ? nullptr : &found->second;
}

const Json& Json::at(std::string_view name) const {
  if (!is_object()) refuse("an object");
  if (const Json* const field = find(name)) return *field;
  refuse(fmt::format("an object with the field {}", quoted_excerpt(name)));
}

const Json& Json::at(std::size_t index) const {
  if (index >= elements().size()) refuse(fmt::format("a list of more than {} elements", index));
  return elements()[index];
}

const Json::Array& Json::elements() const {
  if (!is_array()) refuse("a list");
  return get<Array>();
}

const Json::Object& Json::fields() const {
  if (!is_object()) refuse("an object");
  return get<Object>();
}

double Json::number() const {
  if (is_number_unsigned()) return static_cast<double>(get<std::uint64_t>());
  if (is_number_integer()) return static_cast<double>(get<std::int64_t>());
  if (!is_number()) refuse("a number");
  const std::string& text = get<Fraction>().text;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) refuse("a number in range");
  return value;
}

void Json::refuse(std::string_view wanted) const {
  constexpr std::size_t kExcerptBytes = 64;
  throw std::invalid_argument(
      fmt::format("must be {}, found {}", wanted, excerpt(text(kExcerptBytes))));
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
