// This reads and writes funnels as JSON: questions of their own, and parts of segments.
#pragma once

#include <array>

#include "core/query/text/query_json.h"
#include "core/query/text/query_names.h"
#include "core/query/text/query_object.h"
#include "rollcall/question.h"
#include "rollcall/status.h"

namespace rollcall {

inline constexpr std::array<Spelling<FunnelQuery::Order>, 3> kFunnelOrderNames = {
    {{"ordered", FunnelQuery::Order::kOrdered},
     {"strict", FunnelQuery::Order::kStrict},
     {"any", FunnelQuery::Order::kAny}}};
inline constexpr std::array<Spelling<FunnelQuery::Ties>, 2> kFunnelTiesNames = {
    {{"allowed", FunnelQuery::Ties::kAllowed},
     {"strictly_increasing", FunnelQuery::Ties::kStrictlyIncreasing}}};

// Reads the fields of `object` into `ask`.
Status parse_funnel(const QueryObject& object, FunnelQuery& ask);
// Writes the fields in force.
JsonFields write_funnel(const FunnelQuery& ask);
// Checks what can be checked without a store. Errors begin with the field.
Status check_funnel(const FunnelQuery& ask);

}  // namespace rollcall
