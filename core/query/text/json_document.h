// Parses JSON text that people wrote: each error has a line and column, and no field may occur
// twice.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/query/text/json_value.h"
#include "rollcall/status.h"

namespace rollcall {

// These are the limits of a document. They allow far more than a question needs, and take little
// memory.
inline constexpr std::size_t kJsonBytesMax = std::size_t{4} << 20;
inline constexpr std::size_t kJsonDepthMax = 256;
inline constexpr std::size_t kJsonValuesMax = 250'000;
inline constexpr std::size_t kJsonFieldsMax = 1'000;  // per object

// Parses a document.
//   kInvalidArgument  not JSON, past a limit, or a field twice in one object; the text begins with
//                     line and column, both from 1, the column in bytes
Result<Json> parse_json(std::string_view text);

}  // namespace rollcall
