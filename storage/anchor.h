// The anchor: the last commit, noted in a file beside the database once it is durable there. A
// database that has lost acknowledged commits (an old copy put back, a damaged log whose tail
// RocksDB drops) is older than its anchor, and is noticed.
//
// DIR/ANCHOR is two slots of 4,096 bytes, written in turn, so that a torn write damages only the
// one that the commit before can do without. A slot:
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
// Behind them stands a journal mark (journal_format.h): how much of the journal was acknowledged.
// It is not synced, as that would take as long as the journal's own sync; so it survives the
// process, and notices a journal file that was put back in an older state.
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
  // Journal files; first past last: none is needed.
  std::uint64_t first_journal = 1;
  std::uint64_t last_journal = 0;

  friend bool operator==(const AnchorState&, const AnchorState&) = default;
};

// Threads: the note_ functions from any, everything else before them.
class Anchor {
 public:
  enum class Access { kRead, kWrite };

  // Opens the file and reads the later of its intact slots.
  //   kNotFound    there is no such file
  //   kCorruption  both slots are damaged
  static Result<Anchor> open(const std::string& path, Access access);

  // Makes the file, or replaces it, with `state` in both slots.
  static Result<Anchor> create(const std::string& path, const AnchorState& state);

  const AnchorState& state() const { return state_; }

  // What was noted last; nothing where that is damaged.
  Result<std::optional<JournalMark>> journal_mark() const;

  // Returns once `state` is on disk.
  Status write(const AnchorState& state);
  // The same, of a commit after which journal files before `first_journal` are not needed.
  Status note_commit(const CommitFacts& facts, std::uint64_t first_journal);
  // The same, of a journal file that was begun.
  Status note_journal(std::uint64_t last_journal);
  // Returns before it is on disk.
  Status note_mark(const JournalMark& mark);

 private:
  Anchor(PosixFile file, const AnchorState& state, std::size_t slot)
      : file_(std::move(file)), state_(state), slot_(slot) {}

  PosixFile file_;
  AnchorState state_;
  std::size_t slot_;                                          // the one that holds state_
  std::unique_ptr<Mutex> mutex_ = std::make_unique<Mutex>();  // of the note_ functions
};

// Both compare the anchor with the last commit in the database of `directory`, and answer
// kCorruption with a text that says how they differ.
//
// The two must belong to the same store.
Status check_same_store(const AnchorState& anchor, const CommitFacts& last,
                        const std::string& directory);
// The database must not have lost commits. The anchor may be one commit behind, by a crash between
// the two writes; and further behind for a reader, beside whom a writer goes on.
Status check_no_rollback(const AnchorState& anchor, const CommitFacts& last, Anchor::Access access,
                         const std::string& directory);

}  // namespace rollcall
