// These notes tell the reader which values of properties a question names though no event has them.
// Such a question is answered, as the values may come, but it is most likely a slip.
#pragma once

#include <string>
#include <vector>

#include "core/catalog/segment_catalog.h"
#include "core/catalog/series_catalog.h"
#include "rollcall/query.h"

namespace rollcall {

// Returns a line for each value that a condition of the whole question, or of its segments, asks
// for and that no event has. Only values of declared properties are known.
std::vector<std::string> notes_of_values(const Query& query, const SegmentCatalog& sets,
                                         const SeriesCatalog& catalog);

}  // namespace rollcall
