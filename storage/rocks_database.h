// This is the RocksDB database of a store, from opening to closing.
#pragma once

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/write_buffer_manager.h>

#include <memory>
#include <optional>
#include <string>

#include "rollcall/rocks_store.h"
#include "rollcall/status.h"
#include "storage/store_lock.h"

namespace rollcall {

// Holders of snapshots share it, so that the database is closed after all of them.
struct RocksDatabase {
  std::string directory;  // of the store
  std::optional<StoreLock>
      lock;  // a writer's; declared before the database, to be released after it
  std::unique_ptr<rocksdb::Env> env;  // of the database
  std::shared_ptr<rocksdb::Cache> cache;
  std::shared_ptr<rocksdb::WriteBufferManager> write_buffers;
  std::unique_ptr<rocksdb::DB> db;
};

// Opens the database, or creates it. The caller adds the lock.
Result<std::shared_ptr<RocksDatabase>> open_rocks_database(const std::string& directory,
                                                           const RocksStoreOptions& options,
                                                           bool create);

// Returns a text that changes whenever the set of files of the database does: the name and the size
// of the file in which RocksDB notes each change of the set.
//   kNotFound  there is no database
Result<std::string> rocks_database_version(const std::string& directory);

// Keeps the cache, of at most `cache_bytes_max`, and the write buffers together within `bytes_max`,
// or within what they need at least. Returns how much they may really use.
std::size_t limit_memory(const RocksDatabase& database, std::size_t bytes_max,
                         std::size_t cache_bytes_max);

// Rewrites the database's files so that what was removed from it is in none of them, except what
// a snapshot still shows.
Status compact_rocks_database(rocksdb::DB& db, const std::string& directory);

}  // namespace rollcall
