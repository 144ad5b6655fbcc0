// This header makes copies of a store in a directory: backups, and stores made from backups.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "rollcall/store.h"

namespace rollcall {

// Says what was copied.
struct StoreCopy {
  Epoch epoch = 0;               // the commit that was copied
  std::uint64_t page_count = 0;  // live pages
  std::uint64_t bytes = 0;       // their total size
};

// Is called now and then, by the thread that copies, with how many of its steps are done.
using CopyProgress = std::function<void(std::uint64_t done, std::uint64_t all)>;

// Copies the last commit of the store in `from` to a new store in `to`, a directory that is missing
// (its parent must exist) or empty. Another process may go on writing to `from`, which is opened
// read-only. The copy is the same store at the same commit, with the same bytes in each page. It
// also has what became of the store's alerts (alert_log.h), as it is by then. It holds nothing
// else; in particular, it has no journal. If both are written to from there, they are two stores
// that cannot be told apart.
//
// Every page and the number of pages are checked while reading, and all pages are read back from
// the copy and compared. Until then the copy is in `to`.new, which does not open as a store; it
// gets its name only once it is on disk as a whole. What a crash leaves behind, there or under the
// name, does not open as a store, and the next copy to the same place removes it.
//   kNotFound       `from` holds no store, or one whose making is not finished; or the parent is
//                   missing
//   kAlreadyExists  `to` or `to`.new holds something
//   kBusy           somebody else copies to the same place
//   kCorruption     `from` is damaged or lost commits, or the copy did not read back the same
//   kIoError        the operating system or RocksDB refused, or `progress` threw; the text has it
Result<StoreCopy> copy_rocks_store(const std::string& from, const std::string& to,
                                   const CopyProgress& progress = {});

}  // namespace rollcall
