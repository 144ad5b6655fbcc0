#include "tools/made_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace rollcall::tools {
namespace {

constexpr const char* kDatabase = "rocksdb";

Status cannot(std::string_view path, std::string_view action, int error) {
  return Status::io_error(
      fmt::format("{}: cannot {}: {}", path, action, std::generic_category().message(error)));
}

// Says whether `name` is `begin`, digits, and `end`.
bool is_numbered(std::string_view name, std::string_view begin, std::string_view end) {
  if (!name.starts_with(begin)) return false;
  name.remove_prefix(begin.size());
  if (!name.ends_with(end)) return false;
  name.remove_suffix(end.size());
  return !name.empty() && name.find_first_not_of("0123456789") == std::string_view::npos;
}

// These are the files of a store, which docs/format.md names.
bool is_file_of_store(std::string_view name) {
  constexpr std::array<std::string_view, 5> kNames = {"FORMAT", "FORMAT.new", "LOCK", "ANCHOR",
                                                      "ANCHOR.new"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end() ||
         is_numbered(name, "JOURNAL-", "") || is_numbered(name, "PAGES-", ".new");
}

// These are the files that RocksDB makes.
bool is_file_of_database(std::string_view name) {
  constexpr std::array<std::string_view, 4> kNames = {"CURRENT", "IDENTITY", "LOCK", "LOG"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end() ||
         is_numbered(name, "LOG.old.", "") || is_numbered(name, "MANIFEST-", "") ||
         is_numbered(name, "OPTIONS-", "") || is_numbered(name, "OPTIONS-", ".dbtmp") ||
         is_numbered(name, "", ".log") || is_numbered(name, "", ".sst") ||
         is_numbered(name, "", ".dbtmp");
}

// Lists what is in a directory, sorted.
Result<std::vector<std::string>> names_in(int directory, const std::string& path) {
  const int again = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* const entries = again < 0 ? nullptr : ::fdopendir(again);
  if (entries == nullptr) return cannot(path, "list", errno);
  std::vector<std::string> names;
  while (const dirent* const entry = ::readdir(entries)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  ::closedir(entries);
  std::sort(names.begin(), names.end());
  return names;
}

// Removes the files of a directory that `is_ours` names.
template <class IsOurs>
Status remove_files(int directory, const std::string& path, const IsOurs& is_ours) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string> names, names_in(directory, path));
  for (const std::string& name : names) {
    if (!is_ours(name) || ::unlinkat(directory, name.c_str(), 0) == 0) continue;
    // A directory of the name is none of ours.
    if (errno != ENOENT && errno != EISDIR && errno != EPERM) {
      return cannot(path + "/" + name, "remove", errno);
    }
  }
  return {};
}

Status remove_database(int directory, const std::string& path) {
  const int database =
      ::openat(directory, kDatabase, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (database < 0) return {};  // there is none, or it is none of ours
  const Status status = remove_files(database, path + "/" + kDatabase, is_file_of_database);
  ::close(database);
  // If something else is in it, it stays.
  ::unlinkat(directory, kDatabase, AT_REMOVEDIR);
  return status;
}

// Renames a directory, unless something has the other name.
bool rename_to_new(const std::string& from, const std::string& to) {
  return ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0;
}

}  // namespace

MadeStore::MadeStore(std::string directory) : directory_(std::move(directory)) {
  while (directory_.size() > 1 && directory_.ends_with('/')) directory_.pop_back();
  place_ = directory_;
  std::error_code ignored;
  made_directory_ = !std::filesystem::exists(directory_, ignored);
}

MadeStore::MadeStore(MadeStore&& other) noexcept
    : directory_(std::move(other.directory_)),
      place_(std::move(other.place_)),
      made_directory_(other.made_directory_),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

MadeStore::~MadeStore() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Status MadeStore::note_made() {
  descriptor_ = ::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return descriptor_ < 0 ? cannot(directory_, "open", errno) : Status();
}

bool MadeStore::is_at(const std::string& path) const {
  struct stat ours {};
  struct stat found {};
  return ::fstat(descriptor_, &ours) == 0 && ::stat(path.c_str(), &found) == 0 &&
         ours.st_dev == found.st_dev && ours.st_ino == found.st_ino;
}

Status MadeStore::hide() {
  if (!is_at(directory_)) {
    return Status::io_error(
        directory_ +
        ": is not the store any more that this ingest made: it was removed, moved or replaced "
        "meanwhile; nothing was ingested, and nothing is removed");
  }
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                            names_in(descriptor_, directory_));
  const bool is_ours_alone = std::all_of(names.begin(), names.end(), [](const std::string& name) {
    return name == kDatabase || is_file_of_store(name);
  });
  // Under another name it can be made anew at once.
  if (made_directory_ && is_ours_alone) {
    const std::string hidden = fmt::format("{}.removed-{}", directory_, ::getpid());
    if (rename_to_new(directory_, hidden)) {
      place_ = hidden;
      if (is_at(place_)) return {};
      // The directory was replaced in that very moment.
      rename_to_new(place_, directory_);
      return Status::io_error(directory_ + ": was replaced meanwhile; nothing is removed");
    }
  }
  // The file that says that there is a store goes first.
  if (::unlinkat(descriptor_, "FORMAT", 0) != 0) return cannot(directory_, "remove FORMAT", errno);
  return {};
}

Result<std::vector<std::string>> MadeStore::remove() {
  // Nobody can lock it any more while its other files go.
  ::unlinkat(descriptor_, "LOCK", 0);
  ROLLCALL_RETURN_IF_ERROR(remove_database(descriptor_, directory_));
  ROLLCALL_RETURN_IF_ERROR(remove_files(descriptor_, directory_, is_file_of_store));
  ROLLCALL_ASSIGN_OR_RETURN(std::vector<std::string> left, names_in(descriptor_, directory_));
  if (made_directory_ && left.empty() && is_at(place_) && ::rmdir(place_.c_str()) != 0) {
    // Something has come into it since it was looked at.
    ROLLCALL_ASSIGN_OR_RETURN(left, names_in(descriptor_, directory_));
  }
  if (!left.empty() && place_ != directory_ && !rename_to_new(place_, directory_)) {
    return cannot(place_, fmt::format("rename to {}", directory_), errno);
  }
  return left;
}

}  // namespace rollcall::tools
