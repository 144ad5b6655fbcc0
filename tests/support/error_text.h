// Errors repeat what they are about: a path, a number, a name. Their own words are no contract:
// tests compare codes, kinds and hints, or whole texts, and nothing looks for words in a text.
#pragma once

#include <string_view>

#include "rollcall/status.h"

namespace rollcall {

// Returns whether `text` repeats `datum`, which the test gave or what it calls reported.
inline bool repeats(std::string_view text, std::string_view datum) {
  return text.find(datum) != std::string_view::npos;
}

inline bool repeats(const Status& status, std::string_view datum) {
  return repeats(status.message(), datum);
}

}  // namespace rollcall
