#include "storage/database_reader.h"

#include "storage/anchor.h"
#include "storage/last_commit.h"
#include "storage/store_directory.h"

namespace rollcall {

namespace {

// A reader begins anew at most this often because a writer changed the set of files while it opened
// them.
constexpr int kAttemptsMax = 50;

}  // namespace

Result<DatabaseForReading> open_database_for_reading(const std::string& directory,
                                                     const RocksStoreOptions& options) {
  ROLLCALL_ASSIGN_OR_RETURN(const DirectoryState state, inspect_directory(directory));
  if (state != DirectoryState::kStore) {
    return Status::not_found(directory + ": no rollcall store is there");
  }
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    // The anchor is read first, because a database that is read later cannot be older.
    const Result<Anchor> anchor = Anchor::open(anchor_path(directory), Anchor::Access::kRead);
    const Result<std::string> version = rocks_database_version(directory);
    if (version.status().code() == StatusCode::kNotFound) {
      if (anchor.status().code() != StatusCode::kNotFound) return missing_database(directory);
      return unfinished_store(directory);
    }
    ROLLCALL_RETURN_IF_ERROR(version.status());
    const Result<std::shared_ptr<RocksDatabase>> database =
        open_rocks_database(directory, options, /*create=*/false);
    // RocksDB lists log files after it has read which are needed. A file that is removed in between
    // goes unnoticed, even if later ones are read, so pages of a commit may be missing. RocksDB
    // removes a log only after it has changed the set of files in writing.
    const Result<std::string> version_after = rocks_database_version(directory);
    ROLLCALL_RETURN_IF_ERROR(version_after.status());
    if (*version != *version_after) continue;
    // An anchor that was looked for first says nothing of what was made only later, either.
    const bool anchor_missing = anchor.status().code() == StatusCode::kNotFound;
    if (anchor_missing && Anchor::open(anchor_path(directory), Anchor::Access::kRead).ok()) {
      continue;
    }

    ROLLCALL_RETURN_IF_ERROR(database.status());
    ROLLCALL_ASSIGN_OR_RETURN(
        const std::optional<CommitFacts> last,
        checked_last_commit(**database, anchor, Anchor::Access::kRead, options));
    if (!last || last->epoch == 0) return unfinished_store(directory);
    return DatabaseForReading{*database, *last};
  }
  return Status::busy(directory + ": a writer changed the database each of the " +
                      std::to_string(kAttemptsMax) + " times that it was opened; try again");
}

}  // namespace rollcall
