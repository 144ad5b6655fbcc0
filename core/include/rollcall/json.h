// This header has JSON in memory, as definitions, records and other texts of the library hold it.
// Unlike the values of the library that parses the text, these are destroyed without allocating
// memory, so that running out of it there does not end the process.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "rollcall/status.h"

namespace rollcall {

class Json {
 public:
  struct Fraction {  // a number that is not whole, or too large for 64 bits
    std::string text;
  };
  using Array = std::vector<Json>;
  using Object = std::vector<std::pair<std::string, Json>>;  // in the order of the text

  Json() = default;  // null
  explicit Json(bool value) : value_(value) {}
  template <std::integral T>
  explicit Json(T value) {
    if (std::cmp_less(value, 0)) {
      value_ = static_cast<std::int64_t>(value);
    } else {
      value_ = static_cast<std::uint64_t>(value);
    }
  }
  // Makes null of what is not finite, and a whole number of what is one and below 2^53.
  explicit Json(double value);
  explicit Json(Fraction value) : value_(std::move(value)) {}
  explicit Json(std::string value) : value_(std::move(value)) {}
  explicit Json(std::string_view value) : value_(std::string(value)) {}
  explicit Json(const char* value) : value_(std::string(value)) {}
  explicit Json(Array value) : value_(std::move(value)) {}
  explicit Json(Object value) : value_(std::move(value)) {}
  // Makes null if there is none.
  template <class T>
  explicit Json(const std::optional<T>& value) : Json(value ? Json(*value) : Json()) {}

  // Makes an array of what `make` makes of each element, or of the elements.
  template <class Range, class Make>
  static Json list(const Range& range, const Make& make) {
    Array array;
    for (const auto& element : range) array.push_back(Json(make(element)));
    return Json(std::move(array));
  }
  template <class Range>
  static Json list(const Range& range) {
    return list(range, [](const auto& element) { return Json(element); });
  }

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_boolean() const { return std::holds_alternative<bool>(value_); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }
  bool is_number() const { return is_number_integer() || std::holds_alternative<Fraction>(value_); }
  bool is_structured() const { return is_array() || is_object(); }
  bool is_number_unsigned() const { return std::holds_alternative<std::uint64_t>(value_); }
  bool is_number_integer() const {
    return is_number_unsigned() || std::holds_alternative<std::int64_t>(value_);
  }
  // Returns "null", "boolean", "number", "string", "array" or "object".
  std::string_view type_name() const;

  // Returns the value; the caller has checked its type. Whole numbers below 0 are std::int64_t, all
  // others std::uint64_t.
  template <class T>
  const T& get() const {
    return std::get<T>(value_);
  }
  template <class T>
  T& get() {
    return std::get<T>(value_);
  }

  // This is for arrays and objects only.
  std::size_t size() const { return is_array() ? get<Array>().size() : get<Object>().size(); }
  bool empty() const { return size() == 0; }
  // Returns the field of an object, or null if there is none.
  const Json* find(std::string_view name) const;
  bool contains(std::string_view name) const { return find(name) != nullptr; }

  // These read what a program wrote, where anything else means damage: they throw
  // std::invalid_argument if there is no such field or element, or if the value is not of the type
  // or does not fit.
  const Json& at(std::string_view name) const;
  const Json& at(std::size_t index) const;
  const Array& elements() const;
  const Object& fields() const;
  template <class T>
  T as() const;

  // Returns the value as JSON, in one line, cut short once it has more than `bytes_max` bytes.
  // Bytes of texts that are not UTF-8 are replaced.
  std::string text(std::size_t bytes_max = std::numeric_limits<std::size_t>::max()) const;

 private:
  void append_to(std::string& text, std::size_t bytes_max) const;
  // These throw as `as` does.
  double number() const;
  [[noreturn]] void refuse(std::string_view wanted) const;

  std::variant<std::monostate, bool, std::int64_t, std::uint64_t, Fraction, std::string, Array,
               Object>
      value_;
};

template <class T>
T Json::as() const {
  if constexpr (std::is_same_v<T, bool>) {
    if (!is_boolean()) refuse("true or false");
    return get<bool>();
  } else if constexpr (std::is_integral_v<T>) {
    if (is_number_unsigned() && std::in_range<T>(get<std::uint64_t>())) {
      return static_cast<T>(get<std::uint64_t>());
    }
    if (is_number_integer() && !is_number_unsigned() && std::in_range<T>(get<std::int64_t>())) {
      return static_cast<T>(get<std::int64_t>());
    }
    refuse("a whole number in range");
  } else if constexpr (std::is_same_v<T, double>) {
    return number();
  } else {
    static_assert(std::is_same_v<T, std::string>, "there is no such type in JSON");
    if (!is_string()) refuse("a text");
    return get<std::string>();
  }
}

// These are the limits of a document that people wrote. They allow far more than a question needs,
// and take little memory.
inline constexpr std::size_t kJsonBytesMax = std::size_t{4} << 20;
inline constexpr std::size_t kJsonDepthMax = 256;
inline constexpr std::size_t kJsonValuesMax = 250'000;
inline constexpr std::size_t kJsonFieldsMax = 1'000;  // per object

// Parses a document that people wrote.
//   kInvalidArgument  not JSON, past a limit, or a field twice in one object; the text begins with
//                     line and column, both from 1, the column in bytes
Result<Json> parse_json(std::string_view text);
// Parses one that the library wrote itself, which may be as long as what it holds.
Result<Json> parse_written_json(std::string_view text);

}  // namespace rollcall
