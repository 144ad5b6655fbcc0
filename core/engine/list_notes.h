// What to say of lists of users that come back empty.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/catalog/segment_catalog.h"
#include "core/pages/reads.h"
#include "core/partition/partition.h"

namespace rollcall {

// A line for each list that `question` reads and of whose ids the store knows none: where it
// stands, and its first ids, each of them shortened. `pinned` are the partitions, pinned for `all`.
std::vector<std::string> notes_of_lists(const ReadSet& question, const ReadSet& all,
                                        std::span<const PinnedPartition> pinned,
                                        const SegmentCatalog& sets);

}  // namespace rollcall
