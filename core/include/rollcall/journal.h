// This is the interface of a log beside the pages, which keeps single batches until a commit has
// them.
//
// Records are numbered from 0, without gaps, over the life of a store. The manifest of a commit
// says how many of them its pages cover; the others are replayed after a crash.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

struct JournalRecord {
  std::uint64_t number = 0;
  Epoch base = 0;  // the last commit before the record was written
  std::string_view bytes;
};

// `replay` is called before all else, `append` from one thread at a time, `rotate` from the thread
// that commits, and the others from any thread.
class Journal {
 public:
  using Visit = std::function<Status(const JournalRecord&)>;

  virtual ~Journal() = default;

  // Hands over the records from number `covered` on, in their order; later records are appended
  // after the last of them. Records that were never synced and that a crash left unfinished are
  // dropped. An error of `visit` ends the replay and is passed on; if its code is kCorruption, the
  // record's place is put in front.
  //   kCorruption  a synced record is damaged or lost, or is based on a commit after `epoch`
  virtual Status replay(std::uint64_t covered, Epoch epoch, const Visit& visit) = 0;

  // Writes a record after the others and returns its number. The record is not durable until it is
  // synced. After an error nothing is written.
  virtual Result<std::uint64_t> append(Epoch base, std::string_view bytes) = 0;

  // Returns once the records up to `number` are on disk. Callers that wait at the same time share
  // one write. A sync that failed is not retried: every later call fails as well.
  virtual Status sync(std::uint64_t number) = 0;

  // Is called before each commit, and before the contents of the commit are decided. Once that
  // commit is durable, the store removes what was written before the call.
  virtual Status rotate() = 0;

  // Returns the size of the records that no commit has made superfluous.
  virtual std::uint64_t bytes() const = 0;
};

}  // namespace rollcall
