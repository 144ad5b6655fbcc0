// The native file format: batches of events as columns, to be read at memory speed.
//
// A file is a sequence of blocks that know nothing of each other: files may be cut between blocks,
// and joined with `cat`. `docs/native_format.md` describes the bytes.
#pragma once

#include <cstdint>
#include <string>

#include "rollcall/event.h"
#include "rollcall/status.h"

namespace rollcall {

// Appends `batch` to `out` as one block. `value_decimals` says what its amounts are multiples of:
// 10^-value_decimals.
//   kInvalidArgument  columns of different lengths, a code outside its dictionary, or a batch that
//                     would need more than 1 GiB. Then `out` is as it was
Status append_native_block(const EventBatch& batch, std::uint32_t value_decimals, std::string& out);

}  // namespace rollcall
