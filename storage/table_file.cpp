#include "storage/table_file.h"

#include <rocksdb/env.h>

#include <utility>

#include "storage/posix_file.h"
#include "storage/rocks_status.h"
#include "storage/store_directory.h"

namespace rollcall {

namespace {

rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

}  // namespace

Status remove_table_files(const std::string& directory) {
  for (std::size_t number = 0; number < kTableFilesMax; ++number) {
    ROLLCALL_RETURN_IF_ERROR(remove_file(new_table_path(directory, number)));
  }
  return {};
}

rocksdb::Status TableFile::open(rocksdb::DB& db, bool direct) {
  const rocksdb::Options options = db.GetOptions();
  rocksdb::EnvOptions env(options);
  env.use_direct_writes = direct;
  writer_ = std::make_unique<rocksdb::SstFileWriter>(env, options, db.DefaultColumnFamily(),
                                                     /*invalidate_page_cache=*/false);
  return writer_->Open(path_);
}

TableFile::~TableFile() {
  if (!writer_) return;
  writer_.reset();
  // What cannot be removed now is removed at the next opening.
  (void)remove_file(path_);
}

Result<TableFile> TableFile::create(rocksdb::DB& db, std::size_t number,
                                    const std::string& directory) {
  TableFile file(new_table_path(directory, number), directory);
  // A file of that name may be the second name of a table that is part of the database; it is no
  // error that the name was not removed then. Opening it would empty the table.
  ROLLCALL_RETURN_IF_ERROR(remove_file(file.path_));
  // The file is written past the page cache. On a machine that had to find memory for the cache,
  // half of a checkpoint's time went there, and the pages would push out what others have there.
  // Not every file system can do this.
  rocksdb::Status opened = file.open(db, /*direct=*/true);
  if (!opened.ok()) opened = file.open(db, /*direct=*/false);
  ROLLCALL_RETURN_IF_ERROR(to_status(opened, directory, "make " + file.path_));
  return file;
}

Status TableFile::add(std::string_view key, std::string_view value) {
  if (first_key_.empty()) first_key_ = key;
  last_key_ = key;
  return to_status(writer_->Put(slice(key), slice(value)), *directory_, "write " + path_);
}

Status TableFile::finish() { return to_status(writer_->Finish(), *directory_, "write " + path_); }

Status add_to_database(rocksdb::DB& db, const std::vector<TableFile>& tables,
                       const std::string& directory) {
  std::vector<std::string> paths;
  for (const TableFile& table : tables) paths.push_back(table.path());
  rocksdb::IngestExternalFileOptions options;
  options.move_files = true;
  // A view is never asked for a page of a later commit, so nothing needs to hide these pages from
  // it. If something did, tables that overlap nothing, such as those of the first checkpoint, would
  // get a sequence number, and RocksDB would write them again to take it off.
  options.snapshot_consistency = false;
  // Otherwise a number is written into the finished file, for versions of RocksDB before 5.16.
  options.write_global_seqno = false;
  ROLLCALL_RETURN_IF_ERROR(
      to_status(db.IngestExternalFile(paths, options), directory, "add table files"));
  // RocksDB reads the first and the last key from the file, and looks for a key only between them.
  // If that read fails, it goes on with no keys: the pages would be there, and never be found.
  for (const TableFile& table : tables) {
    for (const std::string& key : {table.first_key(), table.last_key()}) {
      rocksdb::PinnableSlice value;
      ROLLCALL_RETURN_IF_ERROR(
          to_status(db.Get(rocksdb::ReadOptions(), db.DefaultColumnFamily(), key, &value),
                    directory, "find again what was added with " + table.path()));
    }
  }
  return {};
}

}  // namespace rollcall
