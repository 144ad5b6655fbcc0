#include "storage/page_writer.h"

#include <algorithm>
#include <future>
#include <vector>

#include "storage/commit_record.h"
#include "storage/key_codec.h"
#include "storage/page_codec.h"
#include "storage/rocks_status.h"
#include "storage/roomy_batch.h"
#include "storage/table_file.h"

namespace rollcall {

namespace {

// Up to this many bytes of pages, the log takes less time than table files with their syncs.
constexpr std::size_t kBatchBytesMax = std::size_t{4} << 20;

// Is the range of pages from `begin` to before `end`.
struct PageRange {
  std::size_t begin;
  std::size_t end;
};

std::size_t entry_bytes(const CommitPage& page) {
  return kPageKeyBytes + kPageHeaderBytes + page.bytes;
}

std::size_t total_bytes(const Commit& commit) {
  std::size_t bytes = 0;
  for (const CommitPage& page : commit.pages) bytes += entry_bytes(page);
  return bytes;
}

// Splits the pages into at most `count` ranges of about as many bytes. None is empty.
std::vector<PageRange> split(const Commit& commit, std::size_t count) {
  const std::size_t bytes_all = total_bytes(commit);
  std::vector<PageRange> ranges;
  std::size_t bytes = 0;  // before the page
  for (std::size_t i = 0; i < commit.pages.size(); ++i) {
    if (bytes * count >= bytes_all * ranges.size()) ranges.push_back({i, i});
    ranges.back().end = i + 1;
    bytes += entry_bytes(commit.pages[i]);
  }
  return ranges;
}

// Encodes pages, one by one. Each thread has its own.
class PageEncoder {
 public:
  explicit PageEncoder(const Commit& commit) : commit_(commit) {}

  Status encode(std::size_t number) {
    key_ = encode_page_key({commit_.pages[number].id, commit_.epoch});
    value_.assign(kPageHeaderBytes, '\0');
    ROLLCALL_RETURN_IF_ERROR(commit_.encode(number, value_));
    checksum_ = page_checksum(key_, std::string_view(value_).substr(kPageHeaderBytes));
    value_.replace(0, kPageHeaderBytes, encode_page_header(checksum_));
    return {};
  }

  // Is the checksum of the page encoded last.
  const std::string& key() const { return key_; }
  const std::string& value() const { return value_; }
  std::uint64_t checksum() const { return checksum_; }

 private:
  const Commit& commit_;
  std::string key_;
  std::string value_;  // keeps its memory from page to page
  std::uint64_t checksum_ = 0;
};

Status write_to_batch(const Commit& commit, rocksdb::WriteBatch& batch,
                      std::vector<std::uint64_t>& checksums, const std::string& directory) {
  PageEncoder page(commit);
  for (std::size_t i = 0; i < commit.pages.size(); ++i) {
    ROLLCALL_RETURN_IF_ERROR(page.encode(i));
    ROLLCALL_RETURN_IF_ERROR(
        to_status(put_entry(batch, page.key(), page.value()), directory, "gather pages"));
    checksums[i] = page.checksum();
  }
  return {};
}

Status write_to_table(const Commit& commit, const PageRange& range, TableFile& table,
                      std::vector<std::uint64_t>& checksums) {
  PageEncoder page(commit);
  for (std::size_t i = range.begin; i < range.end; ++i) {
    ROLLCALL_RETURN_IF_ERROR(page.encode(i));
    ROLLCALL_RETURN_IF_ERROR(table.add(page.key(), page.value()));
    checksums[i] = page.checksum();
  }
  return table.finish();
}

std::string page_keys(const Commit& commit) {
  std::string keys;
  keys.reserve(commit.pages.size() * kPageKeyBytes);
  for (const CommitPage& page : commit.pages) keys += encode_page_key({page.id, commit.epoch});
  return keys;
}

Status write_to_tables(rocksdb::DB& db, const Commit& commit, const std::string& list_key,
                       std::vector<std::uint64_t>& checksums, const std::string& directory) {
  const std::vector<PageRange> ranges =
      split(commit, std::clamp<std::size_t>(commit.threads, 1, kTableFilesMax));
  std::vector<TableFile> tables;
  tables.reserve(ranges.size());
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    ROLLCALL_ASSIGN_OR_RETURN(TableFile table, TableFile::create(db, i, directory));
    tables.push_back(std::move(table));
  }
  ROLLCALL_RETURN_IF_ERROR(tables.front().add(list_key, page_keys(commit)));

  const auto write = [&](std::size_t i) {
    return write_to_table(commit, ranges[i], tables[i], checksums);
  };
  std::vector<std::future<Status>> others;
  for (std::size_t i = 1; i < ranges.size(); ++i) {
    // It is deferred if the system has no thread to give.
    others.push_back(std::async(std::launch::async | std::launch::deferred, write, i));
  }
  Status status = write(0);
  for (std::future<Status>& other : others) {
    const Status other_status = other.get();
    if (status.ok()) status = other_status;
  }
  ROLLCALL_RETURN_IF_ERROR(status);
  return add_to_database(db, tables, directory);
}

// This is not synced, because the record's write syncs what the log has before it.
Status write_to_log(rocksdb::DB& db, const Commit& part, const std::string& list_key,
                    std::vector<std::uint64_t>& checksums, const std::string& directory) {
  rocksdb::WriteBatch batch;
  ROLLCALL_RETURN_IF_ERROR(write_to_batch(part, batch, checksums, directory));
  ROLLCALL_RETURN_IF_ERROR(
      to_status(put_entry(batch, list_key, page_keys(part)), directory, "gather pages"));
  return to_status(db.Write(rocksdb::WriteOptions(), &batch), directory, "write pages ahead");
}

void count(const std::vector<std::uint64_t>& checksums, PagesWritten& written) {
  written.page_count += checksums.size();
  for (const std::uint64_t checksum : checksums) {
    written.digest = fold_page_checksum(written.digest, checksum);
  }
}

}  // namespace

Status write_pages_ahead(rocksdb::DB& db, const Commit& part, PagesWritten& written,
                         const std::string& directory) {
  if (part.pages.empty()) return {};
  std::vector<std::uint64_t> checksums(part.pages.size());
  const std::string list_key = written_list_key(part.epoch, written.list_count);
  ROLLCALL_RETURN_IF_ERROR(total_bytes(part) <= kBatchBytesMax
                               ? write_to_log(db, part, list_key, checksums, directory)
                               : write_to_tables(db, part, list_key, checksums, directory));
  ++written.list_count;
  count(checksums, written);
  return {};
}

Status write_pages(rocksdb::DB& db, const Commit& commit, rocksdb::WriteBatch& record_batch,
                   PagesWritten& written, const std::string& directory) {
  if (total_bytes(commit) <= kBatchBytesMax) {
    std::vector<std::uint64_t> checksums(commit.pages.size());
    ROLLCALL_RETURN_IF_ERROR(write_to_batch(commit, record_batch, checksums, directory));
    count(checksums, written);
  } else {
    ROLLCALL_RETURN_IF_ERROR(write_pages_ahead(db, commit, written, directory));
  }
  for (std::uint32_t number = 0; number < written.list_count; ++number) {
    ROLLCALL_RETURN_IF_ERROR(
        to_status(delete_entry(record_batch, written_list_key(commit.epoch, number)), directory,
                  "gather pages"));
  }
  return {};
}

}  // namespace rollcall
