// Reads and writes segments as JSON.
#pragma once

#include <string>

#include "core/query/text/json_reader.h"
#include "rollcall/segment.h"

namespace rollcall {

// Reads an object such as {"did": "purchase", "last": "30d"}, or a string as parse_segment reads
// it.
Status read_segment(const Json& value, const std::string& path, Segment& out);

std::string segment_json(const Segment& segment);

}  // namespace rollcall
