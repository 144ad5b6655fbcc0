// This file says which lists of users come back smaller than they are, or may be damaged.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/catalog/segment_catalog.h"
#include "core/pages/reads.h"
#include "core/partition/partition.h"

namespace rollcall {

// A line for each list that `question` reads and of whose ids the store does not know all: where it
// stands, and how many; where it knows none, its first ids, each of them shortened. Another one for
// each that was compressed without a checksum. `pinned` are the partitions, pinned for `all`.
std::vector<std::string> notes_of_lists(const ReadSet& question, const ReadSet& all,
                                        std::span<const PinnedPartition> pinned,
                                        const SegmentCatalog& sets);

}  // namespace rollcall
