// This is a store in a directory, on top of RocksDB.
//
//   DIR/FORMAT    what the directory is, and its format version
//   DIR/LOCK      held by the one writer; says who it is
//   DIR/ANCHOR    the last commit, kept apart from the database, to notice a database that lost
//                 commits
//   DIR/JOURNAL-n what was acknowledged as durable since the last commit
//   DIR/ALERTS    what became of the alerts that the store keeps (alert_log.h)
//   DIR/rocksdb/  the database: pages, the commit record and the manifest
//
// All of them are regular files that the store itself created. A symbolic link in the place of one
// is refused or replaced, and is never written through; the same holds for a second name (ln, cp
// -l) of a file that is written. The path of the store itself may be a link.
//
// No file of a store gets one of the descriptors 0 to 2: if the host has closed them, they are
// opened on /dev/null first (standard_descriptors.h).
//
// docs/format.md describes the bytes.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "rollcall/store.h"

namespace rollcall {

struct RocksStoreOptions {
  // Reads the last commit found at opening, while another process may go on writing. The store
  // takes no lock, writes nothing, and does not follow later commits: open it again to see them.
  bool read_only = false;

  // Makes a store if there is none: in a directory that is missing (its parent must exist), is
  // empty, or holds a store without a commit. Has no effect with read_only.
  bool create_if_missing = true;

  // Opens a store that lost commits, its ANCHOR, or records of its journal, and accepts what is
  // there. Of the journal, that is what stands before the first lost record.
  bool accept_rollback = false;

  // RocksDB's block cache takes at most this much, including indexes and filters. Its write
  // buffers, which hold what was committed last, take up to 96 MiB besides. An engine with little
  // memory makes the store use less of both (EngineOptions::memory_bytes_max).
  std::size_t cache_bytes = std::size_t{64} << 20;
};

// Opens the store in `directory`, or makes one. A relative path begins at the working directory of
// this call; the store stays in its place if the process goes elsewhere.
//   kNotFound         there is no store, or only one that was never finished and has no commit, and
//                     none is to be made
//   kInvalidArgument  the path is empty, or the directory holds something that is not a rollcall
//                     store, or a link in the place of one of its files; it is left alone
//   kUnsupported      the store's format is newer than this program; it is left alone
//   kBusy             another process writes to the store; the text says which
//   kCorruption       the files are damaged, belong to different stores, or lost commits
//   kIoError          the operating system or RocksDB refused; the text says what
//   kFailedPrecondition  as in open_standard_descriptors
//
// A commit() that fails leaves every view and last_commit() as they were, and the store refuses
// further commits until it is opened again, because only then is it known whether the commit is on
// disk. It is there as a whole or not at all.
//
// The store belongs to the process that opened it. In a child made by fork() its calls, and those
// of its views and its journal, are refused with kFailedPrecondition, and their destructors neither
// write nor wait. The child can open none itself, because the threads of RocksDB are not there; it
// fails with the same code. No exception leaves it but std::bad_alloc.
Result<std::unique_ptr<Store>> open_rocks_store(const std::string& directory,
                                                const RocksStoreOptions& options = {});

}  // namespace rollcall
