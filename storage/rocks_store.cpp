#include "rollcall/rocks_store.h"
#include "core/base/mutex.h"

#include <dirent.h>
#include <rocksdb/db.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "core/base/guard.h"
#include "core/base/guarded_store.h"
#include "core/base/open_file.h"
#include "storage/anchor.h"
#include "storage/commit.h"
#include "storage/database_reader.h"
#include "storage/file_journal.h"
#include "storage/key_codec.h"
#include "storage/last_commit.h"
#include "storage/page_codec.h"
#include "storage/rocks_database.h"
#include "storage/store_directory.h"
#include "storage/store_lock.h"
#include "storage/table_file.h"

namespace rollcall {

namespace {

// Holds the state after a commit. It also keeps what that commit's record says.
class RocksView final : public StoreView {
 public:
  explicit RocksView(std::shared_ptr<const RocksDatabase> database)
      : database_(std::move(database)), snapshot_(database_->db->GetSnapshot()) {
    read_options_.snapshot = snapshot_;
  }
  ~RocksView() override { database_->db->ReleaseSnapshot(snapshot_); }
  RocksView(const RocksView&) = delete;
  RocksView& operator=(const RocksView&) = delete;

  Result<std::string> read(const PageAddress& address) const override {
    rocksdb::PinnableSlice value;
    rocksdb::DB& db = *database_->db;
    const rocksdb::Status status =
        db.Get(read_options_, db.DefaultColumnFamily(), encode_page_key(address), &value);
    if (!status.ok()) {
      return page_corruption(address, database_->directory,
                             status.IsNotFound() ? "the page is missing" : status.ToString());
    }
    ROLLCALL_ASSIGN_OR_RETURN(const std::string_view payload,
                              decode_page(address, value.ToStringView(), database_->directory));
    return std::string(payload);
  }

  Result<std::optional<CommitRecord>> commit_record() const {
    return read_commit_record(*database_->db, read_options_, database_->directory);
  }

 private:
  const std::shared_ptr<const RocksDatabase> database_;
  const rocksdb::Snapshot* const snapshot_;  // null in a read-only database, which never changes
  rocksdb::ReadOptions read_options_;
};

class RocksStore final : public Store {
 public:
  // `anchor` is absent in a store opened for reading.
  RocksStore(std::shared_ptr<const RocksDatabase> database, std::optional<Anchor> anchor,
             const CommitFacts& last, const RocksStoreOptions& options)
      : database_(std::move(database)),
        anchor_(std::move(anchor)),
        cache_bytes_max_(options.cache_bytes),
        last_(last),
        view_(std::make_shared<RocksView>(database_)) {
    if (anchor_) journal_.emplace(database_->directory, *anchor_, options.accept_rollback);
  }

  Result<std::optional<LastCommit>> last_commit() const override {
    ROLLCALL_ASSIGN_OR_RETURN(std::optional<CommitRecord> record, last_view()->commit_record());
    if (!record || record->facts.epoch == 0) return std::optional<LastCommit>();
    return std::optional<LastCommit>({record->facts.epoch, std::move(record->manifest)});
  }

  Status write_ahead(const Commit& part) override;
  Status discard_ahead() override;
  Status commit(const Commit& commit) override;
  Status compact() override;

  Result<std::shared_ptr<const StoreView>> view() const override {
    return std::shared_ptr<const StoreView>(last_view());
  }

  std::size_t limit_memory(std::size_t bytes_max) override {
    return rollcall::limit_memory(*database_, bytes_max, cache_bytes_max_);
  }

  bool read_only() const override { return !anchor_; }

  Status check_place() const override {
    return database_->lock ? database_->lock->check_place() : Status();
  }

  Result<StoreSize> size() const override;

  Journal* journal() override { return journal_ ? &*journal_ : nullptr; }
  Status check_journal() const override { return rollcall::check_journal(database_->directory); }

