// This header recognises files of events in unsupported formats by their first bytes.
#pragma once

#include <string>
#include <string_view>

namespace rollcall {

// Returns, as in an error, what a content that begins with `head` is and how to make a readable
// file of it: "a Parquet file (allowed: ...)". The text is empty if it is no such format.
std::string foreign_format(std::string_view head);

// Returns what a content that begins with `head` is, such as "a Parquet file", if it is one of
// these formats and no text: it has a NUL. The text is empty if it is not.
std::string_view foreign_binary(std::string_view head);

}  // namespace rollcall
