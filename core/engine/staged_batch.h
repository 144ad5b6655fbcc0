// What a batch does to the state besides its partitions, in the two steps of ingest.
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

// Numbers the batch's local series, making names and series that are new.
std::vector<NumberedSeries> number_series(const PreparedRows& rows, SeriesCatalog& catalog);

// Undoes the first step, unless that is finished: no new users, no new names.
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

// Counts a batch in the manifest, and notes where its source stands; by `durable_by`, if that is
// not 0, it will be durable. `record`: of the journal, where the batch has one. Returns whether its
// source has moved.
bool count_batch(const PreparedRows& rows, const Delivery& delivery,
                 std::optional<std::uint64_t> record, Epoch durable_by, Manifest& manifest,
                 SourceTable& sources);

}  // namespace rollcall
