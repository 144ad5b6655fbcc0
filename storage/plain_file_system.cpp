#include "storage/plain_file_system.h"

#include "rollcall/standard_descriptors.h"
#include "storage/posix_file.h"

namespace rollcall {

namespace {

using rocksdb::IOStatus;

IOStatus to_io_status(const Status& status) {
  return status.ok() ? IOStatus::OK() : IOStatus::IOError(status.message());
}

// Is called before a file is opened that may exist. A missing file is for RocksDB to report. A file
// that is opened to be written may have another name: it may be a table that is added, to be synced
// (table_file.h).
IOStatus prepare_to_open(const std::string& path) {
  Status status = open_standard_descriptors();
  if (status.ok()) status = check_regular_file(path, FileUse::kRead);
  return to_io_status(status);
}

// Is called before a file is made.
IOStatus prepare_to_make(const std::string& path) {
  Status status = open_standard_descriptors();
  if (status.ok()) status = remove_file(path);
  return to_io_status(status);
}

}  // namespace

PlainFileSystem::PlainFileSystem() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}

IOStatus PlainFileSystem::NewSequentialFile(const std::string& path,
                                            const rocksdb::FileOptions& options,
                                            std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                            rocksdb::IODebugContext* debug) {
  const IOStatus prepared = prepare_to_open(path);
  if (!prepared.ok()) return prepared;
  return FileSystemWrapper::NewSequentialFile(path, options, file, debug);
}

IOStatus PlainFileSystem::NewRandomAccessFile(const std::string& path,
                                              const rocksdb::FileOptions& options,
                                              std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                              rocksdb::IODebugContext* debug) {
  const IOStatus prepared = prepare_to_open(path);
  if (!prepared.ok()) return prepared;
  return FileSystemWrapper::NewRandomAccessFile(path, options, file, debug);
}

IOStatus PlainFileSystem::NewWritableFile(const std::string& path,
                                          const rocksdb::FileOptions& options,
                                          std::unique_ptr<rocksdb::FSWritableFile>* file,
                                          rocksdb::IODebugContext* debug) {
  const IOStatus prepared = prepare_to_make(path);
  if (!prepared.ok()) return prepared;
  return FileSystemWrapper::NewWritableFile(path, options, file, debug);
}

IOStatus PlainFileSystem::ReopenWritableFile(const std::string& path,
                                             const rocksdb::FileOptions& options,
                                             std::unique_ptr<rocksdb::FSWritableFile>* file,
                                             rocksdb::IODebugContext* debug) {
  const IOStatus prepared = prepare_to_open(path);
  if (!prepared.ok()) return prepared;
  return FileSystemWrapper::ReopenWritableFile(path, options, file, debug);
}

IOStatus PlainFileSystem::ReuseWritableFile(const std::string& path, const std::string& old_path,
                                            const rocksdb::FileOptions& options,
                                            std::unique_ptr<rocksdb::FSWritableFile>* file,
                                            rocksdb::IODebugContext* debug) {
  const IOStatus prepared = prepare_to_open(old_path);
  if (!prepared.ok()) return prepared;
  return FileSystemWrapper::ReuseWritableFile(path, old_path, options, file, debug);
}

IOStatus PlainFileSystem::NewRandomRWFile(const std::string& path,
                                          const rocksdb::FileOptions& options,
                                          std::unique_ptr<rocksdb::FSRandomRWFile>* file,
                                          rocksdb::IODebugContext* debug) {
  const IOStatus prepared = prepare_to_open(path);
  if (!prepared.ok()) return prepared;
  return FileSystemWrapper::NewRandomRWFile(path, options, file, debug);
}

IOStatus PlainFileSystem::NewDirectory(const std::string& path, const rocksdb::IOOptions& options,
                                       std::unique_ptr<rocksdb::FSDirectory>* directory,
                                       rocksdb::IODebugContext* debug) {
  const IOStatus prepared = to_io_status(open_standard_descriptors());
  if (!prepared.ok()) return prepared;
  return FileSystemWrapper::NewDirectory(path, options, directory, debug);
}

IOStatus PlainFileSystem::LockFile(const std::string& path, const rocksdb::IOOptions& options,
                                   rocksdb::FileLock** lock, rocksdb::IODebugContext* debug) {
  const IOStatus prepared = prepare_to_open(path);
  if (!prepared.ok()) return prepared;
  return FileSystemWrapper::LockFile(path, options, lock, debug);
}

}  // namespace rollcall
