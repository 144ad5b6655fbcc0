#include "rollcall/store_copy.h"

#include <rocksdb/db.h>
#include <rocksdb/iterator.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/guard.h"
#include "core/base/open_file.h"
#include "rollcall/alert_log.h"
#include "storage/anchor.h"
#include "storage/commit_record.h"
#include "storage/database_reader.h"
#include "storage/key_codec.h"
#include "storage/page_codec.h"
#include "storage/posix_file.h"
#include "storage/rocks_database.h"
#include "storage/rocks_status.h"
#include "storage/store_directory.h"
#include "storage/table_file.h"
#include "storage/unfinished_copy.h"

namespace rollcall {

namespace {

constexpr RocksStoreOptions kReader{.read_only = true, .cache_bytes = std::size_t{8} << 20};
constexpr RocksStoreOptions kWriter{.cache_bytes = std::size_t{8} << 20};
constexpr std::uint64_t kTableBytesMax = std::uint64_t{128} << 20;
constexpr std::size_t kReadAheadBytes = std::size_t{2} << 20;

// Holds what a database has of a commit: its record and its live pages.
struct Contents {
  std::uint64_t page_count = 0;
  std::uint64_t page_bytes = 0;
  std::uint64_t digest = 0;  // of all keys and values, in their order

  friend bool operator==(const Contents&, const Contents&) = default;
};

// Hands over the record of the last commit and then its pages, each checked, ascending by key.
// `last` are the commit's facts.
//   kCorruption  a page is damaged, or there are more or fewer than the record says
template <class Visit>
Result<Contents> visit_commit(const RocksDatabase& database, const CommitFacts& last, Visit visit) {
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  options.readahead_size = kReadAheadBytes;
  const std::unique_ptr<rocksdb::Iterator> entry(database.db->NewIterator(options));
  Contents contents;
  for (entry->SeekToFirst(); entry->Valid(); entry->Next()) {
    const std::string_view key = entry->key().ToStringView();
    const std::string_view value = entry->value().ToStringView();
    if (key != kCommitRecordKey) {
      // The list of a commit under way, and its pages, do not belong to this one.
      if (key.starts_with(kWrittenListPrefix)) continue;
      const std::optional<PageAddress> address = decode_page_key(key);
      if (!address) {
        return Status::corruption(database_path(database.directory) + ": a key of " +
                                  std::to_string(key.size()) + " bytes is not the key of a page");
      }
      if (address->epoch > last.epoch) continue;
      ROLLCALL_RETURN_IF_ERROR(decode_page(*address, value, database.directory).status());
      ++contents.page_count;
      contents.page_bytes += value.size();
    }
    contents.digest = fold_page_checksum(contents.digest, page_checksum(key, value));
    ROLLCALL_RETURN_IF_ERROR(visit(key, value));
  }
  ROLLCALL_RETURN_IF_ERROR(to_status(entry->status(), database.directory, "read all pages"));
  if (contents.page_count != last.live_page_count) {
    return Status::corruption(database_path(database.directory) + ": commit " +
                              std::to_string(last.epoch) + " has " +
                              std::to_string(last.live_page_count) + " pages, but " +
                              std::to_string(contents.page_count) + " are there");
  }
  return contents;
}

// Makes a database of entries that come in the order of their keys.
class DatabaseMaker {
 public:
  // It is in the store's directory, which must outlive it.
  static Result<DatabaseMaker> begin(const std::string& directory) {
    ROLLCALL_ASSIGN_OR_RETURN(std::shared_ptr<RocksDatabase> database,
                              open_rocks_database(directory, kWriter, /*create=*/true));
    return DatabaseMaker(std::move(database));
  }

  Status add(std::string_view key, std::string_view value) {
    if (tables_.empty()) {
      ROLLCALL_ASSIGN_OR_RETURN(TableFile table,
                                TableFile::create(*database_->db, 0, database_->directory));
      tables_.push_back(std::move(table));
    }
    ROLLCALL_RETURN_IF_ERROR(tables_.front().add(key, value));
    table_bytes_ += key.size() + value.size();
    return table_bytes_ < kTableBytesMax ? Status() : finish_table();
  }

