#include "storage/unfinished_copy.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "storage/posix_file.h"
#include "storage/store_directory.h"

namespace rollcall {

namespace {

namespace fs = std::filesystem;

std::string without_slash_at_end(std::string directory) {
  while (directory.size() > 1 && directory.back() == '/') directory.pop_back();
  return directory;
}

// Removes what a crash left of a copy that had its name and was not yet a store.
Status remove_unfinished(const std::string& target) {
  std::error_code error;
  if (!fs::is_directory(fs::symlink_status(target, error))) return {};
  const Result<bool> left_over = holds_unfinished_copy(target);
  if (!left_over.ok() || !*left_over) return {};
  ROLLCALL_ASSIGN_OR_RETURN(const StoreLock lock, StoreLock::acquire(lock_path(target)));
  // Somebody may have finished it before the lock was ours.
  const Result<bool> still_left_over = holds_unfinished_copy(target);
  if (!still_left_over.ok() || !*still_left_over) return {};
  fs::remove_all(target, error);
  if (!error) return {};
  return Status::io_error(target + ": cannot remove what a crash left: " + error.message());
}

Status check_target(const std::string& target) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(target, error))) return {};
  if (fs::is_directory(fs::symlink_status(target, error)) && fs::is_empty(target, error)) return {};
  if (error) return Status::io_error(target + ": cannot look at it: " + error.message());
  return Status::already_exists(target +
                                ": there is something already; name a directory that is missing or "
                                "empty, or move this one away");
}

// Returns ok if a copy may be made: nothing is there, or only what a crash left of another copy.
Status check_place(const std::string& directory) {
  std::error_code error;
  if (!fs::is_symlink(fs::symlink_status(directory, error))) {
    const Result<DirectoryState> state = inspect_directory(directory);
    if (state.ok() && *state != DirectoryState::kStore) return {};
    const Result<bool> left_over = holds_unfinished_copy(directory);
    if (left_over.ok() && *left_over) return {};
  }
  return Status::already_exists(
      directory + ": there is something already, where the copy is to be made; move it away");
}

// Removes all that is in the directory but its lock and its mark.
Status empty_directory(const std::string& directory) {
  std::error_code error;
  std::vector<fs::path> entries;
  for (fs::directory_iterator entry(directory, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const fs::path& path = entry->path();
    if (path != lock_path(directory) && path != format_path(directory)) entries.push_back(path);
  }
  for (const fs::path& entry : entries) {
    if (!error) fs::remove_all(entry, error);
  }
  if (!error) return {};
  return Status::io_error(directory + ": cannot remove what a crash left: " + error.message());
}

}  // namespace

UnfinishedCopy::UnfinishedCopy(std::string directory, std::string target, StoreLock lock)
    : directory_(std::move(directory)), target_(std::move(target)), lock_(std::move(lock)) {}

UnfinishedCopy::UnfinishedCopy(UnfinishedCopy&& other) noexcept
    : directory_(std::exchange(other.directory_, {})),
      target_(std::move(other.target_)),
      lock_(std::move(other.lock_)) {}

UnfinishedCopy::~UnfinishedCopy() {
  // Another directory that has the name by now belongs to somebody else.
  if (directory_.empty() || !lock_.check_place().ok()) return;
  // What cannot be removed now is removed by the next copy.
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

Result<UnfinishedCopy> UnfinishedCopy::begin(const std::string& target) {
  const std::string path = without_slash_at_end(target);
  ROLLCALL_RETURN_IF_ERROR(remove_unfinished(path));
  ROLLCALL_RETURN_IF_ERROR(check_target(path));
  const std::string directory = path + ".new";
  ROLLCALL_RETURN_IF_ERROR(check_place(directory));
  ROLLCALL_RETURN_IF_ERROR(make_directory(directory));
  ROLLCALL_ASSIGN_OR_RETURN(StoreLock lock, StoreLock::acquire(lock_path(directory)));
  // Somebody else may have made a copy before the lock was ours.
  ROLLCALL_RETURN_IF_ERROR(check_place(directory));
  ROLLCALL_RETURN_IF_ERROR(mark_as_copy(directory));
  UnfinishedCopy copy(directory, path, std::move(lock));
  ROLLCALL_RETURN_IF_ERROR(empty_directory(directory));
  return copy;
}

Status UnfinishedCopy::finish() {
  ROLLCALL_RETURN_IF_ERROR(lock_.check_place());
  // The name comes first: whatever a crash leaves is marked as a copy, and the next one removes it.
  // An empty directory is replaced, and nothing else.
  if (std::rename(directory_.c_str(), target_.c_str()) != 0) {
    return errno_status(directory_, "rename to " + target_,
                        errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR
                            ? StatusCode::kAlreadyExists
                            : StatusCode::kIoError);
  }
  directory_.clear();
  ROLLCALL_RETURN_IF_ERROR(mark_as_store(target_));
  return sync_directory((fs::path(target_) / "..").string());
}

}  // namespace rollcall
