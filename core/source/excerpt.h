// Bytes of a source, made fit for a message.
#pragma once

#include <string>
#include <string_view>

namespace rollcall {

// `text` in double quotes, as JSON would write it, cut after 64 bytes; bytes that are not UTF-8
// become \xNN.
std::string quoted_excerpt(std::string_view text);

}  // namespace rollcall
