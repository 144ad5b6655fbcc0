// Words that programs write where they have nothing to write.
//
// Every such word is in this file. Letters match in either case.
#pragma once

#include <string_view>

namespace rollcall {

// null, (null), undefined, nan, none, nil, n/a, \N: nothing, whatever it stands for.
bool is_null_word(std::string_view text);

// Whether a user id names nobody, as far as it can be told: a null word, [object Object], or the
// UUID of zeros. 0 is not one: many begin to count there.
bool is_null_id(std::string_view text);

}  // namespace rollcall
