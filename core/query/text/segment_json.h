// Reads and writes segments as JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/query/text/json_reader.h"
#include "rollcall/segment.h"

namespace rollcall {

// Reads an object such as {"did": "purchase", "last": "30d"}, or a string as parse_segment reads
// it.
Status read_segment(const Json& value, const std::string& path, Segment& out);

std::string segment_json(const Segment& segment);

// Read and write a test of a number of events, such as {"gte": 3}.
FieldReader times_field(std::string_view name, std::optional<Segment::TimesTest>& out);
std::string times_json(const Segment::TimesTest& test);

}  // namespace rollcall
