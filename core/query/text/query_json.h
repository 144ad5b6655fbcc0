// Writes the fields of a query as JSON.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/query/text/query_names.h"
#include "rollcall/question.h"

namespace rollcall {

// Holds field names and their values as JSON text, in the order in which they are written.
using JsonFields = std::vector<std::pair<std::string, std::string>>;

// Adds the fields of `common` that are in force, except its dates. `of_breakdown` are those that
// the kind adds if there is a breakdown.
void add_common(const QueryCommon& common, JsonFields of_breakdown, JsonFields& fields);
// Adds its dates: from, to, last and as_of.
void add_dates(const QueryCommon& common, JsonFields& fields);

// Returns `text` as a JSON string; bytes that are not UTF-8 are replaced.
std::string quote(std::string_view text);

// Returns the text that `read_as_of` reads.
std::string as_of_text(const AsOf& as_of);

// Writes {"a": 1, "b": 2}.
std::string to_object(const JsonFields& fields);

// Writes [1, 2].
std::string integer_list(const std::vector<std::int32_t>& numbers);

// Returns the name of `value` as a JSON string.
template <class T, std::size_t n>
std::string word(const std::array<Spelling<T>, n>& spellings, T value) {
  return quote(name_of(spellings, value));
}

}  // namespace rollcall
