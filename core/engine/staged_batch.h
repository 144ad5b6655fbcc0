// A staged batch is what a batch does to the state outside its partitions, in the two steps of
// ingest.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/batch/prepared_batch.h"
#include "core/catalog/manifest.h"
#include "core/catalog/series_catalog.h"
#include "core/catalog/source_table.h"
#include "core/partition/partition.h"
#include "rollcall/delivery.h"

namespace rollcall {

// Numbers the batch's local series, and makes names and series that are new.
std::vector<NumberedSeries> number_series(const PreparedRows& rows, SeriesCatalog& catalog);

// Undoes the first step unless it is finished, so that no new users and no new names remain.
class StagedBatch {
 public:
  StagedBatch(SeriesCatalog& catalog, std::vector<Partition>& partitions)
      : catalog_(catalog), partitions_(partitions), before_(catalog.mark()) {}
  ~StagedBatch() {
    if (finished_) return;
    for (Partition& partition : partitions_) partition.unstage();
    catalog_.truncate(before_);
  }
  StagedBatch(const StagedBatch&) = delete;
  StagedBatch& operator=(const StagedBatch&) = delete;

  void finish() { finished_ = true; }
  bool changed_names() const { return catalog_.mark() != before_; }

 private:
  SeriesCatalog& catalog_;
  std::vector<Partition>& partitions_;
  const SeriesCatalog::Mark before_;
  bool finished_ = false;
};

// Counts a batch in the manifest, and notes the position of its source. If `durable_by` is not 0,
// the batch becomes durable with that commit. `record` is its journal record, if it has one.
// Returns whether its source has moved.
bool count_batch(const PreparedRows& rows, const Delivery& delivery,
                 std::optional<std::uint64_t> record, Epoch durable_by, Manifest& manifest,
                 SourceTable& sources);

}  // namespace rollcall
