#include "core/source/values/null_words.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace rollcall {
namespace {

// The words are in lower case.
constexpr std::string_view kNullWords[] = {"null", "(null)", "undefined", "nan",
                                           "none", "nil",    "n/a",       "\\n"};
constexpr std::string_view kNullIds[] = {"[object object]", "00000000-0000-0000-0000-000000000000"};

char to_lower(char c) { return 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return to_lower(a) == b; });
}

// Nearly every text can be told by this, because no word begins like it or has its size.
struct Look {
  std::uint64_t sizes = 0;       // bit n: some word has n bytes
  std::uint64_t beginnings = 0;  // bit n: some word begins with a character that ends in these bits
};

constexpr Look look_of(const auto&... lists) {
  Look look;
  const auto add = [&](const auto& list) {
    for (const std::string_view word : list) {
      look.sizes |= std::uint64_t{1} << word.size();
      look.beginnings |= std::uint64_t{1} << (word[0] & 31);
    }
  };
  (add(lists), ...);
  return look;
}

bool may_be(std::string_view text, Look look) {
  return text.size() < 64 && (look.sizes >> text.size() & 1) != 0 &&
         (look.beginnings >> (text[0] & 31) & 1) != 0;
}

bool is_any(std::string_view text, const auto& list) {
  return std::any_of(std::begin(list), std::end(list),
                     [&](std::string_view word) { return is(text, word); });
}

}  // namespace

bool is_null_word(std::string_view text) {
  constexpr Look kLook = look_of(kNullWords);
  return may_be(text, kLook) && is_any(text, kNullWords);
}

bool is_null_id(std::string_view text) {
  constexpr Look kLook = look_of(kNullWords, kNullIds);
  return may_be(text, kLook) && (is_any(text, kNullWords) || is_any(text, kNullIds));
}

}  // namespace rollcall
