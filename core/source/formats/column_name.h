// Compares names of columns, where a name tells the role of the column: in lower case, without '_',
// '-' and blanks.
#pragma once

#include <string>
#include <string_view>

namespace rollcall {

inline bool is_left_out_of_names(char c) { return c == '_' || c == '-' || c == ' '; }

inline char lower_case(char c) {
  return 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

inline std::string normalized_name(std::string_view column) {
  std::string name;
  for (const char c : column) {
    if (!is_left_out_of_names(c)) name += lower_case(c);
  }
  return name;
}

// Returns whether normalized_name of the column is `name`.
inline bool is_named(std::string_view column, std::string_view name) {
  for (const char c : column) {
    if (is_left_out_of_names(c)) continue;
    if (name.empty() || lower_case(c) != name.front()) return false;
    name.remove_prefix(1);
  }
  return name.empty();
}

}  // namespace rollcall
