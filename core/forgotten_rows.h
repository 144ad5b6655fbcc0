// Takes the rows of forgotten users out of a prepared batch.
#pragma once

#include "core/forgotten_users.h"
#include "core/prepared_batch.h"
#include "core/workers.h"

namespace rollcall {

// Leaves the batch as it would have been prepared without them, but for names that nothing else
// uses. Works on the blocks in parallel.
void drop_forgotten_rows(PreparedRows& rows, const ForgottenUsers& forgotten, Workers& workers);

}  // namespace rollcall
