// What a partition takes in memory, what a batch may add to it, and what leaves.
#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "core/base/assert.h"
#include "core/partition/partition.h"

namespace rollcall {
namespace {

// Emptying a container, or assigning {} to it, keeps its memory.
template <class Container>
void free_all(Container& container) {
  Container().swap(container);
}

}  // namespace

std::size_t Partition::directory_bytes(const SeriesDay& series_day) {
  constexpr std::size_t kMapNodeBytes = 48;  // of pointers, of their table and of malloc
  return sizeof(SeriesDay) + kMapNodeBytes +
         series_day.chunks.capacity() * sizeof(PageSlot<PresenceChunk>) +
         series_day.amounts.capacity() * sizeof(PageSlot<AmountChunk>) +
         series_day.hours.capacity() * sizeof(HourTotal);
}

MemoryUse Partition::memory_use() const {
  std::size_t staged_bytes =
      (ordinals_.capacity() + cell_numbers_.capacity()) * sizeof(ordinals_[0]) +
      values_.capacity() * sizeof(values_[0]);
  for (const StagedColumn& column : columns_) {
    staged_bytes += (column.row_cells.capacity() + column.hour_events.capacity()) *
                        sizeof(column.row_cells[0]) +
                    column.cells.capacity() * sizeof(Cell) +
                    column.hour_values.capacity() * sizeof(AmountSum);
  }
  // The next checkpoint holds the new users a second time, as pages.
  const std::size_t page_bytes =
      stored_user_count_ == user_count_
          ? 0
          : users_.page_bytes(stored_user_count_ / kChunkOrdinals * kChunkOrdinals);
  return {memory_.resident_bytes + directory_bytes_ + users_.memory_bytes() + page_bytes +
              staged_bytes + kept_unions_.memory_bytes(),
          memory_.dirty_bytes};
}

// Of a chunk, once the staged users are in.
std::uint32_t Partition::staged_users(std::uint32_t chunk) const {
  return std::min(kChunkOrdinals, users_.size() - chunk * kChunkOrdinals);
}

// An upper bound: columns that are too short may grow to twice what is needed.
std::size_t Partition::growth(const StagedColumn& column, bool with_counters) {
  const auto page_of = [](const auto& slots, std::uint32_t chunk) {
    return chunk < slots.size() && slots[chunk].page ? &slots[chunk] : nullptr;
  };
  const auto missing = [](std::size_t bytes, std::size_t needed) {
    return bytes >= needed ? 0 : 2 * needed - bytes;
  };
  const auto missing_of_series = [&](const auto& pages, SeriesId series, std::uint32_t chunk,
                                     std::size_t needed) {
    const auto slots = pages.find(series);
    const auto* const slot = slots == pages.end() ? nullptr : page_of(slots->second, chunk);
    return missing(slot == nullptr ? 0 : slot->bytes, needed);
  };
  const auto set_bytes = [&](std::uint32_t chunk) {
    return sizeof(PresenceChunk) + (staged_users(chunk) + std::size_t{511}) / 512 * 64;
  };
  const auto series_day_of = [&](SeriesId series, Day date) -> const SeriesDay* {
    const auto day = days_.find(date);
    if (day == days_.end()) return nullptr;
    const auto found = day->second.series.find(series);
    return found == day->second.series.end() ? nullptr : &found->second;
  };
  constexpr std::size_t kBoundsBytes = 2 * sizeof(std::int32_t);  // of a user
  const std::size_t counter_bytes =                               // of a user
      sizeof(std::uint32_t) + (values_.empty() ? 0 : sizeof(Amount));
  constexpr std::size_t kEntryBytes = 2 * sizeof(StagedValue);  // of an amount in its page
  std::size_t bytes = values_.size() * kEntryBytes;
  folded_days_.clear();
  folded_series_.clear();
  for (std::size_t number = 0; number < column.cells.size(); ++number) {
    const Cell& cell = column.cells[number];
    const std::uint32_t events = column.event_count(number);
    const SeriesDay* const series_day = series_day_of(cell.series, cell.day);
    if (series_day == nullptr) bytes += sizeof(SeriesDay) + sizeof(PageSlot<PresenceChunk>);
    bytes += 2 * std::min(events, kHourStride) * sizeof(HourTotal);
    const auto* const presence =
        series_day == nullptr ? nullptr : page_of(series_day->chunks, cell.chunk);
    const std::size_t set = presence == nullptr ? sizeof(PresenceChunk) : presence->bytes;
    const bool stays_array =
        presence == nullptr
            ? events <= PresenceChunk::kHotArrayOrdinalsMax
            : presence->page->form() == PresenceChunk::Form::kArray &&
                  presence->page->cardinality() + events <= PresenceChunk::kHotArrayOrdinalsMax;
    bytes += stays_array ? set + 2 * events * sizeof(std::uint16_t)
                         : missing(set, set_bytes(cell.chunk));
    if (!values_.empty() && series_day != nullptr) {
      const auto* const amounts = page_of(series_day->amounts, cell.chunk);
      if (amounts != nullptr) bytes += amounts->bytes;
    }
    if (!with_counters) continue;
    folded_days_.emplace_back(cell.chunk, cell.day);
    folded_series_.emplace_back(cell.chunk, cell.series);
    folded_series_.emplace_back(cell.chunk, kAnySeries);
  }
  const auto each_once = [](auto& pages) {
    std::sort(pages.begin(), pages.end());
    pages.erase(std::unique(pages.begin(), pages.end()), pages.end());
  };
  each_once(folded_days_);
  each_once(folded_series_);
  for (const auto& [chunk, day] : folded_days_) {
    const SeriesDay* const any = series_day_of(kAnySeries, day);
    const auto* const presence = any == nullptr ? nullptr : page_of(any->chunks, chunk);
    bytes += any == nullptr ? sizeof(SeriesDay) : 0;
    bytes += missing(presence == nullptr ? 0 : presence->bytes, set_bytes(chunk));
  }
  for (const auto& [chunk, series] : folded_series_) {
    bytes += missing_of_series(bounds_, series, chunk, staged_users(chunk) * kBoundsBytes);
    if (series == kAnySeries) continue;
    bytes += missing_of_series(counters_, series, chunk, staged_users(chunk) * counter_bytes);
  }
  return bytes;
}

template <class Visit>
void Partition::for_each_slot(Visit visit) {
  for (auto& [date, day] : days_) {
    for (auto& [series, series_day] : day.series) {
      for (PageSlot<PresenceChunk>& slot : series_day.chunks) visit(slot);
      for (PageSlot<AmountChunk>& slot : series_day.amounts) visit(slot);
    }
  }
  for (auto& [series, slots] : counters_) {
    for (PageSlot<CounterChunk>& slot : slots) visit(slot);
  }
  for (auto& [series, slots] : bounds_) {
    for (PageSlot<BoundsChunk>& slot : slots) visit(slot);
  }
}

void Partition::evict(std::size_t bytes_max, Epoch durable) {
  const auto fits = [&] { return memory_use().resident_bytes <= bytes_max; };
  if (fits()) return;
  kept_unions_.clear();  // quickly made again
  if (!fits()) evict_pages(bytes_max, durable);
  evict_directory(bytes_max, durable);
  if (!fits() && staged_count_ == 0) drop_staging();
}

void Partition::evict_directory(std::size_t bytes_max, Epoch durable) {
  if (memory_use().resident_bytes > bytes_max) evict_days(bytes_max, durable);
  if (memory_use().resident_bytes > bytes_max) evict_users(durable);
}

void Partition::evict_pages(std::size_t bytes_max, Epoch durable) {
  const auto may_leave = [&](const auto& slot) {
    return slot.page && !slot.dirty && slot.epoch <= durable;
  };
  std::size_t excess = memory_use().resident_bytes - bytes_max;
  std::map<std::uint32_t, std::size_t> clean_bytes;  // by last use
  for_each_slot([&](const auto& slot) {
    if (may_leave(slot)) clean_bytes[slot.last_used] += slot.bytes;
  });
  for (const auto& generation : clean_bytes) {
    for_each_slot([&](auto& slot) {
      if (!may_leave(slot) || slot.last_used != generation.first || excess == 0) return;
      excess -= std::min<std::size_t>(excess, slot.bytes);
      slot.page = {};
      account(slot);
    });
    if (excess == 0) return;
  }
}

// Those whose pages have left before them.
bool Partition::may_leave(const DayState& day, Epoch durable) {
  const auto is_resident = [](const auto& slot) { return static_cast<bool>(slot.page); };
  return day.loaded && !day.dirty && day.epoch <= durable &&
         std::none_of(day.series.begin(), day.series.end(), [&](const auto& entry) {
           const SeriesDay& series_day = entry.second;
           return std::any_of(series_day.chunks.begin(), series_day.chunks.end(), is_resident) ||
                  std::any_of(series_day.amounts.begin(), series_day.amounts.end(), is_resident);
         });
}

void Partition::evict_days(std::size_t bytes_max, Epoch durable) {
  std::vector<std::pair<BatchNumber, DayState*>> clean;  // by last use
  for (auto& [date, day] : days_) {
    if (may_leave(day, durable)) clean.emplace_back(day.last_used, &day);
  }
  std::stable_sort(clean.begin(), clean.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [last_used, day] : clean) {
    unload_day(*day);
    if (memory_use().resident_bytes <= bytes_max) return;
  }
}

void Partition::unload_day(DayState& day) {
  for (const auto& [series, series_day] : day.series) {
    const std::size_t bytes = directory_bytes(series_day);
    ROLLCALL_ASSERT(directory_bytes_ >= bytes);
    directory_bytes_ -= bytes;
  }
  free_all(day.series);
  day.loaded = false;
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
