// Writes the pages of a commit to the database, each once.
//
// A few pages go into the write batch of the commit record, so that there is one synced write for
// all. More pages go into table files, one for each of the commit's threads, each with a separate
// range of pages. These files are synced and added to the database before the record is written.
// Pages written ahead go into the log, or into table files as well.
//
// Whatever is written before the record comes with a list of its keys, which the record's batch
// removes. Lists found at opening name the pages of a commit that never ended.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <cstdint>
#include <string>

#include "rollcall/store.h"

namespace rollcall {

// Says how much of a commit has been written.
struct PagesWritten {
  std::uint64_t page_count = 0;
  std::uint64_t digest = 0;      // see commit_record.h
  std::uint32_t list_count = 0;  // lists of keys
};

// Writes the pages of a part of a commit. Errors of part.encode are passed on.
Status write_pages_ahead(rocksdb::DB& db, const Commit& part, PagesWritten& written,
                         const std::string& directory);

// Writes commit.pages, which come after those `written` ahead. Adds to `record_batch`, which will
// also hold the commit record, what makes all of them part of the commit.
Status write_pages(rocksdb::DB& db, const Commit& commit, rocksdb::WriteBatch& record_batch,
                   PagesWritten& written, const std::string& directory);

}  // namespace rollcall
