// These are the options of RocksDB, with the reasons.
#pragma once

#include <rocksdb/cache.h>
#include <rocksdb/options.h>
#include <rocksdb/write_buffer_manager.h>

#include <cstddef>
#include <memory>

#include "rollcall/rocks_store.h"

namespace rollcall {

// All write buffers of a database together take at most this much.
inline constexpr std::size_t kWriteBufferBytesMax = std::size_t{96} << 20;

std::shared_ptr<rocksdb::Cache> make_block_cache(std::size_t bytes);
std::shared_ptr<rocksdb::WriteBufferManager> make_write_buffers();

// Returns the options except create_if_missing, which the caller decides.
rocksdb::Options rocks_options(const RocksStoreOptions& options,
                               std::shared_ptr<rocksdb::Cache> cache,
                               std::shared_ptr<rocksdb::WriteBufferManager> write_buffers);

}  // namespace rollcall
