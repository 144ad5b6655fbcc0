// Converts RocksDB's errors to ours.
#pragma once

#include <rocksdb/status.h>

#include <string>
#include <string_view>

#include "rollcall/status.h"

namespace rollcall {

// Returns ok for ok, and otherwise "DIR/rocksdb: cannot ACTION: " and RocksDB's words, as
// kCorruption if it found damage, and as kIoError if not.
Status to_status(const rocksdb::Status& status, const std::string& directory,
                 std::string_view action);

}  // namespace rollcall
