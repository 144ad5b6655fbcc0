// Is a JSON value in memory. Unlike the values of the library that parses the text, it is destroyed
// without allocating memory, so that running out of memory there does not end the process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace rollcall {

class Json {
 public:
  struct Fraction {  // a number that is not whole, or too large for 64 bits
    std::string text;
  };
  using Array = std::vector<Json>;
  using Object = std::vector<std::pair<std::string, Json>>;  // in the order of the text

  Json() = default;  // null
  template <class T>
  explicit Json(T value) : value_(std::move(value)) {}

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

  // Returns the value as JSON, cut short once it has more than `bytes_max` bytes.
  std::string text(std::size_t bytes_max) const;

 private:
  void append_to(std::string& text, std::size_t bytes_max) const;

  std::variant<std::monostate, bool, std::int64_t, std::uint64_t, Fraction, std::string, Array,
               Object>
      value_;
};

}  // namespace rollcall
