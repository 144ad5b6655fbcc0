// How RocksDB is set up, and why.
#pragma once

#include <rocksdb/options.h>

#include "rollcall/rocks_store.h"

namespace rollcall {

// Without create_if_missing, which the caller decides.
rocksdb::Options rocks_options(const RocksStoreOptions& options);

}  // namespace rollcall
