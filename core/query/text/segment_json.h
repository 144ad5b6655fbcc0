// Reads and writes segments as JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/query/text/json_reader.h"
#include "core/query/text/query_json.h"
#include "rollcall/question.h"
#include "rollcall/segment.h"
#include "rollcall/status.h"

namespace rollcall {

// Reads an object such as {"did": "purchase", "last": "30d"}, or a string as parse_segment reads
// it. `depth` says how many segments it is nested in.
Status read_segment(const Json& value, const std::string& path, Segment& out, int depth = 0);
// Reads the same text as parse_segment.
Result<Segment> parse_nested_segment(std::string_view text, int depth);
// Reads the funnel of a segment, an object such as {"steps": ["visit", "order"]}.
Status read_segment_funnel(const Json& value, const std::string& path, int depth, Query& out);
// Reads the comparison of a segment, an object as kComparisonsAllowed has it.
Status read_segment_comparison(const Json& value, const std::string& path, int depth, Query& out);
inline constexpr std::string_view kComparisonsAllowed =
    "a comparison such as {\"exposure\": \"assign\", \"variant\": \"group\", \"metric\": "
    "{\"window\": [1, 7]}}";

std::string segment_json(const Segment& segment);
// Returns the fields in force of the funnel of a segment.
JsonFields segment_funnel_fields(const Query& funnel);
JsonFields segment_comparison_fields(const Query& comparison);

// Read and write a test of a number of events, such as {"gte": 3}.
FieldReader times_field(std::string_view name, std::optional<Segment::TimesTest>& out);
std::string times_json(const Segment::TimesTest& test);

}  // namespace rollcall
