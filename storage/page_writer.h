// How the pages of a commit get into the database, each written once.
//
// Few pages go into the write batch of the commit record: one synced write for all. More go into
// table files, one for each of the commit's threads, each with pages of a range of its own. They
// are synced and added to the database before the record is written. Pages written ahead go into
// the log, or into table files as well.
//
// Whatever is written before the record comes with a list of its keys, removed with the record's
// batch: lists found at opening name the pages of a commit that never ended.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <cstdint>
#include <string>

#include "rollcall/store.h"

namespace rollcall {

// What of a commit has been written.
struct PagesWritten {
  std::uint64_t page_count = 0;
  std::uint64_t digest = 0;      // commit_record.h
  std::uint32_t list_count = 0;  // of keys
};

// Writes the pages of a part of a commit. Errors of part.encode are passed on.
Status write_pages_ahead(rocksdb::DB& db, const Commit& part, PagesWritten& written,
                         const std::string& directory);

// Writes commit.pages, which come after those `written` ahead, and adds to `record_batch`, which is
// to hold the commit record as well, what makes all of them part of the commit.
Status write_pages(rocksdb::DB& db, const Commit& commit, rocksdb::WriteBatch& record_batch,
                   PagesWritten& written, const std::string& directory);

}  // namespace rollcall
