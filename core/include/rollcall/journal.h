// The interface of a log beside the pages: where single batches live until a commit has them.
//
// Records are numbered from 0 on, without gaps, over the life of a store. The manifest of a commit
// says how many of them its pages cover; the others are to be replayed after a crash.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

struct JournalRecord {
  std::uint64_t number = 0;
  Epoch base = 0;  // the commit that the record was written after
  std::string_view bytes;
};

// Threads: `replay` before all else; `append` from one thread at a time; `rotate` from the thread
// that commits; the others from any.
class Journal {
 public:
  using Visit = std::function<Status(const JournalRecord&)>;

  virtual ~Journal() = default;

  // Hands over the records from number `covered` on, in their order, and has later ones follow the
  // last. What a crash left unfinished of records that were never synced is dropped. An error of
  // `visit` ends it and is passed on; one of kind kCorruption gets the record's place put in front.
  //   kCorruption  a synced record is damaged or lost, or is based on a commit after `epoch`
  virtual Status replay(std::uint64_t covered, Epoch epoch, const Visit& visit) = 0;

  // Writes a record behind the others, and returns its number; not durable before it is synced.
  // After an error nothing is written.
  virtual Result<std::uint64_t> append(Epoch base, std::string_view bytes) = 0;

  // Returns once the records up to `number` are on disk; whoever waits meanwhile is served by the
  // same write. A sync that failed is not tried again: every later call fails as well.
  virtual Status sync(std::uint64_t number) = 0;

  // Comes before each commit, and before what the commit is of is decided. Once that commit is
  // durable, the store removes what was written before the call.
  virtual Status rotate() = 0;

  // Of the records that no commit has made superfluous.
  virtual std::uint64_t bytes() const = 0;
};

}  // namespace rollcall
