#include "storage/commit.h"

#include <rocksdb/iterator.h>
#include <rocksdb/write_batch.h>

#include <array>
#include <memory>
#include <string_view>

#include "storage/key_codec.h"
#include "storage/page_codec.h"
#include "storage/rocks_status.h"

namespace rollcall {

namespace {

// Larger only for a page that is larger.
constexpr std::size_t kBatchBytesMax = std::size_t{4} << 20;
constexpr std::size_t kBatchEntryBytes = 16;  // what a batch adds to a key and a value, at most

rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

Status write_batch(rocksdb::DB& db, rocksdb::WriteBatch& batch, bool sync,
                   const std::string& directory, std::string_view action) {
  rocksdb::WriteOptions options;
  options.sync = sync;
  return to_status(db.Write(options, &batch), directory, action);
}

// Gathers pages into batches, and writes each that is full.
class PageWriter {
 public:
  PageWriter(rocksdb::DB& db, Epoch epoch, const std::string& directory)
      : db_(db), epoch_(epoch), directory_(directory) {}

  Status add(const PageWrite& page) {
    const std::string key = encode_page_key({page.id, epoch_});
    // The key counts twice: it is listed as well.
    const std::size_t bytes =
        2 * key.size() + kPageHeaderBytes + page.bytes.size() + kBatchEntryBytes;
    if (!keys_.empty() && batch_bytes_ + bytes > kBatchBytesMax) {
      ROLLCALL_RETURN_IF_ERROR(write());
    }
    const std::uint64_t checksum = page_checksum(key, page.bytes);
    const std::string header = encode_page_header(checksum);
    const rocksdb::Slice key_part = key;
    const std::array<rocksdb::Slice, 2> value_parts = {header, page.bytes};
    // Memory alone is written here, so this fails for keys or values past 4 GiB only.
    ROLLCALL_RETURN_IF_ERROR(to_status(
        batch_.Put(rocksdb::SliceParts(&key_part, 1),
                   rocksdb::SliceParts(value_parts.data(), static_cast<int>(value_parts.size()))),
        directory_, "gather pages"));
    keys_ += key;
    batch_bytes_ += bytes;
    ++page_count_;
    pages_digest_ = fold_page_checksum(pages_digest_, checksum);
    return {};
  }

  // Writes what has been gathered.
  Status write() {
    if (keys_.empty()) return {};
    ROLLCALL_RETURN_IF_ERROR(
        to_status(batch_.Put(written_list_key(list_count_), keys_), directory_, "gather pages"));
    ROLLCALL_RETURN_IF_ERROR(write_batch(db_, batch_, /*sync=*/false, directory_, "write pages"));
    ++list_count_;
    batch_.Clear();
    keys_.clear();
    batch_bytes_ = 0;
    return {};
  }

  std::uint32_t list_count() const { return list_count_; }
  std::uint64_t page_count() const { return page_count_; }
  std::uint64_t pages_digest() const { return pages_digest_; }

 private:
  rocksdb::DB& db_;
  const Epoch epoch_;
  const std::string& directory_;

  rocksdb::WriteBatch batch_;
  std::string keys_;  // of the pages in batch_
  std::size_t batch_bytes_ = 0;

  std::uint32_t list_count_ = 0;  // written so far
  std::uint64_t page_count_ = 0;
  std::uint64_t pages_digest_ = 0;
};

}  // namespace

Status write_first_record(rocksdb::DB& db, const StoreId& store_id, const std::string& directory) {
  CommitFacts facts = first_facts(store_id);
  rocksdb::WriteBatch batch;
  ROLLCALL_RETURN_IF_ERROR(
      to_status(batch.Put(slice(kCommitRecordKey), encode_commit_record(facts, "")), directory,
                "gather the first record"));
  return write_batch(db, batch, /*sync=*/true, directory, "write the first record");
}

Result<CommitFacts> write_commit(rocksdb::DB& db, const Commit& commit, const CommitFacts& previous,
                                 const std::string& directory) {
  PageWriter pages(db, commit.epoch, directory);
  while (true) {
    ROLLCALL_ASSIGN_OR_RETURN(const std::optional<PageWrite> page, commit.next_page());
    if (!page) break;
    ROLLCALL_RETURN_IF_ERROR(pages.add(*page));
  }
  ROLLCALL_RETURN_IF_ERROR(pages.write());

  const std::uint64_t page_count = previous.live_page_count + pages.page_count();
  if (commit.superseded.size() > page_count) {
    return Status::invalid_argument(directory + ": a commit supersedes " +
                                    std::to_string(commit.superseded.size()) +
                                    " pages, but there are " + std::to_string(page_count));
  }
  CommitFacts facts;
  facts.store_id = previous.store_id;
  facts.epoch = commit.epoch;
  facts.written_page_count = pages.page_count();
  facts.live_page_count = page_count - commit.superseded.size();
  facts.previous_digest = previous.digest;
  facts.pages_digest = pages.pages_digest();

  constexpr std::string_view kGather = "gather the commit record";
  rocksdb::WriteBatch batch;
  ROLLCALL_RETURN_IF_ERROR(
      to_status(batch.Put(slice(kCommitRecordKey), encode_commit_record(facts, commit.manifest())),
                directory, kGather));
  for (const PageAddress& address : commit.superseded) {
    ROLLCALL_RETURN_IF_ERROR(to_status(batch.Delete(encode_page_key(address)), directory, kGather));
  }
  for (std::uint32_t i = 0; i < pages.list_count(); ++i) {
    ROLLCALL_RETURN_IF_ERROR(to_status(batch.Delete(written_list_key(i)), directory, kGather));
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

Status remove_unfinished_commit(rocksdb::DB& db, Epoch last_epoch, const std::string& directory) {
  rocksdb::WriteBatch batch;
  {
    const std::unique_ptr<rocksdb::Iterator> list(db.NewIterator(rocksdb::ReadOptions()));
    for (list->Seek(slice(kWrittenListPrefix));
         list->Valid() && list->key().starts_with(slice(kWrittenListPrefix)); list->Next()) {
      std::string_view keys = list->value().ToStringView();
      while (!keys.empty()) {
        const std::string_view key = keys.substr(0, kPageKeyBytes);
        const std::optional<PageAddress> address = decode_page_key(key);
        // A list never names a page that a commit reaches: better to stop than to remove one.
        if (!address || address->epoch <= last_epoch) {
          return Status::corruption(directory + ": the list of pages of the commit after " +
                                    std::to_string(last_epoch) + ", which never ended, is damaged");
        }
        ROLLCALL_RETURN_IF_ERROR(
            to_status(batch.Delete(slice(key)), directory, "gather unfinished pages"));
        keys.remove_prefix(key.size());
      }
      ROLLCALL_RETURN_IF_ERROR(
          to_status(batch.Delete(list->key()), directory, "gather unfinished pages"));
    }
    ROLLCALL_RETURN_IF_ERROR(to_status(list->status(), directory, "look for an unfinished commit"));
  }
  if (batch.Count() == 0) return {};
  return write_batch(db, batch, /*sync=*/true, directory, "remove an unfinished commit");
}

}  // namespace rollcall
