// Reads sets of numbers in the portable formats of Roaring, of 64 bits and of 32. Every byte is
// checked, since the bytes may come from anywhere.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "rollcall/status.h"

namespace rollcall {

// Says whether the bytes are meant as a set, damaged or not. Text never is: it has no NULs there.
bool is_roaring(std::string_view bytes);

// Calls `take` with each number of the set, in rising order, until it returns an error. `name`
// begins the errors. A few bytes may stand for many numbers, so `take` has to bound them.
//   kInvalidArgument  the bytes are damaged, and the text says where
// and the errors of `take`.
Status read_roaring(const std::string& name, std::string_view bytes,
                    const std::function<Status(std::uint64_t)>& take);

}  // namespace rollcall
