// This is the native file format: batches of events as columns, which can be read at memory speed.
//
// A file is a sequence of independent blocks. It may be cut between blocks, and files may be joined
// with `cat`. `docs/native_format.md` describes the bytes.
#pragma once

#include <cstdint>
#include <string>

#include "rollcall/event.h"
#include "rollcall/status.h"

namespace rollcall {

// Appends `batch` to `out` as one block. `value_decimals` says what its amounts are multiples of:
// 10^-value_decimals.
//   kInvalidArgument  columns of different lengths, a code outside its dictionary, or a batch that
//                     would need more than 1 GiB. In that case `out` is unchanged
Status append_native_block(const EventBatch& batch, std::uint32_t value_decimals, std::string& out);

}  // namespace rollcall
