// Files of events in formats that are not read, told by their first bytes.
#pragma once

#include <string>
#include <string_view>

namespace rollcall {

// Returns what a content that begins with `head` is and how to make a readable file of it, as an
// error says it: "a Parquet file (allowed: ...)". Empty: it is no such format.
std::string foreign_format(std::string_view head);

}  // namespace rollcall
