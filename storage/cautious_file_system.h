// In this file system for RocksDB, nothing is removed once a MANIFEST could not be written. If a
// database cannot be opened, it leaves nothing that was not there before.
//
// After a failed write or sync it is unknown whether the MANIFEST on disk names the tables that
// were to be added. RocksDB 7 assumes that it does not, and removes them; if it does, the database
// can never be opened again. Tables that are not needed are removed at the next opening.
#pragma once

#include <rocksdb/file_system.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "core/base/mutex.h"

namespace rollcall {

// Any thread may call any method.
class CautiousFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  CautiousFileSystem();

  const char* Name() const override { return "CautiousFileSystem"; }

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;

  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;

  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;

  // Is for a database that could not be opened. It removes the files that were created since,
  // unless one of them is a MANIFEST that is already in force.
  void remove_new_files();
  // Is for a database that was opened, and keeps them.
  void keep_new_files();

 private:
  Mutex mutex_;
  // Lists files that no MANIFEST in force names.
  std::vector<std::string> new_files_ ROLLCALL_GUARDED_BY(mutex_);
  bool opening_ ROLLCALL_GUARDED_BY(mutex_) = true;
  const std::shared_ptr<std::atomic<bool>> manifest_failed_;
};

}  // namespace rollcall
