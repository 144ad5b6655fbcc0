#include "storage/rocks_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <cstdarg>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace rollcall {

namespace {

constexpr int kWriteBufferCount = 3;
constexpr std::uint64_t kTableFileBytes = std::uint64_t{128} << 20;
constexpr int kOpenFilesMax = 256;
// The tables of checkpoints overlap those before them, and are merged with them once there are so
// many tables, or so many bytes. If they were merged sooner, merging would cost ingest more than
// the checkpoints do.
constexpr int kTablesMergedMin = 12;
constexpr std::uint64_t kBytesMergedMin = std::uint64_t{1} << 30;
constexpr std::size_t kBlockBytes = 16 << 10;
constexpr double kBloomBitsPerKey = 10;
constexpr int kBackgroundJobs = 2;
constexpr std::uint64_t kSyncStepBytes = 1 << 20;

// This takes the place of RocksDB's info log. RocksDB ends the process if it cannot write that log:
// a failed write there, as on a full disk, makes the next one break an assertion that Debian's
// build has switched on. Nothing is lost by it, because errors come as statuses; and a reader must
// not write beside a writer.
class NoLog final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, std::va_list) override {}
};

// Keeps RocksDB from opening a compacted database in a mode of its own, which it has for those
// without merges: there Get() does not look at the log. RocksDB makes sure that the log is empty
// first, but a writer may write to it then, and Get() and iterators would see different commits.
class NoMerge final : public rocksdb::AssociativeMergeOperator {
 public:
  bool Merge(const rocksdb::Slice&, const rocksdb::Slice*, const rocksdb::Slice&, std::string*,
             rocksdb::Logger*) const override {
    return false;
  }
  const char* Name() const override { return "none"; }
};

rocksdb::CompressionType best_compression() {
  const std::vector<rocksdb::CompressionType> built_in = rocksdb::GetSupportedCompressions();
  for (const auto type : {rocksdb::kLZ4Compression, rocksdb::kZSTD}) {
    if (std::find(built_in.begin(), built_in.end(), type) != built_in.end()) return type;
  }
  return rocksdb::kNoCompression;
}

}  // namespace

std::shared_ptr<rocksdb::Cache> make_block_cache(std::size_t bytes) {
  // There is no strict capacity limit, because past it, reads would fail instead of taking a little
  // more memory. There are few shards: if the cache is made smaller, the filter of a large table
  // must fit in one, or it is read again for every page.
  constexpr int kShardBits = 2;
  return rocksdb::NewLRUCache(bytes, kShardBits);
}

std::shared_ptr<rocksdb::WriteBufferManager> make_write_buffers() {
  return std::make_shared<rocksdb::WriteBufferManager>(kWriteBufferBytesMax);
}

rocksdb::Options rocks_options(const RocksStoreOptions& options,
                               std::shared_ptr<rocksdb::Cache> cache,
                               std::shared_ptr<rocksdb::WriteBufferManager> write_buffers) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = std::move(cache);
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.block_size = kBlockBytes;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kBloomBitsPerKey));
  // This is faster than CRC32C if RocksDB is built without the processor's instruction for it.
  table.checksum = rocksdb::kXXH3;

  rocksdb::Options rocks;
  rocks.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  rocks.compression = best_compression();
  rocks.write_buffer_size = kWriteBufferBytesMax / kWriteBufferCount;
  rocks.max_write_buffer_number = kWriteBufferCount;
  rocks.write_buffer_manager = std::move(write_buffers);
  rocks.target_file_size_base = kTableFileBytes;
  rocks.level_compaction_dynamic_level_bytes = true;
  rocks.level0_file_num_compaction_trigger = kTablesMergedMin;
  rocks.max_bytes_for_level_base = kBytesMergedMin;
  rocks.max_background_jobs = kBackgroundJobs;
  // Lets the disk begin early, so that the sync that ends a commit has little left to wait for.
  rocks.wal_bytes_per_sync = kSyncStepBytes;
  rocks.bytes_per_sync = kSyncStepBytes;

  // A power cut may leave any part of the log's unsynced tail, and the store must open after it:
  // the log is good up to its first damage. Damage before that, in commits once acknowledged, is
  // cut off as well, and the anchor notices.
  rocks.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  rocks.paranoid_checks = true;
  // An error in the background, a failed fsync among them, is never retried: what is on disk is
  // unknown then, and only opening the store again finds out.
  rocks.max_bgerror_resume_count = 0;

  rocks.stats_dump_period_sec = 0;
  rocks.stats_persist_period_sec = 0;
  rocks.info_log = std::make_shared<NoLog>();

  // With more of them, RocksDB would start threads for the time of opening, and it ends the process
  // if the system has none to give after the first.
  rocks.max_file_opening_threads = 1;
  // A reader opens all files at once and keeps them open, because the writer may remove them
  // meanwhile.
  rocks.max_open_files = options.read_only ? -1 : kOpenFilesMax;
  if (options.read_only) rocks.merge_operator = std::make_shared<NoMerge>();
  return rocks;
}

}  // namespace rollcall
