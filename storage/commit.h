// This header writes commits to the database, and deals with one that was left unfinished.
//
// Pages go first (page_writer.h). Then one synced batch writes the commit record and removes the
// superseded pages. A record found after a crash therefore implies its pages, and pages found
// without their record are those of a commit that never ended.
#pragma once

#include <rocksdb/db.h>

#include <optional>
#include <string>
#include <vector>

#include "rollcall/store.h"
#include "storage/commit_record.h"
#include "storage/page_writer.h"

namespace rollcall {

// Writes the record of first_facts(store_id), which says to which store a new database belongs.
Status write_first_record(rocksdb::DB& db, const StoreId& store_id, const std::string& directory);

// Writes the commit record again, unchanged, if nothing was ever written to the database except
// tables that were added to it, as in a copy. RocksDB 7.8 drops keys without a sequence number when
// it compacts while there is a snapshot of number 0
// (https://github.com/facebook/rocksdb/pull/13155), so no snapshot may be taken before this.
Status begin_sequence(rocksdb::DB& db, const std::string& directory);

// Writes `commit`, which follows the commit of `previous`, and returns its facts. Some of its pages
// may have been `written` ahead. After an error the commit is in the database as a whole or not at
// all, but it is unknown which: `db` must not be written to any more. Errors of commit.encode are
// passed on.
Result<CommitFacts> write_commit(rocksdb::DB& db, const Commit& commit, PagesWritten written,
                                 const CommitFacts& previous, const std::string& directory);

// Returns the last commit's record, or nullopt if the database has none, not even one of epoch 0.
//   kCorruption  the record is damaged
Result<std::optional<CommitRecord>> read_commit_record(rocksdb::DB& db,
                                                       const rocksdb::ReadOptions& read_options,
                                                       const std::string& directory);

// Returns the keys that an unfinished commit after the one of `last_epoch` has left: its pages, and
// their list.
//   kCorruption  the list is damaged
Result<std::vector<std::string>> find_unfinished_commit(rocksdb::DB& db, Epoch last_epoch,
                                                        const std::string& directory);

// Removes them. Nobody can reach them, but they would take space for ever. Returns the same errors,
// and then removes nothing.
Status remove_unfinished_commit(rocksdb::DB& db, Epoch last_epoch, const std::string& directory);

}  // namespace rollcall
