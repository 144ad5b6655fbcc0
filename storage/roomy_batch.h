// RocksDB's write batches end the process if they run out of memory in the middle of an entry: a
// guard within them asserts that the entry is complete. These functions take the memory beforehand,
// where its want is a std::bad_alloc like any other, and leaves the batch as it was.
#pragma once

#include <rocksdb/status.h>
#include <rocksdb/write_batch.h>

#include <string_view>

namespace rollcall {

rocksdb::Status put_entry(rocksdb::WriteBatch& batch, std::string_view key, std::string_view value);
rocksdb::Status delete_entry(rocksdb::WriteBatch& batch, std::string_view key);

}  // namespace rollcall