  // Returns once all is on disk.
  Status finish() { return tables_.empty() ? Status() : finish_table(); }

 private:
  explicit DatabaseMaker(std::shared_ptr<RocksDatabase> database)
      : database_(std::move(database)) {}

  Status finish_table() {
    ROLLCALL_RETURN_IF_ERROR(tables_.front().finish());
    ROLLCALL_RETURN_IF_ERROR(add_to_database(*database_->db, tables_, database_->directory));
    tables_.clear();
    table_bytes_ = 0;
    return {};
  }

  std::shared_ptr<RocksDatabase> database_;
  std::vector<TableFile> tables_;  // the one that is written, if any
  std::uint64_t table_bytes_ = 0;
};

// Takes along what became of the store's alerts, as it is now, and reads it back.
Status copy_alert_log(const std::string& from, const std::string& to) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string> records, read_alert_log(from));
  ROLLCALL_RETURN_IF_ERROR(make_alert_log(to, records));
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string> written, read_alert_log(to));
  if (written == records) return {};
  return Status::corruption(alert_log_path(to) + ": the copy did not read back as it was written");
}

Result<StoreCopy> copy_store(const std::string& from, const std::string& to,
                             const CopyProgress& progress) {
  ROLLCALL_RETURN_IF_ERROR(check_path(from));
  ROLLCALL_RETURN_IF_ERROR(check_path(to));
  ROLLCALL_ASSIGN_OR_RETURN(const DatabaseForReading source,
                            open_database_for_reading(from, kReader));
  const CommitFacts& last = source.last;
  ROLLCALL_ASSIGN_OR_RETURN(UnfinishedCopy copy, UnfinishedCopy::begin(to));

  // Each page is read twice: where it comes from and where it went.
  const std::uint64_t step_count = 2 * (last.live_page_count + 1);
  std::uint64_t steps_done = 0;
  const auto count_step = [&] {
    ++steps_done;
    if (progress) progress(steps_done, step_count);
  };

  Contents copied;
  {
    ROLLCALL_ASSIGN_OR_RETURN(DatabaseMaker maker, DatabaseMaker::begin(copy.directory()));
    const auto add = [&](std::string_view key, std::string_view value) {
      count_step();
      return maker.add(key, value);
    };
    ROLLCALL_ASSIGN_OR_RETURN(copied, visit_commit(*source.database, last, add));
    ROLLCALL_RETURN_IF_ERROR(maker.finish());
  }
  // The journal is not copied: its batches came after the commit.
  const AnchorState anchor{.store_id = last.store_id, .epoch = last.epoch, .digest = last.digest};
  ROLLCALL_RETURN_IF_ERROR(Anchor::create(anchor_path(copy.directory()), anchor).status());
  ROLLCALL_RETURN_IF_ERROR(copy_alert_log(from, copy.directory()));
  ROLLCALL_RETURN_IF_ERROR(sync_directory(database_path(copy.directory())));

  const auto compare = [&](std::string_view, std::string_view) {
    count_step();
    return Status();
  };
  {
    ROLLCALL_ASSIGN_OR_RETURN(const std::shared_ptr<RocksDatabase> written,
                              open_rocks_database(copy.directory(), kReader, /*create=*/false));
    ROLLCALL_ASSIGN_OR_RETURN(const Contents found, visit_commit(*written, last, compare));
    if (found != copied) {
      return Status::corruption(copy.directory() +
                                ": the copy did not read back as it was written");
    }
  }
  ROLLCALL_RETURN_IF_ERROR(copy.finish());
  return StoreCopy{last.epoch, copied.page_count, copied.page_bytes};
}

}  // namespace

Result<StoreCopy> copy_rocks_store(const std::string& from, const std::string& to,
                                   const CopyProgress& progress) {
  return guarded("copy of " + from, [&] { return copy_store(from, to, progress); });
}

}  // namespace rollcall
