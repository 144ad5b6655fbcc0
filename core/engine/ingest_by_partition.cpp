// A batch may not fit in memory beside what it is added to. Then one partition after the other
// takes in its rows, is written ahead of a commit that the batch gets for its own, and leaves
// memory again.
//
// This is external aggregation by hash partitions. It is slow, because every page that the batch
// touches is read and written for it, but it stays within memory for a single partition.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/memory_policy.h"
#include "core/engine/engine_state.h"
#include "core/engine/staged_batch.h"

namespace rollcall {
namespace {

Status no_room(std::uint32_t partition, std::size_t bytes_max, std::size_t memory_bytes_max) {
  constexpr double kMiB = 1 << 20;
  return Status::resource_exhausted(
      fmt::format("engine: partition {} needs more than {:.1f} MiB for a batch, which is all that "
                  "there is with memory_bytes_max at {:.1f} MiB (allowed: more memory, or a "
                  "smaller batch)",
                  partition, static_cast<double>(bytes_max) / kMiB,
                  static_cast<double>(memory_bytes_max) / kMiB));
}

}  // namespace

// These partitions are ahead of the last commit; unless there is a next one, they go back to it.
class Engine::State::PartitionsWrittenAhead {
 public:
  explicit PartitionsWrittenAhead(State& state)
      : state_(state),
        failure_(Status::resource_exhausted(
            "engine: a batch that was given up cannot be undone; open the store again")) {}
  ~PartitionsWrittenAhead() {
    if (count_ == 0) return;
    state_.gate.assert_passed();
    try {
      Status status = go_back();
      if (status.ok()) return;
      failure_ = std::move(status);
    } catch (...) {
      // Memory ran out, or the store threw; failure_ says that.
    }
    state_.state_failure.replace(std::move(failure_));
  }
  PartitionsWrittenAhead(const PartitionsWrittenAhead&) = delete;
  PartitionsWrittenAhead& operator=(const PartitionsWrittenAhead&) = delete;

  void add() { ++count_; }  // the next partition
  void finish() { count_ = 0; }

 private:
  Status go_back() ROLLCALL_REQUIRES(state_.gate) {
    // If a write has failed already, the next opening does it.
    if (!state_.write_failure.has_failed()) {
      state_.write_failure.replace(state_.store->discard_ahead());
    }
    for (std::uint32_t i = 0; i < count_; ++i) {
      Partition& partition = state_.partitions[i];
      partition = Partition(i, state_.settings);
      if (const Epoch epoch = state_.manifest.partition_epochs[i]; epoch != 0) {
        ROLLCALL_RETURN_IF_ERROR(partition.open(
            *state_.view, epoch, state_.tables.catalog->series_count(), state_.batch_number));
      }
    }
    return {};
  }

  State& state_;
  Status failure_;  // made while there is memory for it
  std::uint32_t count_ = 0;
};

Result<Engine::State::BatchOutcome> Engine::State::ingest_by_partition(
    const PreparedRows& rows, const Delivery& delivery, std::optional<std::uint64_t> record) {
  ROLLCALL_RETURN_IF_ERROR(check_failures());
  if (is_known(delivery)) return BatchOutcome{.is_known = true};
  for (Partition& partition : partitions) evict(partition, 0, epoch);
  day_totals.clear();
  kept_ranks.change();
  const std::size_t bytes_max = std::max(room(), kPartitionBytesMin);
  SeriesCatalog& catalog = tables.writable_catalog();
  PartitionsWrittenAhead ahead(*this);
  StagedBatch staged(catalog, partitions);
  const std::vector<NumberedSeries> series = number_series(rows, catalog);

  // The commit will say this; until then, the last one still holds.
  Manifest next_manifest = manifest;
  StoreTables next_tables(settings);
  next_tables.catalog = tables.catalog;
  next_tables.sources = tables.sources;
  if (count_batch(rows, delivery, record, /*durable_by=*/0, next_manifest, next_tables.sources)) {
    next_tables.changed.add(PageKind::kSources);
  }
  std::vector<PageAddress> superseded;
  const auto threads = static_cast<unsigned>(workers.thread_count());
  std::size_t bytes_all = 0;  // that it would have taken to hold all partitions
  ++batch_number;
  for (Partition& partition : partitions) {
    MemoryAllowance allowance(bytes_max);
    const std::size_t bytes_before = partition.memory_use().resident_bytes;
    ahead.add();
    const Status status = partition.stage(rows, *view, series, allowance);
    if (allowance.is_overdrawn()) {
      return no_room(partition.number(), bytes_max, options.memory_bytes_max);
    }
    ROLLCALL_RETURN_IF_ERROR(status);
    partition.apply(rows, batch_number);
    ROLLCALL_RETURN_IF_ERROR(partition.fold(*view, FoldDepth::kBounds));
    bytes_all += partition.memory_use().resident_bytes - bytes_before;
    CollectedPages pages;
    partition.collect_dirty(epoch + 1, seal_limits(), pages);
    ROLLCALL_RETURN_IF_ERROR(finish_pages(pages, *view));
    superseded.insert(superseded.end(), pages.superseded.begin(), pages.superseded.end());
    if (Status written = store->write_ahead(commit_of(epoch + 1, pages.dirty, threads));
        !written.ok()) {
      write_failure.replace(written);
      return written;
    }
    partition.finish_commit();
    next_manifest.partition_epochs[partition.number()] = partition.epoch();
    evict(partition, 0, epoch + 1);
  }

  std::vector<DirtyPage> dirty;
  if (staged.changed_names()) next_tables.changed.add(PageKind::kDictionary);
  add_tables(next_tables, epoch + 1, next_manifest, dirty, superseded);
  Commit commit = commit_of(epoch + 1, dirty, threads);
  commit.superseded = std::move(superseded);
  commit.manifest = [&] { return next_manifest.serialize(); };
  Status unreadable = Status::resource_exhausted(
      "engine: a batch is in, but there was no memory to read it; open the store again");
  if (Status status = store->commit(commit); !status.ok()) {
    write_failure.replace(status);
    return Status(StatusCode::kUncertain, status.message() + " (the batch may be in)");
  }
  UnlessFinished reading(state_failure, std::move(unreadable));
  staged.finish();
  ahead.finish();
  manifest = std::move(next_manifest);
  tables.sources = std::move(next_tables.sources);
  ++epoch;
  for (const Partition& partition : partitions) {
    committed_users[partition.number()] = partition.ordinal_count();
  }
  by_partition = bytes_all > room() * kWholeBatchShare;
  Result<std::shared_ptr<const StoreView>> committed = view_of(*store);
  if (!committed.ok()) {
    // The batch is in. A caller who was told otherwise would send it again.
    reading.fail(committed.status());
    return BatchOutcome{};
  }
  view = *std::move(committed);
  history_is_due = tables.history_limit.days != 0;
  reading.finish();
  return BatchOutcome{};
}

}  // namespace rollcall
