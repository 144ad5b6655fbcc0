// These are rejected rows of blocks that are not ingested yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/source/ingest/row_decoder.h"
#include "rollcall/file_source.h"

namespace rollcall {

// A report shows at most this many rejected rows.
inline constexpr std::size_t kExamplesMax = 10;

// Holds rejected rows back until the position behind them is about to be ingested. A run that goes
// on from there then reports none of them again, and one that goes on before it reports them all.
class PendingRejects {
 public:
  // Takes over the rejected rows of a block of `file` that has `lines_before` lines before it.
  // `holds` says whether what a limit refuses of the file can be read again.
  void add(const std::string& file, bool holds, std::uint64_t lines_before, DecodedBlock& decoded);

  std::uint64_t rows() const { return rows_; }
  std::size_t memory_bytes() const { return bytes_; }

  // Reports each of them to `hook` (may be empty), up to its first error.
  Status tell(const std::function<Status(const RejectedRow&)>& hook) const;
  // Adds them to `report`, where they count.
  void count_in(IngestReport& report) &&;

 private:
  std::vector<RejectedRow> rejects_;
  std::vector<RejectCount> by_kind_;
  std::uint64_t rows_ = 0;  // including those of which no details are kept
  std::size_t bytes_ = 0;
};

}  // namespace rollcall
