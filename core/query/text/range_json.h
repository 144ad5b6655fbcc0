// Reads and writes ranges of dates as JSON: from, to, last.
#pragma once

#include <optional>
#include <string>

#include "core/query/text/json_reader.h"
#include "core/query/text/query_json.h"
#include "rollcall/dates.h"

namespace rollcall {

FieldReader date_field(std::string_view name, std::optional<DateText>& out);
FieldReader last_field(std::optional<LastSpan>& out);

// Adds those that are set.
void add_range(const std::optional<DateText>& from, const std::optional<DateText>& to,
               const std::optional<LastSpan>& last, JsonFields& fields);

}  // namespace rollcall
