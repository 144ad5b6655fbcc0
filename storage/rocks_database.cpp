#include "storage/rocks_database.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <latch>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "core/base/guard.h"
#include "core/base/memory_policy.h"
#include "rollcall/standard_descriptors.h"
#include "storage/cautious_file_system.h"
#include "storage/posix_file.h"
#include "storage/rocks_options.h"
#include "storage/rocks_status.h"
#include "storage/store_directory.h"

namespace rollcall {

namespace {

constexpr std::size_t kCurrentFileBytesMax = 4096;

// RocksDB starts threads when a database is opened for writing: to flush, to compact, and for a
// timer that all databases share. If the system refuses that one, RocksDB ends the process later.
// Therefore as many threads are first asked for, and given back.
Status check_threads(const std::string& directory) {
  constexpr std::size_t kThreadCount = 3;
  std::latch enough(1);
  std::vector<std::jthread> threads;
  const Status status = guarded(directory + ": no thread for the database", [&] {
    while (threads.size() < kThreadCount) threads.emplace_back([&] { enough.wait(); });
    return Status();
  });
  enough.count_down();
  return status;
}

// Calls `open`. If RocksDB throws, it leaves a database behind that nobody owns, but which goes on
// to use the environment.
template <class Open>
rocksdb::Status open_in(std::unique_ptr<rocksdb::Env>& env, const Open& open) {
  try {
    return open();
  } catch (...) {
    static_cast<void>(env.release());
    throw;
  }
}

// RocksDB's threads serve all databases of a process. In a child that fork() made after they began,
// they are not there, and a database would wait for them for ever.
Status check_not_forked(const std::string& directory) {
  static const pid_t first = ::getpid();  // the process that opened the first one
  if (::getpid() == first) return {};
  return {StatusCode::kFailedPrecondition,
          directory +
              ": the process was forked from one that had opened a store in a directory before "
              "(allowed: one that was forked earlier, or started anew)"};
}

}  // namespace

Result<std::shared_ptr<RocksDatabase>> open_rocks_database(const std::string& directory,
                                                           const RocksStoreOptions& options,
                                                           bool create) {
  const std::string path = database_path(directory);
  std::error_code error;
  if (std::filesystem::is_symlink(std::filesystem::symlink_status(path, error))) {
    return Status::invalid_argument(path +
                                    ": is a symbolic link (allowed: a directory; the store as a "
                                    "whole may be moved, and linked to)");
  }
  ROLLCALL_RETURN_IF_ERROR(check_not_forked(directory));
  // RocksDB also opens files that are not the store's.
  ROLLCALL_RETURN_IF_ERROR(open_standard_descriptors());
  auto database = std::make_shared<RocksDatabase>();
  database->directory = directory;
  const auto file_system = std::make_shared<CautiousFileSystem>();
  database->env = rocksdb::NewCompositeEnv(file_system);
  database->cache = make_block_cache(options.cache_bytes);
  database->write_buffers = make_write_buffers();
  rocksdb::Options rocks = rocks_options(options, database->cache, database->write_buffers);
  rocks.env = database->env.get();
  rocks.create_if_missing = create;
  rocksdb::DB* db = nullptr;
  if (!options.read_only) ROLLCALL_RETURN_IF_ERROR(check_threads(directory));
  const rocksdb::Status status = open_in(database->env, [&] {
    return options.read_only ? rocksdb::DB::OpenForReadOnly(rocks, path, &db)
                             : rocksdb::DB::Open(rocks, path, &db);
  });
  if (!status.ok()) {
    file_system->remove_new_files();
    return to_status(status, directory, "open the database");
  }
  file_system->keep_new_files();
  database->db.reset(db);
  return database;
}

Result<std::string> rocks_database_version(const std::string& directory) {
  // CURRENT names the MANIFEST, to which each change of the set is appended.
  const std::filesystem::path path = database_path(directory);
  ROLLCALL_ASSIGN_OR_RETURN(const std::string current,
                            read_small_file((path / "CURRENT").string(), kCurrentFileBytesMax));
  const std::string manifest = current.substr(0, current.find('\n'));
  std::error_code error;
  const std::uintmax_t bytes = std::filesystem::file_size(path / manifest, error);
  // This is no damage yet, because a writer may have put another MANIFEST in its place since.
  if (error == std::errc::no_such_file_or_directory) return manifest + ", removed";
  if (error) return Status::io_error((path / manifest).string() + ": " + error.message());
  return manifest + " of " + std::to_string(bytes) + " bytes";
}

std::size_t limit_memory(const RocksDatabase& database, std::size_t bytes_max,
                         std::size_t cache_bytes_max) {
  std::size_t buffer_bytes =
      std::clamp(bytes_max * kStoreBuffersShare, kStorePartBytesMin, kWriteBufferBytesMax);
  if (database.lock) {
    database.write_buffers->SetBufferSize(buffer_bytes);
  } else {
    // The memtables of a reader are what it found in the log, and stay.
    std::uint64_t found = 0;
    database.db->GetIntProperty(rocksdb::DB::Properties::kCurSizeAllMemTables, &found);
    buffer_bytes = found;
  }
  const std::size_t cache_bytes = std::min(
      std::max(bytes_max - std::min(bytes_max, buffer_bytes), kStorePartBytesMin), cache_bytes_max);
  database.cache->SetCapacity(cache_bytes);
  return buffer_bytes + cache_bytes;
}

Status compact_rocks_database(rocksdb::DB& db, const std::string& directory) {
  constexpr std::string_view kAction = "compact the database";
  // The log is removed together with the memtable that it is the log of.
  ROLLCALL_RETURN_IF_ERROR(to_status(db.Flush(rocksdb::FlushOptions()), directory, kAction));
  rocksdb::CompactRangeOptions options;
  // A compaction that ran while a snapshot still showed removed entries left them in the last
  // level, which RocksDB does not look at again by itself.
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  ROLLCALL_RETURN_IF_ERROR(
      to_status(db.CompactRange(options, nullptr, nullptr), directory, kAction));
  // Old files may still be about to be removed. That belongs to the background work that replaced
  // them, and pausing waits for its end.
  ROLLCALL_RETURN_IF_ERROR(to_status(db.PauseBackgroundWork(), directory, kAction));
  return to_status(db.ContinueBackgroundWork(), directory, kAction);
}

}  // namespace rollcall
