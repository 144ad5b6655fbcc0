// Checks the last commit of a database against the anchor beside it.
#pragma once

#include <optional>
#include <string>

#include "rollcall/rocks_store.h"
#include "rollcall/status.h"
#include "storage/anchor.h"
#include "storage/commit_record.h"
#include "storage/rocks_database.h"

namespace rollcall {

// Returns the facts of the last commit in the database, unless something is wrong with it, or
// nullopt if the store was never finished. `anchor` is the result of opening it.
//   kCorruption  database and anchor are of different stores, the anchor is missing or damaged, or
//                the database lost commits; the last three not with options.accept_rollback
Result<std::optional<CommitFacts>> checked_last_commit(const RocksDatabase& database,
                                                       const Result<Anchor>& anchor,
                                                       Anchor::Access access,
                                                       const RocksStoreOptions& options);

// Returns the error of a store without a commit: a crash cut its making short, or it is being made.
Status unfinished_store(const std::string& directory);

// Returns the error of a store that has an anchor, and must therefore have had a database.
Status missing_database(const std::string& directory);

}  // namespace rollcall
