// Reads the journal's files in their order, from the first that is needed to the last.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rollcall/journal.h"
#include "rollcall/status.h"
#include "storage/anchor.h"
#include "storage/journal_format.h"
#include "storage/store_id.h"

namespace rollcall {

// Says where the journal's files are, and what is known about them from elsewhere.
struct JournalSource {
  std::string directory;
  AnchorState anchor;
  std::optional<JournalMark> mark;  // the anchor's
};

struct JournalScan {
  // Is ok if everything is there up to the end, except what was never synced. With kCorruption, it
  // says what is wrong with the record, or the file, that follows the last good record, and that
  // may have been acknowledged.
  Status damage;
  // Lists all files that have been read, each once, and how many of their bytes, up to the last
  // good record.
  std::vector<JournalMark> files;
  std::vector<std::uint64_t> unsynced;  // those with records that may not be on disk yet
  std::uint64_t next = 0;               // number of the record that is to follow
};

// Hands over the records from number `covered` on. Errors of the file system and of `visit` end it;
// an error of `visit` of kind kCorruption gets the record's place put in front.
Result<JournalScan> scan_journal(const JournalSource& source, std::uint64_t covered, Epoch epoch,
                                 const Journal::Visit& visit);

}  // namespace rollcall
