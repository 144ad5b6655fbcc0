// How the pages of a commit get into the database, each written once.
//
// Few pages go into the write batch of the commit record: one synced write for all. More go into
// table files, one for each of the commit's threads, each with pages of a range of its own. They
// are synced and added to the database before the record is written. A list of their keys comes
// with them, removed with the record's batch: lists found at opening name the pages of a commit
// that never ended.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <cstdint>
#include <string>

#include "rollcall/store.h"

namespace rollcall {

// Writes commit.pages, and adds to `record_batch`, which is to hold the commit record as well, what
// makes them part of the commit. Returns their digest (commit_record.h). Errors of commit.encode
// are passed on.
Result<std::uint64_t> write_pages(rocksdb::DB& db, const Commit& commit,
                                  rocksdb::WriteBatch& record_batch, const std::string& directory);

}  // namespace rollcall
