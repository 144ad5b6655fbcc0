// This header has the functions that read and write questions as text. It includes all that
// questions and answers need.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rollcall/answer.h"
#include "rollcall/dates.h"
#include "rollcall/question.h"
#include "rollcall/segment.h"
#include "rollcall/status.h"

namespace rollcall {

// Reads one JSON object. Dates and instants without an offset are kept as written and read in the
// store's time zone when the query runs.
//   kInvalidArgument  malformed JSON (with line and column), or a field, value or kind that is not
//                     allowed there; the text names it, what is allowed, and the nearest name
Result<Query> parse_query(std::string_view json, std::string_view time_zone = "UTC");
// Reads a JSON array of at most 1,000 such objects, or a single object.
Result<std::vector<Query>> parse_queries(std::string_view json, std::string_view time_zone = "UTC");

// Read a segment (a text of `parse_segment`, or an object) and an instant or a date from JSON, as
// questions have them. They are for JSON that has either in a field of its own, `field`, with which
// errors begin.
//   kInvalidArgument  as parse_query
Result<Segment> parse_segment_json(std::string_view json, std::string_view field);
Result<AsOf> parse_as_of_json(std::string_view json, std::string_view field,
                              std::string_view time_zone = "UTC");

// Writes a query as the JSON object that `parse_query` reads, with every field in force.
std::string to_json(const Query& query);

}  // namespace rollcall
