#include "storage/cautious_file_system.h"

#include <filesystem>
#include <utility>

#include "core/base/mutex.h"
#include "storage/plain_file_system.h"

namespace rollcall {

namespace {

class ManifestFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  ManifestFile(std::unique_ptr<rocksdb::FSWritableFile> file,
               std::shared_ptr<std::atomic<bool>> failed)
      : FSWritableFileOwnerWrapper(std::move(file)), failed_(std::move(failed)) {}

  rocksdb::IOStatus Append(const rocksdb::Slice& bytes, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) override {
    return noted(FSWritableFileOwnerWrapper::Append(bytes, options, debug));
  }
  rocksdb::IOStatus Append(const rocksdb::Slice& bytes, const rocksdb::IOOptions& options,
                           const rocksdb::DataVerificationInfo& verification,
                           rocksdb::IODebugContext* debug) override {
    return noted(FSWritableFileOwnerWrapper::Append(bytes, options, verification, debug));
  }
  rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                         rocksdb::IODebugContext* debug) override {
    return noted(FSWritableFileOwnerWrapper::Sync(options, debug));
  }
  rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                          rocksdb::IODebugContext* debug) override {
    return noted(FSWritableFileOwnerWrapper::Fsync(options, debug));
  }

 private:
  rocksdb::IOStatus noted(rocksdb::IOStatus status) {
    if (!status.ok()) *failed_ = true;
    return status;
  }

  const std::shared_ptr<std::atomic<bool>> failed_;
};

}  // namespace

CautiousFileSystem::CautiousFileSystem()
    : FileSystemWrapper(std::make_shared<PlainFileSystem>()),
      manifest_failed_(std::make_shared<std::atomic<bool>>(false)) {}

rocksdb::IOStatus CautiousFileSystem::NewWritableFile(
    const std::string& path, const rocksdb::FileOptions& options,
    std::unique_ptr<rocksdb::FSWritableFile>* file, rocksdb::IODebugContext* debug) {
  rocksdb::IOStatus status = FileSystemWrapper::NewWritableFile(path, options, file, debug);
  const std::string name = std::filesystem::path(path).filename().string();
  if (const MutexLock lock(mutex_); status.ok() && opening_) new_files_.push_back(path);
  if (status.ok() && name.starts_with("MANIFEST-")) {
    *file = std::make_unique<ManifestFile>(std::move(*file), manifest_failed_);
  }
  return status;
}

rocksdb::IOStatus CautiousFileSystem::DeleteFile(const std::string& path,
                                                 const rocksdb::IOOptions& options,
                                                 rocksdb::IODebugContext* debug) {
  if (*manifest_failed_) return rocksdb::IOStatus::OK();
  return FileSystemWrapper::DeleteFile(path, options, debug);
}

rocksdb::IOStatus CautiousFileSystem::RenameFile(const std::string& from, const std::string& to,
                                                 const rocksdb::IOOptions& options,
                                                 rocksdb::IODebugContext* debug) {
  // This is so whether or not it succeeds, because a new MANIFEST may be in force from here on.
  if (std::filesystem::path(to).filename() == "CURRENT") keep_new_files();
  return FileSystemWrapper::RenameFile(from, to, options, debug);
}

void CautiousFileSystem::remove_new_files() {
  const MutexLock lock(mutex_);
  if (*manifest_failed_) return;
  for (const std::string& path : new_files_) {
    std::error_code ignored;  // what is left is removed at the next opening that succeeds
    std::filesystem::remove(path, ignored);
  }
  new_files_.clear();
}

void CautiousFileSystem::keep_new_files() {
  const MutexLock lock(mutex_);
  opening_ = false;
  new_files_.clear();
}

}  // namespace rollcall
