// This header merges several prepared batches into one.
#pragma once

#include <memory>
#include <vector>

#include "core/batch/prepared_batch.h"

namespace rollcall {

// Joins the batches, of which there is at least one, one after the other. Their rows stay where
// they are; only names, series and pairs are numbered anew.
//   kInvalidArgument  they were prepared for different settings, or have 2^32 rows or more together
Result<std::unique_ptr<PreparedRows>> merge_prepared(
    std::vector<std::unique_ptr<PreparedRows>> batches);

}  // namespace rollcall
