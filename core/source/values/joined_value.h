// Builds values of dimensions that join columns, such as "ads+web" of the parts "ads" and "web".
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace rollcall {

// '+' and '\' within a part are written "\+" and "\\", so that different parts never join alike.
class JoinedValue {
 public:
  void clear() {
    text_.clear();
    part_count_ = 0;
  }

  void add(std::string_view part) {
    if (part_count_++ > 0) text_ += '+';
    for (const char c : part) {
      if (is_escaped(c)) text_ += '\\';
      text_ += c;
    }
  }

  const std::string& text() const { return text_; }

  // Returns the bytes that a part takes, without the '+' between it and the next.
  static std::size_t size_of(std::string_view part) {
    return part.size() +
           static_cast<std::size_t>(std::count_if(part.begin(), part.end(), is_escaped));
  }

 private:
  static bool is_escaped(char c) { return c == '+' || c == '\\'; }

  std::string text_;
  std::size_t part_count_ = 0;
};

}  // namespace rollcall
