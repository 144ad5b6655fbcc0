// Table files are written beside the database and then made part of it. Their contents are thus
// written once, and not first to the log and then to a memtable's table.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/sst_file_writer.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rollcall/status.h"

namespace rollcall {

// At most this many may exist at a time.
inline constexpr std::size_t kTableFilesMax = 4;

// Removes what a crash may have left of table files.
Status remove_table_files(const std::string& directory);

// If it ends before it is part of the database, its file is removed. One thread may use it at a
// time; different threads may use different files.
class TableFile {
 public:
  // Creates file `number`, less than kTableFilesMax, in the store's directory. `directory` must
  // outlive the table file.
  static Result<TableFile> create(rocksdb::DB& db, std::size_t number,
                                  const std::string& directory);

  TableFile(TableFile&&) = default;
  ~TableFile();

  const std::string& path() const { return path_; }
  // Return the first and the last key that was added.
  const std::string& first_key() const { return first_key_; }
  const std::string& last_key() const { return last_key_; }

  // Keys must ascend.
  Status add(std::string_view key, std::string_view value);

  // Returns once all that was added is on disk; at least one key must have been added. Nothing may
  // be added afterwards.
  Status finish();

 private:
  TableFile(std::string path, const std::string& directory)
      : path_(std::move(path)), directory_(&directory) {}
  rocksdb::Status open(rocksdb::DB& db, bool direct);

  std::string path_;
  const std::string* directory_;
  std::string first_key_;
  std::string last_key_;
  std::unique_ptr<rocksdb::SstFileWriter> writer_;  // null: not open, or moved from
};

// Makes finished files part of the database in one step. Returns once that is durable.
Status add_to_database(rocksdb::DB& db, const std::vector<TableFile>& tables,
                       const std::string& directory);

}  // namespace rollcall
