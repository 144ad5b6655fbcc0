// The anchor: the last commit, noted in a file beside the database once it is durable there. A
// database that has lost acknowledged commits (an old copy put back, a damaged log whose tail
// RocksDB drops) is older than its anchor, and is noticed.
//
// DIR/ANCHOR is two slots of 4,096 bytes, written in turn, so that a torn write damages only the
// one that the commit before can do without. A slot:
//
//   magic     8 bytes, "rollcall"
//   store id  16 bytes
//   epoch     8 bytes
//   digest    8 bytes: the commit record's
//   checksum  8 bytes: XXH3-64 of the above
//   zeros     to the slot's end
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "rollcall/store.h"
#include "storage/commit_record.h"
#include "storage/posix_file.h"
#include "storage/store_id.h"

namespace rollcall {

struct AnchorState {
  StoreId store_id{};
  Epoch epoch = 0;
  std::uint64_t digest = 0;

  friend bool operator==(const AnchorState&, const AnchorState&) = default;
};

// What the anchor says after the commit of `facts`.
AnchorState anchor_state(const CommitFacts& facts);

// Writes come from one thread at a time.
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

  // Returns once `state` is on disk.
  Status write(const AnchorState& state);

 private:
  Anchor(PosixFile file, const AnchorState& state, std::size_t slot)
      : file_(std::move(file)), state_(state), slot_(slot) {}

  PosixFile file_;
  AnchorState state_;
  std::size_t slot_;  // the one that holds state_
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
