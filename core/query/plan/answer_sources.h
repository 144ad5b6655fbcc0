// Says what the numbers of a plan come from: the aggregates, the history, or both.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/pages/reads.h"

namespace rollcall {

// Returns "aggregates", "history" or "both", as definitions have it.
std::string_view answered_from(const ReadSet& reads);

// Says the same with the reasons: "the history, as windows are elapsed time", one text for each,
// and then, if they are read, "the aggregates, as they keep the users of every day".
std::vector<std::string> sources_of(const ReadSet& reads);

}  // namespace rollcall