 private:
  // Has view() see what is in the database now.
  void renew_view() {
    // The old view may be the last to its snapshot, so it is released outside the mutex.
    auto view = std::make_shared<const RocksView>(database_);
    const MutexLock lock(mutex_);
    view_.swap(view);
  }
  // Returns whether the store takes commits.
  Status check_writable() const;
  // Returns whether it takes this one, or a part of it.
  Status check_next(const Commit& commit) const;
  std::shared_ptr<const RocksView> last_view() const {
    const MutexLock lock(mutex_);
    return view_;
  }

  const std::shared_ptr<const RocksDatabase> database_;
  std::optional<Anchor> anchor_;
  std::optional<FileJournal> journal_;  // where there is an anchor
  const std::size_t cache_bytes_max_;
  bool commit_failed_ = false;  // the committing thread's, as the next
  PagesWritten ahead_;          // of the next commit

  mutable Mutex mutex_;
  // The committing thread writes it within the mutex, and reads it without.
  CommitFacts last_;
  // Every view() gets this until more is written.
  std::shared_ptr<const RocksView> view_ ROLLCALL_GUARDED_BY(mutex_);
};

Status RocksStore::check_writable() const {
  const std::string& directory = database_->directory;
  if (read_only()) {
    return Status::invalid_argument(directory + ": the store is open for reading only");
  }
  if (commit_failed_) {
    return Status::io_error(directory +
                            ": a commit failed before, so what is on disk is unknown; "
                            "open the store again");
  }
  return {};
}

Status RocksStore::check_next(const Commit& commit) const {
  ROLLCALL_RETURN_IF_ERROR(check_writable());
  if (commit.epoch != last_.epoch + 1) {
    return Status::invalid_argument(database_->directory + ": a commit of epoch " +
                                    std::to_string(commit.epoch) + " follows one of epoch " +
                                    std::to_string(last_.epoch));
  }
  return check_pages(commit);
}

Status RocksStore::write_ahead(const Commit& part) {
  ROLLCALL_RETURN_IF_ERROR(check_next(part));
  commit_failed_ = true;  // until it has not; so that an exception of the caller's counts as well
  ROLLCALL_RETURN_IF_ERROR(write_pages_ahead(*database_->db, part, ahead_, database_->directory));
  renew_view();
  commit_failed_ = false;
  return {};
}

Status RocksStore::discard_ahead() {
  ROLLCALL_RETURN_IF_ERROR(check_writable());
  if (ahead_.page_count == 0) return {};
  commit_failed_ = true;
  ROLLCALL_RETURN_IF_ERROR(
      remove_unfinished_commit(*database_->db, last_.epoch, database_->directory));
  renew_view();
  commit_failed_ = false;
  ahead_ = {};
  return {};
}

Status RocksStore::commit(const Commit& commit) {
  const std::string& directory = database_->directory;
  ROLLCALL_RETURN_IF_ERROR(check_next(commit));
  commit_failed_ = true;
  ROLLCALL_ASSIGN_OR_RETURN(const CommitFacts facts,
                            write_commit(*database_->db, commit, ahead_, last_, directory));
  ROLLCALL_RETURN_IF_ERROR(anchor_->note_commit(facts, journal_->first_needed()));
  ROLLCALL_RETURN_IF_ERROR(journal_->remove_unneeded());
  ROLLCALL_RETURN_IF_ERROR(check_place());
  auto view = std::make_shared<const RocksView>(database_);
  commit_failed_ = false;
  ahead_ = {};

  // The old view may be the last to its snapshot, so it is released outside the mutex.
  const MutexLock lock(mutex_);
  last_ = facts;
  view_.swap(view);
  return {};
}

Status RocksStore::compact() {
  ROLLCALL_RETURN_IF_ERROR(check_writable());
  return compact_rocks_database(*database_->db, database_->directory);
}

struct DirectoryClose {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

// Adds what the files of a directory take. Files come and go while a compaction runs, and one that
// is gone takes no space. The iterators of the standard library end the process for want of memory.
Status add_sizes(const std::string& name, StoreSize& size) {
  const std::unique_ptr<DIR, DirectoryClose> directory(::opendir(name.c_str()));
  if (directory == nullptr) {
    return Status::io_error(name + ": cannot list: " + std::generic_category().message(errno));
  }
  while (const dirent* const entry = ::readdir(directory.get())) {
    const std::string file = entry->d_name;
    struct stat facts;
    if (file == "." || file == ".." || ::lstat((name + "/" + file).c_str(), &facts) != 0) continue;
    constexpr std::uint64_t kStatBlockBytes = 512;
    const std::uint64_t bytes = static_cast<std::uint64_t>(facts.st_blocks) * kStatBlockBytes;
    size.disk_bytes += bytes;
    if (is_journal_file(file)) size.journal_bytes += bytes;
    if (S_ISDIR(facts.st_mode)) ROLLCALL_RETURN_IF_ERROR(add_sizes(name + "/" + file, size));
  }
  return {};
}

Result<StoreSize> RocksStore::size() const {
  StoreSize size;
  {
    const MutexLock lock(mutex_);
    size.page_count = last_.live_page_count;
  }
  ROLLCALL_RETURN_IF_ERROR(add_sizes(database_->directory, size));
  return size;
}

// Looks at the database as a writer would find it, and changes nothing. If RocksDB opened it for
// writing, it would cut off a damaged log and remove tables that an old MANIFEST does not name, and
// then it would be too late to put the right file back.
Status look_before_writing(const std::string& directory, const Result<Anchor>& anchor,
                           RocksStoreOptions options) {
  options.read_only = true;
  ROLLCALL_ASSIGN_OR_RETURN(const std::shared_ptr<RocksDatabase> database,
                            open_rocks_database(directory, options, /*create=*/false));
  ROLLCALL_ASSIGN_OR_RETURN(
      const std::optional<CommitFacts> last,
      checked_last_commit(*database, anchor, Anchor::Access::kWrite, options));
  if ((!last || last->epoch == 0) && !options.create_if_missing) return unfinished_store(directory);
  return find_unfinished_commit(*database->db, last.value_or(CommitFacts()).epoch, directory)
      .status();
}

// Returns what the anchor is to say of a database that it was found to agree with, or that replaces
// what it says. A lost anchor takes with it what it knew of the journal, so the files that exist
// count.
Result<AnchorState> anchor_state(const Result<Anchor>& anchor, const CommitFacts& last,
                                 const std::string& directory) {
  AnchorState state;
  if (anchor.ok()) {
    state = anchor->state();
  } else {
    ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::uint64_t> files, journal_files(directory));
    if (!files.empty()) {
      state.first_journal = files.front();
      state.last_journal = files.back();
    }
  }
  state.store_id = last.store_id;
  state.epoch = last.epoch;
  state.digest = last.digest;
  return state;
}

Result<std::unique_ptr<Store>> open_writer(const std::string& directory,
                                           const RocksStoreOptions& options) {
  ROLLCALL_ASSIGN_OR_RETURN(DirectoryState state, inspect_directory(directory));
  if (state != DirectoryState::kStore && !options.create_if_missing) {
    return Status::not_found(directory + ": no rollcall store is there");
  }
  if (state == DirectoryState::kMissing) ROLLCALL_RETURN_IF_ERROR(make_directory(directory));
  ROLLCALL_ASSIGN_OR_RETURN(StoreLock lock, StoreLock::acquire(lock_path(directory)));
  // Somebody else may have made the store before the lock was ours.
  ROLLCALL_ASSIGN_OR_RETURN(state, inspect_directory(directory));
  if (state != DirectoryState::kStore) ROLLCALL_RETURN_IF_ERROR(mark_as_store(directory));

  // A store is made in this order: FORMAT, the database, its first record, ANCHOR. What is missing
  // from the end of it is made now, but nothing from the middle.
  const std::string path = anchor_path(directory);
  ROLLCALL_RETURN_IF_ERROR(remove_replacement(path));
  Result<Anchor> anchor = Anchor::open(path, Anchor::Access::kWrite);
  const Result<std::string> version = rocks_database_version(directory);
  const bool database_missing = version.status().code() == StatusCode::kNotFound;
  if (!database_missing) ROLLCALL_RETURN_IF_ERROR(version.status());
  if (database_missing && anchor.status().code() != StatusCode::kNotFound) {
    return missing_database(directory);
  }
  if (database_missing && !options.create_if_missing) return unfinished_store(directory);
  if (!database_missing) ROLLCALL_RETURN_IF_ERROR(look_before_writing(directory, anchor, options));
  ROLLCALL_ASSIGN_OR_RETURN(const std::shared_ptr<RocksDatabase> database,
                            open_rocks_database(directory, options, /*create=*/database_missing));
  database->lock.emplace(std::move(lock));
  rocksdb::DB& db = *database->db;
  ROLLCALL_ASSIGN_OR_RETURN(
      const std::optional<CommitFacts> found,
      checked_last_commit(*database, anchor, Anchor::Access::kWrite, options));
  CommitFacts last;
  if (found) {
    last = *found;
    ROLLCALL_RETURN_IF_ERROR(begin_sequence(db, directory));
  } else {
    ROLLCALL_ASSIGN_OR_RETURN(const StoreId store_id,
                              anchor.ok() ? anchor->state().store_id : make_store_id());
    last = first_facts(store_id);
    ROLLCALL_RETURN_IF_ERROR(write_first_record(db, last.store_id, directory));
  }
  ROLLCALL_RETURN_IF_ERROR(raise_format(directory));
  ROLLCALL_RETURN_IF_ERROR(remove_table_files(directory));
  ROLLCALL_RETURN_IF_ERROR(remove_unfinished_commit(db, last.epoch, directory));
  ROLLCALL_ASSIGN_OR_RETURN(const AnchorState stands, anchor_state(anchor, last, directory));
  // Both slots are replaced, because after a rollback neither of the old ones is true.
  if (!anchor.ok() || anchor->state() != stands) {
    anchor = Anchor::create(path, stands);
    ROLLCALL_RETURN_IF_ERROR(anchor.status());
  }
  return std::unique_ptr<Store>(
      std::make_unique<RocksStore>(database, *std::move(anchor), last, options));
}

Result<std::unique_ptr<Store>> open_reader(const std::string& directory,
                                           const RocksStoreOptions& options) {
  ROLLCALL_ASSIGN_OR_RETURN(const DatabaseForReading found,
                            open_database_for_reading(directory, options));
  return std::unique_ptr<Store>(
      std::make_unique<RocksStore>(found.database, std::nullopt, found.last, options));
}

Result<StoreName> name_of(std::string_view directory) {
  while (directory.size() > 1 && directory.ends_with('/')) directory.remove_suffix(1);
  if (directory.empty()) {
    return Status::invalid_argument("directory: is empty (allowed: a path)");
  }
  std::error_code error;
  const std::string given(directory);
  std::string place = std::filesystem::absolute(given, error).string();
  if (error) return Status::io_error(given + ": cannot locate: " + error.message());
  return StoreName{.given = given, .place = std::move(place)};
}

}  // namespace

Result<std::unique_ptr<Store>> open_rocks_store(const std::string& directory,
                                                const RocksStoreOptions& options) {
  return guarded(directory, [&]() -> Result<std::unique_ptr<Store>> {
    ROLLCALL_RETURN_IF_ERROR(check_path(directory));
    ROLLCALL_ASSIGN_OR_RETURN(const StoreName name, name_of(directory));
    Result<std::unique_ptr<Store>> store =
        options.read_only ? open_reader(name.place, options) : open_writer(name.place, options);
    if (!store.ok()) return name.tell(store.status());
    return guard_store(std::move(*store), name);
  });
}

}  // namespace rollcall
