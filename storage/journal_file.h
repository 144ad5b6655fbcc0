// This is one file of the journal: records end to end, and how much of them is known to be on disk.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "rollcall/journal.h"
#include "rollcall/status.h"
#include "storage/journal_format.h"
#include "storage/posix_file.h"

namespace rollcall {

// `sync` and `note` may be called beside `append`; otherwise one thread may use it at a time.
class JournalFile {
 public:
  // Creates file `number`, empty. After an error it may be created again.
  static Result<JournalFile> create(const std::string& directory, const StoreId& store_id,
                                    std::uint64_t number);

  // Returns once the file, still empty, and its name are on disk.
  Status publish(const std::string& directory) const;

  std::uint64_t number() const { return number_; }
  bool empty() const { return bytes_ == kJournalRecordsBegin; }
  // Returns the mark that will be true once all that was appended is on disk.
  JournalMark mark() const { return {number_, bytes_, next_}; }

  // After an error the file is as before, unless restoring it failed as well, in which case
  // intact() is false.
  Status append(const JournalRecord& record);
  bool intact() const { return intact_; }

  // Returns once all that was appended before is on disk.
  Status sync() const { return file_.sync(); }
  // Notes the mark in the file, which is not durable before the next sync.
  Status note(const JournalMark& mark) const;

 private:
  JournalFile(PosixFile file, const StoreId& store_id, std::uint64_t number)
      : file_(std::move(file)), store_id_(store_id), number_(number) {}

  PosixFile file_;
  StoreId store_id_;
  std::uint64_t number_;
  std::uint64_t bytes_ = kJournalRecordsBegin;
  std::uint64_t next_ = 0;  // number of the record after the last
  bool intact_ = true;
};

}  // namespace rollcall
