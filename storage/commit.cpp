#include "storage/commit.h"

#include <rocksdb/iterator.h>
#include <rocksdb/write_batch.h>

#include <memory>
#include <string_view>

#include "storage/key_codec.h"
#include "storage/rocks_status.h"
#include "storage/roomy_batch.h"

namespace rollcall {

namespace {

rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

Status write_batch(rocksdb::DB& db, rocksdb::WriteBatch& batch, bool sync,
                   const std::string& directory, std::string_view action) {
  rocksdb::WriteOptions options;
  options.sync = sync;
  return to_status(db.Write(options, &batch), directory, action);
}

}  // namespace

Status write_first_record(rocksdb::DB& db, const StoreId& store_id, const std::string& directory) {
  CommitFacts facts = first_facts(store_id);
  rocksdb::WriteBatch batch;
  ROLLCALL_RETURN_IF_ERROR(
      to_status(put_entry(batch, kCommitRecordKey, encode_commit_record(facts, "")), directory,
                "gather the first record"));
  return write_batch(db, batch, /*sync=*/true, directory, "write the first record");
}

Status begin_sequence(rocksdb::DB& db, const std::string& directory) {
  if (db.GetLatestSequenceNumber() != 0) return {};
  std::string record;
  rocksdb::WriteBatch batch;
  ROLLCALL_RETURN_IF_ERROR(
      to_status(db.Get(rocksdb::ReadOptions(), slice(kCommitRecordKey), &record), directory,
                "read the commit record"));
  ROLLCALL_RETURN_IF_ERROR(
      to_status(put_entry(batch, kCommitRecordKey, record), directory, "gather the commit record"));
  return write_batch(db, batch, /*sync=*/true, directory, "write the commit record again");
}

Result<CommitFacts> write_commit(rocksdb::DB& db, const Commit& commit, PagesWritten written,
                                 const CommitFacts& previous, const std::string& directory) {
  const std::uint64_t page_count =
      previous.live_page_count + written.page_count + commit.pages.size();
  if (commit.superseded.size() > page_count) {
    return Status::invalid_argument(directory + ": a commit supersedes " +
                                    std::to_string(commit.superseded.size()) +
                                    " pages, but there are " + std::to_string(page_count));
  }
  constexpr std::size_t kDeleteBytes = kPageKeyBytes + 2;  // with its tag and length
  rocksdb::WriteBatch batch(commit.superseded.size() * kDeleteBytes);
  ROLLCALL_RETURN_IF_ERROR(write_pages(db, commit, batch, written, directory));
  CommitFacts facts;
  facts.store_id = previous.store_id;
  facts.epoch = commit.epoch;
  facts.written_page_count = written.page_count;
  facts.live_page_count = page_count - commit.superseded.size();
  facts.previous_digest = previous.digest;
  facts.pages_digest = written.digest;

  constexpr std::string_view kGather = "gather the commit record";
  ROLLCALL_RETURN_IF_ERROR(
      to_status(put_entry(batch, kCommitRecordKey, encode_commit_record(facts, commit.manifest())),
                directory, kGather));
  for (const PageAddress& address : commit.superseded) {
    ROLLCALL_RETURN_IF_ERROR(
        to_status(delete_entry(batch, encode_page_key(address)), directory, kGather));
  }
  ROLLCALL_RETURN_IF_ERROR(
      write_batch(db, batch, /*sync=*/true, directory, "write the commit record"));
  return facts;
}

Result<std::optional<CommitRecord>> read_commit_record(rocksdb::DB& db,
                                                       const rocksdb::ReadOptions& read_options,
                                                       const std::string& directory) {
  std::string value;
  const rocksdb::Status status = db.Get(read_options, slice(kCommitRecordKey), &value);
  if (status.IsNotFound()) return std::optional<CommitRecord>();
  ROLLCALL_RETURN_IF_ERROR(to_status(status, directory, "read the commit record"));
  ROLLCALL_ASSIGN_OR_RETURN(CommitRecord record, decode_commit_record(value, directory));
  return std::optional<CommitRecord>(std::move(record));
}

Result<std::vector<std::string>> find_unfinished_commit(rocksdb::DB& db, Epoch last_epoch,
                                                        const std::string& directory) {
  std::vector<std::string> found;
  const std::unique_ptr<rocksdb::Iterator> list(db.NewIterator(rocksdb::ReadOptions()));
  for (list->Seek(slice(kWrittenListPrefix));
       list->Valid() && list->key().starts_with(slice(kWrittenListPrefix)); list->Next()) {
    std::string_view keys = list->value().ToStringView();
    while (!keys.empty()) {
      const std::string_view key = keys.substr(0, kPageKeyBytes);
      const std::optional<PageAddress> address = decode_page_key(key);
      // A list never names a page that a commit reaches, and it is better to stop than to remove
      // one.
      if (!address || address->epoch <= last_epoch) {
        return Status::corruption(directory + ": the list of pages of the commit after " +
                                  std::to_string(last_epoch) + ", which never ended, is damaged");
      }
      found.emplace_back(key);
      keys.remove_prefix(key.size());
    }
    found.push_back(list->key().ToString());
  }
  ROLLCALL_RETURN_IF_ERROR(to_status(list->status(), directory, "look for an unfinished commit"));
  return found;
}

Status remove_unfinished_commit(rocksdb::DB& db, Epoch last_epoch, const std::string& directory) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string> keys,
                            find_unfinished_commit(db, last_epoch, directory));
  if (keys.empty()) return {};
  rocksdb::WriteBatch batch;
  for (const std::string& key : keys) {
    ROLLCALL_RETURN_IF_ERROR(
        to_status(delete_entry(batch, key), directory, "gather unfinished pages"));
  }
  return write_batch(db, batch, /*sync=*/true, directory, "remove an unfinished commit");
}

}  // namespace rollcall
