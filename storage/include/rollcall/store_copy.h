// Copies of a store in a directory: backups, and stores made from backups.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "rollcall/store.h"

namespace rollcall {

// What was copied.
struct StoreCopy {
  Epoch epoch = 0;               // of the commit
  std::uint64_t page_count = 0;  // live pages
  std::uint64_t bytes = 0;       // of the pages
};

// Told now and then, by the thread that copies, how many of its steps are done.
using CopyProgress = std::function<void(std::uint64_t done, std::uint64_t all)>;

// Copies the last commit of the store in `from` to a new store in `to`, a directory that is missing
// (its parent must exist) or empty. Another process may go on writing to `from`, which is opened as
// a reader does. The copy is the same store, with the same bytes in each page, at the same commit;
// it holds nothing else, no journal in particular. Two that go on from there are two stores that
// cannot be told apart.
//
// Every page is checked as it is read, their number as well, and all are read back from the copy
// and compared. Until then the copy is in `to`.new, which opens as no store; only what is on disk
// wholly gets the name. What a crash leaves, there or under the name, opens as no store and is
// removed by the next copy to the same place.
//   kNotFound       `from` holds no store, or one whose making is not finished; or the parent is
//                   missing
//   kAlreadyExists  `to` or `to`.new holds something
//   kBusy           somebody else copies to the same place
//   kCorruption     `from` is damaged or lost commits, or the copy did not read back the same
//   kIoError        the operating system or RocksDB refused, or `progress` threw; the text has it
Result<StoreCopy> copy_rocks_store(const std::string& from, const std::string& to,
                                   const CopyProgress& progress = {});

}  // namespace rollcall
