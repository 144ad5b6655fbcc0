// The last commit of a database, checked against the anchor beside it.
#pragma once

#include <optional>
#include <string>

#include "rollcall/rocks_store.h"
#include "rollcall/status.h"
#include "storage/anchor.h"
#include "storage/commit_record.h"
#include "storage/rocks_database.h"

namespace rollcall {

// Returns the facts of the last commit in the database, unless something is wrong with it; nothing
// where the store was not completely made. `anchor` is what came of opening it.
//   kCorruption  database and anchor are of different stores, the anchor is missing or damaged, or
//                the database lost commits; the last three not with options.accept_rollback
Result<std::optional<CommitFacts>> checked_last_commit(const RocksDatabase& database,
                                                       const Result<Anchor>& anchor,
                                                       Anchor::Access access,
                                                       const RocksStoreOptions& options);

// The error of a store without a commit: a crash ended its making, or it is being made.
Status unfinished_store(const std::string& directory);

// The error of a store that has an anchor, so that it had a database.
Status missing_database(const std::string& directory);

}  // namespace rollcall
