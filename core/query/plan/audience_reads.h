// Says how a plan reads who is in an audience.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "core/catalog/audience_table.h"
#include "core/pages/reads.h"
#include "core/query/resolve/plan_context.h"
#include "rollcall/status.h"

namespace rollcall {

// Returns the audiences of the context, which may be none.
const AudienceTable::Audiences& audiences_of(const PlanContext& context);

// Returns a read of these sets of an audience, ascending. The account of the context pays for it.
std::shared_ptr<const AudienceRead> read_of(const Audience& audience, std::vector<std::size_t> sets,
                                            const PlanContext& context);

}  // namespace rollcall
