// The fields of a query, as JSON.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rollcall/question.h"

namespace rollcall {

// Field names and their values as JSON text, in the order in which they are written.
using JsonFields = std::vector<std::pair<std::string, std::string>>;

// The fields in force that belong to the kind, and `where` when there are conditions.
JsonFields fields_of(const Query& query);

// `text` as a JSON string; bytes that are not UTF-8 are replaced.
std::string quote(std::string_view text);

// {"a": 1, "b": 2}
std::string to_object(const JsonFields& fields);

}  // namespace rollcall
