#include "storage/last_commit.h"

#include "storage/commit.h"
#include "storage/store_directory.h"

namespace rollcall {

namespace {

// Checks that the database did not lose commits, as far as its anchor, or the attempt to open it,
// can tell.
Status check_anchor(const Result<Anchor>& anchor, const CommitFacts& last, Anchor::Access access,
                    const RocksStoreOptions& options, const std::string& directory) {
  if (anchor.ok()) {
    ROLLCALL_RETURN_IF_ERROR(check_same_store(anchor->state(), last, directory));
    if (options.accept_rollback) return {};
    return check_no_rollback(anchor->state(), last, access, directory);
  }
  const bool missing = anchor.status().code() == StatusCode::kNotFound;
  const bool damaged = anchor.status().code() == StatusCode::kCorruption;
  if (missing && last.epoch == 0) return {};  // making the store was interrupted
  if ((missing || damaged) && options.accept_rollback) return {};
  if (!missing) return anchor.status();
  return Status::corruption(anchor_path(directory) +
                            ": the file is missing, so nothing tells whether the database has lost "
                            "commits; put the file back, or accept the rollback")
      .with_hint({Option::kAcceptRollback, "true"});
}

}  // namespace

Result<std::optional<CommitFacts>> checked_last_commit(const RocksDatabase& database,
                                                       const Result<Anchor>& anchor,
                                                       Anchor::Access access,
                                                       const RocksStoreOptions& options) {
  ROLLCALL_ASSIGN_OR_RETURN(
      const std::optional<CommitRecord> record,
      read_commit_record(*database.db, rocksdb::ReadOptions(), database.directory));
  CommitFacts last;
  if (record) {
    last = record->facts;
  } else if (anchor.ok()) {
    last = first_facts(anchor->state().store_id);
  }
  ROLLCALL_RETURN_IF_ERROR(check_anchor(anchor, last, access, options, database.directory));
  return record ? std::optional<CommitFacts>(last) : std::nullopt;
}

Status unfinished_store(const std::string& directory) {
  return Status::not_found(directory + ": a store whose making is not finished");
}

Status missing_database(const std::string& directory) {
  return Status::corruption(database_path(directory) + ": the database is missing, but " +
                            anchor_path(directory) + " is there; put the database back");
}

}  // namespace rollcall
