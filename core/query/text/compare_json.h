// The question of how variants fare as JSON, by itself and within segments.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "core/query/text/query_json.h"
#include "core/query/text/query_object.h"
#include "rollcall/question.h"
#include "rollcall/status.h"

namespace rollcall {

inline constexpr std::int32_t kCompareSplitsMax = 100'000;
inline constexpr std::int32_t kCompareSeedMax = std::numeric_limits<std::int32_t>::max();

// These fields do not go with variants that are segments.
inline constexpr std::string_view kVariantFields[] = {"exposure", "variant", "values"};

// Reads the fields of `object` into `ask`.
Status parse_compare(const QueryObject& object, CompareQuery& ask);
// Writes the fields in force.
JsonFields write_compare(const CompareQuery& ask);
// Checks what can be checked without a store. Errors begin with the field.
Status check_compare(const CompareQuery& ask);

// Returns the variants that the question names, in the order of rows, or none if it names none.
std::vector<std::string> named_variants(const CompareQuery& ask);

}  // namespace rollcall
