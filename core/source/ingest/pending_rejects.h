// Rejected rows of blocks that are not ingested yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/source/ingest/row_decoder.h"
#include "rollcall/file_source.h"

namespace rollcall {

// How many rejected rows a report shows.
inline constexpr std::size_t kExamplesMax = 10;

// Holds rejected rows back until the position behind them is about to be ingested, so that a run
// that goes on from there tells of none of them again, and one that goes on before it of all.
class PendingRejects {
 public:
  // Takes over those of a block of `file` before which there are `lines_before` lines. `holds`:
  // what a limit refuses of the file can be read again.
  void add(const std::string& file, bool holds, std::uint64_t lines_before, DecodedBlock& decoded);

  std::uint64_t rows() const { return rows_; }
  std::size_t memory_bytes() const { return bytes_; }

  // Tells `hook` (may be empty) of each, up to its first error.
  Status tell(const std::function<Status(const RejectedRow&)>& hook) const;
  // Adds them to `report`, as ones that count.
  void count_in(IngestReport& report) &&;

 private:
  std::vector<RejectedRow> rejects_;
  std::vector<RejectCount> by_kind_;
  std::uint64_t rows_ = 0;  // also those of which no more is known
  std::size_t bytes_ = 0;
};

}  // namespace rollcall
