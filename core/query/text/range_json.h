// Reads and writes ranges of dates as JSON: from, to, last.
#pragma once

#include <optional>
#include <string>

#include "core/query/text/date_text.h"
#include "core/query/text/json_reader.h"
#include "core/query/text/query_json.h"
#include "rollcall/dates.h"

namespace rollcall {

FieldReader date_field(std::string_view name, std::optional<DateText>& out);
FieldReader range_end_field(std::string_view name, std::optional<RangeEnd>& out);
FieldReader last_field(std::optional<LastSpan>& out);

// Adds those that are set. `End` is DateText or RangeEnd.
template <class End>
void add_range(const std::optional<End>& from, const std::optional<End>& to,
               const std::optional<LastSpan>& last, JsonFields& fields) {
  if (from) fields.emplace_back("from", quote(to_string(*from)));
  if (to) fields.emplace_back("to", quote(to_string(*to)));
  if (last) fields.emplace_back("last", quote(to_string(*last)));
}

}  // namespace rollcall
