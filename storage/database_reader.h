// Opens the database of a store for reading, while another process may go on writing to it.
#pragma once

#include <memory>
#include <string>

#include "rollcall/rocks_store.h"
#include "rollcall/status.h"
#include "storage/commit_record.h"
#include "storage/rocks_database.h"

namespace rollcall {

struct DatabaseForReading {
  std::shared_ptr<RocksDatabase> database;  // never changes; keeps its files open
  CommitFacts last;
};

// `options` are for reading only. Returns the same errors as open_rocks_store(); a store without a
// commit does not count as one.
Result<DatabaseForReading> open_database_for_reading(const std::string& directory,
                                                     const RocksStoreOptions& options);

}  // namespace rollcall
