// The stages of ingest_files share one reading of a file.
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

// Is one file of a run. The reading stage makes it, decoders share it, and the last stage reports
// on it.
struct FileRun {
  DecoderOptions options;
  bool identified = false;  // its position is committed once it moves
  KnownSource position;     // belongs to the last stage: how far it is ingested
  bool known = false;
  std::atomic<bool> failed{false};  // some of it cannot be read, and what follows is skipped
  FileReport report;
  bool keeps_times = false;        // see ReadingPlan
  bool has_good_rows = false;      // in this run
  bool has_other_rejects = false;  // see FileReport::rows_want_other_reading
  std::vector<std::string> notes;
  std::vector<std::string> notes_if_read;  // reported if any row is read
  std::vector<std::string> late_columns;   // would have been guessed, had they come earlier
  std::set<Option> roles_missing;          // rows were rejected for lack of these
  Refusals admitted;        // belongs to the last stage: refused before, and ingested by this run
  Refusals refused_beyond;  // rows that the position does not cover: of a pipe, or past its mark
  // Holds what else limits keep out of the content, as it was when the file was recognised.
  std::vector<SourceRegistry::Part> parts;

  // Is a second reading of a part of `of`, for rows that limits refused; `position` is that of the
  // part's owner.
  struct SecondReading {
    std::shared_ptr<FileRun> of;
    RefusedRange range;    // belongs to the last stage from the first block on: what is yet to read
    bool goes_on = false;  // belongs to the last stage: some of it is read
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
