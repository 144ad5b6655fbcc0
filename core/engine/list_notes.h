// These notes tell the reader which lists of users have ids that the store does not know, or may be
// damaged.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/catalog/segment_catalog.h"
#include "core/pages/reads.h"
#include "core/partition/partition.h"

namespace rollcall {

// Returns a line for each list that `question` reads if the store does not know all its ids. The
// line says where the list stands, and how many ids it knows; if it knows none, it shows the first
// ids, each of them shortened. Returns another line for each list that was compressed without a
// checksum. `pinned` are the partitions, pinned for `all`.
std::vector<std::string> notes_of_lists(const ReadSet& question, const ReadSet& all,
                                        std::span<const PinnedPartition> pinned,
                                        const SegmentCatalog& sets);

}  // namespace rollcall
