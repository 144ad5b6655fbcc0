// The anchor records the last commit in a file beside the database, once the commit is durable
// there. A database that has lost acknowledged commits (because an old copy was put back, or
// RocksDB dropped the tail of a damaged log) is older than its anchor, and this is noticed.
//
// DIR/ANCHOR has two slots of 4,096 bytes, written in turn, so that a torn write damages only the
// slot that is not the latest. A slot is:
//
//   magic          8 bytes, "rollcall"
//   store id       16 bytes
//   epoch          8 bytes
//   digest         8 bytes: the commit record's
//   first journal  8 bytes: number of the first journal file that is needed
//   last journal   8 bytes: number of the last one that was begun
//   checksum       8 bytes: XXH3-64 of the above
//   zeros          to the slot's end
//
// After them comes a journal mark (journal_format.h): how much of the journal was acknowledged. It
// is not synced, because that would take as long as the journal's own sync. It survives the end of
// the process, and with it a journal file that was put back in an older state is noticed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/base/mutex.h"
#include "rollcall/store.h"
#include "storage/commit_record.h"
#include "storage/journal_format.h"
#include "storage/posix_file.h"
#include "storage/store_id.h"

namespace rollcall {

struct AnchorState {
  StoreId store_id{};
  Epoch epoch = 0;
  std::uint64_t digest = 0;
  // Holds the journal files that exist. If the first is past the last, none is needed.
  std::uint64_t first_journal = 1;
  std::uint64_t last_journal = 0;

  friend bool operator==(const AnchorState&, const AnchorState&) = default;
};

// The note_ functions may be called from any thread; everything else comes before them.
class Anchor {
 public:
  enum class Access { kRead, kWrite };

  // Opens the file and reads the later of its intact slots.
  //   kNotFound    there is no such file
  //   kCorruption  both slots are damaged
  static Result<Anchor> open(const std::string& path, Access access);

  // Creates the file, or replaces it, with `state` in both slots.
  static Result<Anchor> create(const std::string& path, const AnchorState& state);

  const AnchorState& state() const { return state_; }

  // Returns the mark that was noted last, or nullopt if it is damaged.
  Result<std::optional<JournalMark>> journal_mark() const;

  // Returns once `state` is on disk.
  Status write(const AnchorState& state);
  // Does the same for a commit after which journal files before `first_journal` are not needed.
  Status note_commit(const CommitFacts& facts, std::uint64_t first_journal);
  // Does the same for a journal file that was begun.
  Status note_journal(std::uint64_t last_journal);
  // Notes a mark, and returns before it is on disk.
  Status note_mark(const JournalMark& mark);

 private:
  Anchor(PosixFile file, const AnchorState& state, std::size_t slot)
      : file_(std::move(file)), state_(state), slot_(slot) {}

  PosixFile file_;
  AnchorState state_;
  std::size_t slot_;                                          // the one that holds state_
  std::unique_ptr<Mutex> mutex_ = std::make_unique<Mutex>();  // for the note_ functions
};

// Both functions compare the anchor with the last commit in the database of `directory`, and return
// kCorruption with a text that says how they differ.
//
// Checks that the two belong to the same store.
Status check_same_store(const AnchorState& anchor, const CommitFacts& last,
                        const std::string& directory);
// Checks that the database has not lost commits. The anchor may be one commit behind, after a crash
// between the two writes. For a reader it may be further behind, because a writer may go on beside
// it.
Status check_no_rollback(const AnchorState& anchor, const CommitFacts& last, Anchor::Access access,
                         const std::string& directory);

}  // namespace rollcall
