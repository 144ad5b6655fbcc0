// This header takes the rows of forgotten users out of a prepared batch.
#pragma once

#include "core/base/workers.h"
#include "core/batch/prepared_batch.h"
#include "core/users/forgotten_users.h"

namespace rollcall {

// Leaves the batch as it would have been prepared without them, except for names that nothing else
// uses. Works on the blocks in parallel.
void drop_forgotten_rows(PreparedRows& rows, const ForgottenUsers& forgotten, Workers& workers);

}  // namespace rollcall
