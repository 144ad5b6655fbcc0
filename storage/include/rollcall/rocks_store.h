// A store in a directory, on RocksDB.
//
//   DIR/FORMAT    what the directory is, and its format version
//   DIR/LOCK      held by the one writer; says who it is
//   DIR/ANCHOR    the last commit, kept apart from the database, to notice one that lost commits
//   DIR/JOURNAL-n what was acknowledged as durable since the last commit
//   DIR/rocksdb/  the database: pages, the commit record and the manifest
//
// They are regular files, made new: a symbolic link in the place of one is refused or loses the
// name, and is never written through; so is a second name of a file that is written (ln, cp -l).
// The path of the store itself may be a link.
//
// No file of a store gets one of the descriptors 0 to 2: those that the host has closed are opened
// on /dev/null first (standard_descriptors.h).
//
// docs/format.md describes the bytes.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "rollcall/store.h"

namespace rollcall {

struct RocksStoreOptions {
  // Reads the last commit found at opening, while another process may go on writing. Takes no lock,
  // writes nothing, and does not follow later commits: open again to see them.
  bool read_only = false;

  // Makes a store where there is none: in a directory that is missing (its parent must exist) or
  // empty, or holds a store without a commit. Without meaning for read_only.
  bool create_if_missing = true;

  // Opens a store that lost commits, its ANCHOR, or records of its journal, and takes what is there
  // for the truth: of the journal, what stands before the first record that is lost.
  bool accept_rollback = false;

  // Of RocksDB's block cache, indexes and filters included, at most. Its write buffers, which hold
  // what was committed last, take up to 96 MiB. An engine with little memory has the store do with
  // less of both (EngineOptions::memory_bytes_max).
  std::size_t cache_bytes = std::size_t{64} << 20;
};

// Opens the store in `directory`, or makes one.
//   kNotFound         there is no store, or one whose making is not finished, as it has no commit;
//                     and none is to be made
//   kInvalidArgument  the directory holds something that is not a rollcall store, or a link where a
//                     file of it should be; it is left alone
//   kUnsupported      the store's format is newer than this program; it is left alone
//   kBusy             another process writes to the store; the text says which
//   kCorruption       the files are damaged, belong to different stores, or lost commits
//   kIoError          the operating system or RocksDB refused; the text says what
//   kFailedPrecondition  as open_standard_descriptors
//
// A commit() that fails leaves every view and last_commit() as they were, and the store refuses
// further commits until it is opened again: whether the commit is on disk is known only then. It is
// there wholly or not at all.
//
// The store belongs to the process that opened it. In a child made by fork() its calls, and those
// of its views and its journal, are refused with kFailedPrecondition, and their destructors neither
// write nor wait. No exception leaves it but std::bad_alloc.
Result<std::unique_ptr<Store>> open_rocks_store(const std::string& directory,
                                                const RocksStoreOptions& options = {});

}  // namespace rollcall
