// Reads the fields of JSON objects. Errors have the path to the field, what was found, and what is
// allowed.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/query/text/query_names.h"
#include "rollcall/dates.h"
#include "rollcall/json.h"
#include "rollcall/message_text.h"
#include "rollcall/status.h"

namespace rollcall {

// Returns the error `PATH: must be EXPECTED, found VALUE`, with the value cut short.
Status unexpected(const std::string& path, std::string_view expected, const Json& found);

// Returns whether the value is this text.
inline bool is_text(const Json& value, std::string_view text) {
  return value.is_string() && value.get<std::string>() == text;
}

struct FieldReader {
  std::string_view name;
  // Reads the field's value; `path` leads to it, for errors.
  std::function<Status(const Json& value, const std::string& path)> read;
};
using FieldReaders = std::vector<FieldReader>;

// Reads every field that `object` has. An unknown field is an error that suggests the nearest.
Status read_fields(const Json& object, const std::string& path, const FieldReaders& fields);

Status read_integer(const Json& value, const std::string& path, std::int32_t& out);
Status read_integers(const Json& value, const std::string& path, std::vector<std::int32_t>& out);
// Reads one string, or a list of them.
Status read_strings(const Json& value, const std::string& path, std::vector<std::string>& out);

FieldReader string_field(std::string_view name, std::string& out);
// Reads a whole number from 0 up.
FieldReader limit_field(std::string_view name, std::optional<std::uint64_t>& out);
FieldReader flag_field(std::string_view name, bool& out);
FieldReader length_field(std::string_view name, Length& out);
FieldReader optional_integer_field(std::string_view name, std::optional<std::int32_t>& out);

// Reads one of the words of `spellings`; `what` names their kind in errors.
template <class T, std::size_t n>
Status read_word(const Json& value, const std::string& path, std::string_view what,
                 const std::array<Spelling<T>, n>& spellings, T& out) {
  std::vector<std::string> allowed;
  for (const Spelling<T>& spelling : spellings) {
    if (value.is_string() && value.get<std::string>() == spelling.name) {
      out = spelling.value;
      return {};
    }
    allowed.emplace_back(spelling.name);
  }
  if (!value.is_string()) {
    return unexpected(path, fmt::format("one of {}", fmt::join(allowed, ", ")), value);
  }
  return Status::invalid_argument(
      fmt::format("{}: {}", path, unknown_name(what, value.get<std::string>(), allowed)));
}

template <class T, std::size_t n>
FieldReader word_field(std::string_view name, const std::array<Spelling<T>, n>& spellings, T& out) {
  return {name, [name, &spellings, &out](const Json& value, const std::string& path) {
            return read_word(value, path, name, spellings, out);
          }};
}

}  // namespace rollcall
