// These are words that programs write for an absent value. Every such word is in this file. Letters
// match in either case.
#pragma once

#include <string_view>

namespace rollcall {

// Returns whether the text means nothing at all: null, (null), undefined, nan, none, nil, n/a, \N.
bool is_null_word(std::string_view text);

// Returns whether a user id probably names nobody: a null word, [object Object], or the UUID of
// zeros. 0 is not among them, as many systems count from there.
bool is_null_id(std::string_view text);

}  // namespace rollcall
