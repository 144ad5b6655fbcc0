// One reading of a file, as the stages of ingest_files share it.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/mutex.h"
#include "core/source/ingest/row_decoder.h"
#include "core/source/ingest/source_identity.h"
#include "rollcall/engine.h"
#include "rollcall/file_source.h"

namespace rollcall {

// One file of a run. The reading stage makes it, decoders share it, the last stage reports on it.
struct FileRun {
  DecoderOptions options;
  bool identified = false;  // its position is committed once it moves
  KnownSource position;     // the last stage's, as far as it is ingested
  bool known = false;
  std::atomic<bool> failed{false};  // some of it cannot be read: what follows is not looked at
  FileReport report;
  bool keeps_times = false;        // see ReadingPlan
  bool has_good_rows = false;      // in this run
  bool has_other_rejects = false;  // see FileReport::rows_want_other_reading
  std::vector<std::string> notes;
  std::vector<std::string> notes_if_read;  // to be told if any row is
  std::vector<std::string> late_columns;   // that would have been guessed, had they come earlier
  std::set<Option> roles_missing;          // of rows that were rejected for want of it
  Refusals admitted;        // the last stage's: what this run took in of what was refused before
  Refusals refused_beyond;  // rows that the position does not tell: of a pipe, or past its mark
  // What else limits keep out of the content, as it was when the file was recognized.
  std::vector<SourceRegistry::Part> parts;

  // A second reading of a part of `of`, for what limits refused; `position` is the part's owner's.
  struct SecondReading {
    std::shared_ptr<FileRun> of;
    RefusedRange range;    // the last stage's from the first block on: what is not read yet
    bool goes_on = false;  // the last stage's: some of it is read
  };
  std::optional<SecondReading> second;

  std::unique_ptr<RowDecoder> take_decoder(const Engine& engine) {
    {
      const MutexLock lock(mutex);
      if (!idle_decoders.empty()) {
        std::unique_ptr<RowDecoder> decoder = std::move(idle_decoders.back());
        idle_decoders.pop_back();
        return decoder;
      }
    }
    return RowDecoder::make(engine, options);
  }
  void give_back(std::unique_ptr<RowDecoder> decoder) {
    const MutexLock lock(mutex);
    idle_decoders.push_back(std::move(decoder));
  }

  Mutex mutex;
  std::vector<std::unique_ptr<RowDecoder>> idle_decoders ROLLCALL_GUARDED_BY(mutex);
};

}  // namespace rollcall
