// This file has what a partition takes in memory besides its pages, what a batch may add, and what
// leaves.
#include <algorithm>
#include <utility>
#include <vector>

#include "core/base/sort_unique.h"
#include "core/partition/partition.h"

namespace rollcall {
namespace {

// Emptying a container, or assigning {} to it, keeps its memory.
template <class Container>
void free_all(Container& container) {
  Container().swap(container);
}

}  // namespace

MemoryUse Partition::memory_use() const {
  std::size_t staged_bytes =
      (ordinals_.capacity() + cell_numbers_.capacity()) * sizeof(ordinals_[0]) +
      values_.capacity() * sizeof(values_[0]);
  for (const StagedColumn& column : columns_) {
    staged_bytes += (column.row_cells.capacity() + column.hour_events.capacity()) *
                        sizeof(column.row_cells[0]) +
                    column.cells.capacity() * sizeof(PagePlace) +
                    column.codes.capacity() * sizeof(column.codes[0]) +
                    column.hour_values.capacity() * sizeof(AmountSum);
  }
  // The next checkpoint holds the new users a second time, as pages.
  const std::size_t page_bytes =
      stored_user_count_ == user_count_
          ? 0
          : users_.page_bytes(stored_user_count_ / kChunkOrdinals * kChunkOrdinals);
  MemoryUse use = pages_.memory_use();
  use.resident_bytes += users_.memory_bytes() + page_bytes + staged_bytes;
  if (history_) {
    use.resident_bytes += history_->resident_bytes();
    use.dirty_bytes += history_->dirty_bytes();
  }
  return use;
}

// Returns how many users a chunk has once the staged users are in.
std::uint32_t Partition::staged_users(std::uint32_t chunk) const {
  return std::min(kChunkOrdinals, users_.size() - chunk * kChunkOrdinals);
}

// Returns an upper bound. Pages that rows write to are counted cell by cell, and those that folding
// writes to once, though many cells are folded into one.
std::size_t Partition::growth(const StagedColumn& column, SeriesRole role) {
  const bool has_values = !values_.empty();
  const auto applied = [&](std::uint32_t chunk, std::uint32_t events) {
    return PageGrowth{PageWriter::kApply, events, staged_users(chunk), has_values};
  };
  const auto folded = [&](std::uint32_t chunk) {
    return PageGrowth{PageWriter::kFold, 0, staged_users(chunk), has_values};
  };
  std::size_t bytes = values_.size() * ResidentPages::kValueBytes;
  folded_days_.clear();
  folded_series_.clear();
  for (std::size_t number = 0; number < column.cells.size(); ++number) {
    const PagePlace& cell = column.cells[number];
    bytes += pages_.day_growth(cell, role, applied(cell.chunk, column.event_count(number)));
    if (role != SeriesRole::kEvent) continue;
    folded_days_.emplace_back(cell.chunk, cell.day);
    folded_series_.emplace_back(cell.chunk, cell.series);
    folded_series_.emplace_back(cell.chunk, kAnySeries);
  }
  sort_unique(folded_days_);
  sort_unique(folded_series_);
  for (const auto& [chunk, day] : folded_days_) {
    bytes += pages_.day_growth({kAnySeries, day, chunk}, SeriesRole::kAny, folded(chunk));
  }
  for (const auto& [chunk, series] : folded_series_) {
    const SeriesRole of_series = series == kAnySeries ? SeriesRole::kAny : SeriesRole::kEvent;
    bytes += pages_.series_growth({series, Day(), chunk}, of_series, folded(chunk));
  }
  return bytes;
}

void Partition::evict(std::size_t bytes_max, Epoch durable) {
  const auto excess = [&] {
    const std::size_t bytes = memory_use().resident_bytes;
    return bytes - std::min(bytes, bytes_max);
  };
  if (excess() == 0) return;
  pages_.drop_unions();  // quickly made again
  if (const std::size_t bytes = excess(); bytes != 0 && history_) history_->evict(bytes, durable);
  if (const std::size_t bytes = excess(); bytes != 0) pages_.evict_pages(bytes, durable);
  evict_directory(bytes_max, durable);
  if (excess() != 0 && staged_count_ == 0) drop_staging();
}

void Partition::evict_directory(std::size_t bytes_max, Epoch durable) {
  if (const std::size_t bytes = memory_use().resident_bytes; bytes > bytes_max) {
    pages_.evict_days(bytes - bytes_max, durable);
  }
  if (memory_use().resident_bytes > bytes_max) evict_users(durable);
}

void Partition::evict_users(Epoch durable) {
  const bool stored = stored_user_count_ == user_count_ && erased_chunks_.empty() &&
                      std::all_of(user_page_epochs_.begin(), user_page_epochs_.end(),
                                  [&](Epoch epoch) { return epoch <= durable; });
  if (!stored || staged_count_ != 0) return;
  user_bytes_ = users_.string_bytes();
  UserIndex none(users_.kind());
  std::swap(users_, none);  // a string that is assigned a short one keeps its memory, too
  users_loaded_ = user_count_ == 0;
}

void Partition::drop_staging() {
  free_all(ordinals_);
  free_all(cell_numbers_);
  free_all(columns_);
  free_all(values_);
}

}  // namespace rollcall
