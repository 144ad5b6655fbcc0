#include "core/query/text/json_reader.h"

#include <algorithm>
#include <limits>

#include "core/query/text/length_text.h"

namespace rollcall {
namespace {

// Returns a value as an error shows it: as JSON, cut short.
std::string show(const Json& value) {
  constexpr std::size_t kTextBytesMax = 256;  // an excerpt is shorter
  if (value.is_string()) return quoted_excerpt(value.get<std::string>());
  return excerpt(value.text(kTextBytesMax));
}

}  // namespace

Status unexpected(const std::string& path, std::string_view expected, const Json& found) {
  return Status::invalid_argument(
      fmt::format("{}: must be {}, found {}", path, expected, show(found)));
}

Status read_fields(const Json& object, const std::string& path, const FieldReaders& fields) {
  for (const auto& [name, value] : object.get<Json::Object>()) {
    const auto field =
        std::find_if(fields.begin(), fields.end(),
                     [&name = name](const FieldReader& f) { return f.name == name; });
    if (field == fields.end()) {
      std::vector<std::string> allowed;
      for (const FieldReader& f : fields) allowed.emplace_back(f.name);
      return Status::invalid_argument(
          fmt::format("{}: {}", path, unknown_name("field", name, allowed)));
    }
    ROLLCALL_RETURN_IF_ERROR(field->read(value, fmt::format("{}: {}", path, excerpt(name))));
  }
  return {};
}

Status read_integer(const Json& value, const std::string& path, std::int32_t& out) {
  constexpr std::int64_t kMin = std::numeric_limits<std::int32_t>::min();
  constexpr std::uint64_t kMax = std::numeric_limits<std::int32_t>::max();
  if (!value.is_number_integer()) return unexpected(path, "a whole number", value);
  const bool fits = value.is_number_unsigned() ? value.get<std::uint64_t>() <= kMax
                                               : value.get<std::int64_t>() >= kMin;
  if (!fits) return unexpected(path, fmt::format("a whole number up to {}", kMax), value);
  out = value.is_number_unsigned() ? static_cast<std::int32_t>(value.get<std::uint64_t>())
                                   : static_cast<std::int32_t>(value.get<std::int64_t>());
  return {};
}

Status read_integers(const Json& value, const std::string& path, std::vector<std::int32_t>& out) {
  if (!value.is_array()) return unexpected(path, "a list of whole numbers", value);
  out.clear();
  for (const Json& element : value.get<Json::Array>()) {
    ROLLCALL_RETURN_IF_ERROR(read_integer(element, path, out.emplace_back()));
  }
  return {};
}

Status read_strings(const Json& value, const std::string& path, std::vector<std::string>& out) {
  if (value.is_string()) {
    out.push_back(value.get<std::string>());
    return {};
  }
  if (!value.is_array()) return unexpected(path, "a string or a list of strings", value);
  if (value.empty()) return unexpected(path, "a list of at least one string", value);
  for (const Json& element : value.get<Json::Array>()) {
    if (!element.is_string()) return unexpected(path, "a list of strings", value);
    out.push_back(element.get<std::string>());
  }
  return {};
}

FieldReader string_field(std::string_view name, std::string& out) {
  return {name, [&out](const Json& value, const std::string& path) -> Status {
            if (!value.is_string()) return unexpected(path, "a string", value);
            out = value.get<std::string>();
            return {};
          }};
}

FieldReader limit_field(std::string_view name, std::optional<std::uint64_t>& out) {
  return {name, [&out](const Json& value, const std::string& path) -> Status {
            if (!value.is_number_unsigned()) return unexpected(path, "a whole number", value);
            out = value.get<std::uint64_t>();
            return {};
          }};
}

FieldReader flag_field(std::string_view name, bool& out) {
  return {name, [&out](const Json& value, const std::string& path) -> Status {
            if (!value.is_boolean()) return unexpected(path, "true or false", value);
            out = value.get<bool>();
            return {};
          }};
}

FieldReader length_field(std::string_view name, Length& out) {
  return {name, [&out](const Json& value, const std::string& path) -> Status {
            const auto length =
                value.is_string() ? parse_length(value.get<std::string>()) : std::nullopt;
            if (!length) return unexpected(path, kLengthsAllowed, value);
            out = *length;
            return {};
          }};
}

FieldReader optional_integer_field(std::string_view name, std::optional<std::int32_t>& out) {
  return {name, [&out](const Json& value, const std::string& path) {
            return read_integer(value, path, out.emplace());
          }};
}

}  // namespace rollcall
