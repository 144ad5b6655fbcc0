#include "core/partition.h"

#include <algorithm>
#include <array>

#include "core/assert.h"

namespace rollcall {
namespace {

// Compacting a page takes some 10 us, and a checkpoint has other things to do within the gate: what
// is left over waits for the next one.
constexpr std::size_t kCompactedPagesMax = 64;

void add_hour(const HourTotal& added, std::vector<HourTotal>& hours) {
  const auto place = std::lower_bound(
      hours.begin(), hours.end(), added.hour,
      [](const HourTotal& total, std::uint8_t wanted) { return total.hour < wanted; });
  if (place == hours.end() || place->hour != added.hour) {
    hours.insert(place, added);
    return;
  }
  place->events += added.events;
  place->value += added.value;
}

template <class T>
PageSlot<T>& slot_at(std::vector<PageSlot<T>>& slots, std::size_t chunk) {
  if (slots.size() <= chunk) slots.resize(chunk + 1);
  return slots[chunk];
}

}  // namespace

std::size_t Partition::directory_bytes(const SeriesDay& series_day) {
  constexpr std::size_t kMapNodeBytes = 32;  // of pointers and of malloc
  return sizeof(SeriesDay) + kMapNodeBytes +
         series_day.chunks.capacity() * sizeof(PageSlot<PresenceChunk>) +
         series_day.hours.capacity() * sizeof(HourTotal);
}

PageId Partition::presence_id(SeriesId series, Day day, std::size_t chunk) const {
  return {PageKind::kPresence, number_, day.value, series, static_cast<std::uint32_t>(chunk)};
}

PageId Partition::chunk_id(PageKind kind, SeriesId series, std::size_t chunk) const {
  return {kind, number_, 0, series, static_cast<std::uint32_t>(chunk)};
}

// Reads a page that is stored and not resident.
template <class T>
Status Partition::load(PageSlot<T>& slot, const PageId& id, const StoreView& view) {
  if (slot.page || slot.epoch == 0) return {};
  ROLLCALL_ASSIGN_OR_RETURN(const std::string bytes, view.read({id, slot.epoch}));
  Result<T> page = T::deserialize(bytes);
  if (!page.ok()) {
    return Status::corruption(to_string(id) + ": " + page.status().message());
  }
  slot.page = PageRef<T>(*std::move(page));
  slot.last_used = batch_number_;
  account(slot);
  return {};
}

// Brings the account of memory up to date with a page that was made, read or written to.
template <class T>
void Partition::account(PageSlot<T>& slot) {
  const std::size_t bytes = slot.page ? slot.page->memory_bytes() : 0;
  memory_.resident_bytes += bytes - slot.bytes;
  if (slot.dirty) memory_.dirty_bytes += bytes - slot.bytes;
  slot.bytes = static_cast<std::uint32_t>(bytes);
}

template <class T>
void Partition::changed(PageSlot<T>& slot, std::uint32_t batch_number) {
  if (!slot.dirty) {
    slot.dirty = true;
    memory_.dirty_bytes += slot.bytes;
  }
  slot.last_used = batch_number;
  account(slot);
}

Partition::Grouping Partition::group(std::span<const std::uint32_t> local_series,
                                     std::span<const std::int32_t> days,
                                     std::span<const SeriesId> series) const {
  const std::uint32_t chunk_count = (users_.size() + kChunkOrdinals - 1) / kChunkOrdinals;
  // Where the cells of a (local series, day) begin. Events come mostly in the order of time, so the
  // day that a series had last is the one it has now.
  struct LastDay {
    std::int32_t day = 0;
    std::uint32_t first_cell = 0;
    bool set = false;
  };
  std::vector<LastDay> last_days(series.size());
  std::unordered_map<std::uint64_t, std::uint32_t> first_cells;
  Grouping grouping;
  std::vector<std::uint32_t> cell_of(local_series.size());
  for (std::size_t row = 0; row < local_series.size(); ++row) {
    LastDay& last = last_days[local_series[row]];
    if (!last.set || last.day != days[row]) {
      const std::uint64_t key =
          (std::uint64_t{local_series[row]} << 32) | static_cast<std::uint32_t>(days[row]);
      const auto [found, made] =
          first_cells.emplace(key, static_cast<std::uint32_t>(grouping.cells.size()));
      last = {days[row], found->second, true};
      for (std::uint32_t chunk = 0; made && chunk < chunk_count; ++chunk) {
        grouping.cells.push_back({series[local_series[row]], Day{days[row]}, chunk, 0, 0});
      }
    }
    cell_of[row] = last.first_cell + ordinals_[row] / kChunkOrdinals;
    ++grouping.cells[cell_of[row]].end;  // the number of its rows, for now
  }
  std::size_t begin = 0;
  for (Cell& cell : grouping.cells) {
    const std::size_t count = cell.end;
    cell.begin = cell.end = begin;
    begin += count;
  }
  grouping.rows.resize(local_series.size());
  for (std::size_t row = 0; row < local_series.size(); ++row) {
    grouping.rows[grouping.cells[cell_of[row]].end++] = static_cast<std::uint32_t>(row);
  }
  std::erase_if(grouping.cells, [](const Cell& cell) { return cell.begin == cell.end; });
  return grouping;
}

Status Partition::load_touched(const Grouping& grouping, bool with_counters,
                               const StoreView& view) {
  for (const Cell& cell : grouping.cells) {
    if (const auto day = days_.find(cell.day); day != days_.end()) {
      const auto found = day->second.series.find(cell.series);
      if (found != day->second.series.end() && cell.chunk < found->second.chunks.size()) {
        ROLLCALL_RETURN_IF_ERROR(load(found->second.chunks[cell.chunk],
                                      presence_id(cell.series, cell.day, cell.chunk), view));
      }
    }
    if (!with_counters) continue;
    const auto counters = counters_.find(cell.series);
    if (counters != counters_.end() && cell.chunk < counters->second.size()) {
      ROLLCALL_RETURN_IF_ERROR(load(counters->second[cell.chunk],
                                    chunk_id(PageKind::kCounters, cell.series, cell.chunk), view));
    }
  }
  return {};
}

Status Partition::stage(const PreparedRows& rows, const StoreView& view,
                        std::span<const SeriesId> series) {
  const std::size_t begin = rows.partition_begin[number_];
  const std::size_t count = rows.partition_begin[number_ + std::size_t{1}] - begin;
  groupings_.clear();
  if (count == 0) return {};
  ROLLCALL_RETURN_IF_ERROR(load_users(view));

  ordinals_.resize(count);
  const std::span hashes(rows.hashes.data() + begin, count);
  if (rows.user_integers.empty()) {
    users_.find_or_add(std::span(rows.user_strings).subspan(begin, count), hashes,
                       ordinals_.data());
  } else {
    users_.find_or_add(std::span(rows.user_integers).subspan(begin, count), hashes,
                       ordinals_.data());
  }
  const std::span days(rows.days.data() + begin, count);
  groupings_.push_back(group({rows.events.data() + begin, count}, days, series));
  ROLLCALL_RETURN_IF_ERROR(load_touched(groupings_.front(), true, view));
  for (const std::vector<std::uint32_t>& dimension : rows.dimension_series) {
    groupings_.push_back(group({dimension.data() + begin, count}, days, series));
    ROLLCALL_RETURN_IF_ERROR(load_touched(groupings_.back(), false, view));
  }
  return {};
}

void Partition::unstage() {
  groupings_.clear();
  if (users_loaded_) users_.truncate(user_count_);
}

void Partition::apply(const PreparedRows& rows, std::uint32_t batch_number) {
  batch_number_ = batch_number;
  if (groupings_.empty()) return;
  const std::size_t begin = rows.partition_begin[number_];
  apply_cells(groupings_.front(), rows, begin, true, batch_number);
  for (std::size_t i = 1; i < groupings_.size(); ++i) {
    apply_cells(groupings_[i], rows, begin, false, batch_number);
  }
  user_count_ = users_.size();
  dirty_ = true;
  groupings_.clear();
}

void Partition::apply_cells(const Grouping& grouping, const PreparedRows& rows,
                            std::size_t row_begin, bool with_counters, std::uint32_t batch_number) {
  std::vector<std::uint32_t> ordinals;
  std::vector<Amount> values;
  std::vector<HourTotal> hours;
  for (const Cell& cell : grouping.cells) {
    ordinals.clear();
    values.clear();
    hours.clear();
    for (std::size_t i = cell.begin; i < cell.end; ++i) {
      const std::size_t row = grouping.rows[i];
      ordinals.push_back(ordinals_[row]);
      // Rows come mostly in the order of time: those of an hour one after another.
      const std::uint8_t hour = rows.hours[row_begin + row];
      if (hours.empty() || hours.back().hour != hour) hours.push_back({hour, 0, 0});
      ++hours.back().events;
      if (!rows.values.empty()) {
        values.push_back(rows.values[row_begin + row]);
        hours.back().value += values.back();
      }
    }

    DayState& day = days_[cell.day];
    day.dirty = true;
    day.compact = false;
    const auto [found, made] = day.series.try_emplace(cell.series);
    SeriesDay& series_day = found->second;
    const std::size_t bytes_before = made ? 0 : directory_bytes(series_day);
    for (const HourTotal& hour : hours) add_hour(hour, series_day.hours);
    PageSlot<PresenceChunk>& presence = slot_at(series_day.chunks, cell.chunk);
    directory_bytes_ += directory_bytes(series_day) - bytes_before;
    if (!presence.page) presence.page = PageRef<PresenceChunk>(PresenceChunk());
    presence.page.writable().add(ordinals);
    changed(presence, batch_number);
    if (!with_counters) continue;

    PageSlot<CounterChunk>& counter = slot_at(counters_[cell.series], cell.chunk);
    if (!counter.page) counter.page = PageRef<CounterChunk>(CounterChunk());
    counter.page.writable().add(ordinals, values);
    changed(counter, batch_number);
    if (!presence.awaits_any) {
      awaiting_any_.push_back({cell.day, cell.series, cell.chunk});
      presence.awaits_any = true;
    }
    if (!presence.awaits_bounds) {
      awaiting_bounds_.push_back({cell.day, cell.series, cell.chunk});
      presence.awaits_bounds = true;
    }
  }
}

Status Partition::fold(const StoreView& view, bool bounds) {
  ROLLCALL_RETURN_IF_ERROR(fold_any(view));
  return bounds ? fold_bounds(view) : Status();
}

// An entry leaves the list when it is done, so that folding can stop anywhere and go on later.
Status Partition::fold_any(const StoreView& view) {
  alignas(64) std::array<std::uint64_t, kChunkWords> scratch;
  while (!awaiting_any_.empty()) {
    const auto [date, series, chunk] = awaiting_any_.back();
    DayState& day = days_.at(date);
    SeriesDay& any = day.series[kAnySeries];
    PageSlot<PresenceChunk>& from = day.series.at(series).chunks[chunk];
    ROLLCALL_RETURN_IF_ERROR(load(from, presence_id(series, date, chunk), view));
    PageSlot<PresenceChunk>& to = slot_at(any.chunks, chunk);
    ROLLCALL_RETURN_IF_ERROR(load(to, presence_id(kAnySeries, date, chunk), view));
    if (!to.page) to.page = PageRef<PresenceChunk>(PresenceChunk());
    to.page.writable().add(from.page->expand(scratch.data()));
    changed(to, batch_number_);
    if (!to.awaits_bounds) {
      awaiting_bounds_.push_back({date, kAnySeries, chunk});
      to.awaits_bounds = true;
    }
    from.awaits_any = false;
    awaiting_any_.pop_back();
  }
  return {};
}

Status Partition::fold_bounds(const StoreView& view) {
  alignas(64) std::array<std::uint64_t, kChunkWords> scratch;
  while (!awaiting_bounds_.empty()) {
    const auto [date, series, chunk] = awaiting_bounds_.back();
    PageSlot<PresenceChunk>& from = days_.at(date).series.at(series).chunks[chunk];
    ROLLCALL_RETURN_IF_ERROR(load(from, presence_id(series, date, chunk), view));
    PageSlot<BoundsChunk>& to = slot_at(bounds_[series], chunk);
    ROLLCALL_RETURN_IF_ERROR(load(to, chunk_id(PageKind::kBounds, series, chunk), view));
    if (!to.page) to.page = PageRef<BoundsChunk>(BoundsChunk());
    to.page.writable().fold(from.page->expand(scratch.data()), date);
    changed(to, batch_number_);
    from.awaits_bounds = false;
    awaiting_bounds_.pop_back();
  }
  return {};
}

PinnedPartition Partition::pin(const ReadSet& reads) const {
  PinnedPartition pinned;
  pinned.partition = number_;
  pinned.user_count = user_count_;
  const auto add = [](const auto& slots, const auto& id_of, auto& pages) {
    for (std::size_t chunk = 0; chunk < slots.size(); ++chunk) {
      if (!slots[chunk].exists()) continue;
      pages.push_back({slots[chunk].page, {id_of(chunk), slots[chunk].epoch}});
    }
  };
  for (const PresenceRead& read : reads.presence) {
    for (auto day = days_.lower_bound(read.days.first);
         day != days_.end() && day->first <= read.days.last; ++day) {
      for (const SeriesId series : read.series) {
        const auto found = day->second.series.find(series);
        if (found == day->second.series.end()) continue;
        const auto id_of = [&](std::size_t chunk) {
          return presence_id(series, day->first, chunk);
        };
        add(found->second.chunks, id_of, pinned.presence);
      }
    }
  }
  for (const BoundsRead& read : reads.bounds) {
    for (const SeriesId series : read.series) {
      const auto found = bounds_.find(series);
      if (found == bounds_.end()) continue;
      const auto id_of = [&](std::size_t chunk) {
        return chunk_id(PageKind::kBounds, series, chunk);
      };
      add(found->second, id_of, pinned.bounds);
    }
  }
  // Reads may overlap; each page is pinned once.
  const auto order = [](auto& pages) {
    const auto before = [](const auto& a, const auto& b) { return a.address.id < b.address.id; };
    const auto same = [](const auto& a, const auto& b) { return a.address.id == b.address.id; };
    if (!std::is_sorted(pages.begin(), pages.end(), before)) {
      std::sort(pages.begin(), pages.end(), before);
    }
    pages.erase(std::unique(pages.begin(), pages.end(), same), pages.end());
  };
  order(pinned.presence);
  order(pinned.bounds);
  return pinned;
}

void Partition::install(const PinnedPartition& pinned, std::uint32_t batch_number) {
  const auto keep = [&]<class T>(PageSlot<T>& slot, const PinnedPage<T>& page) {
    if (!page.page || slot.page || slot.epoch != page.address.epoch) return;
    slot.page = page.page;
    slot.last_used = batch_number;
    account(slot);
  };
  for (const PinnedPage<PresenceChunk>& page : pinned.presence) {
    const PageId& id = page.address.id;
    keep(days_.at(Day{id.day}).series.at(id.series).chunks[id.chunk], page);
  }
  for (const PinnedPage<BoundsChunk>& page : pinned.bounds) {
    keep(bounds_.at(page.address.id.series)[page.address.id.chunk], page);
  }
}

template <class Visit>
void Partition::for_each_slot(Visit visit) {
  for (auto& [date, day] : days_) {
    for (auto& [series, series_day] : day.series) {
      for (PageSlot<PresenceChunk>& slot : series_day.chunks) visit(slot);
    }
  }
  for (auto& [series, slots] : counters_) {
    for (PageSlot<CounterChunk>& slot : slots) visit(slot);
  }
  for (auto& [series, slots] : bounds_) {
    for (PageSlot<BoundsChunk>& slot : slots) visit(slot);
  }
}

// Days that nothing was added to since the last checkpoint are seen as sealed, until something
// comes.
void Partition::compact_quiet_days() {
  std::size_t compacted = 0;
  for (auto& [date, day] : days_) {
    if (day.dirty || day.compact) continue;
    if (compacted > kCompactedPagesMax) return;
    for (auto& [series, series_day] : day.series) {
      for (PageSlot<PresenceChunk>& slot : series_day.chunks) {
        if (!slot.page) continue;
        slot.page.writable().compact();
        account(slot);
        ++compacted;
      }
    }
    day.compact = true;
  }
}

void Partition::evict(std::size_t bytes_max) {
  if (memory_use().resident_bytes <= bytes_max) return;
  std::size_t excess = memory_use().resident_bytes - bytes_max;
  std::map<std::uint32_t, std::size_t> clean_bytes;  // by last use
  for_each_slot([&](const auto& slot) {
    if (slot.page && !slot.dirty) clean_bytes[slot.last_used] += slot.bytes;
  });
  for (const auto& [last_used, bytes] : clean_bytes) {
    for_each_slot([&](auto& slot) {
      if (!slot.page || slot.dirty || slot.last_used != last_used || excess == 0) return;
      excess -= std::min<std::size_t>(excess, slot.bytes);
      slot.page = {};
      account(slot);
    });
    if (excess == 0) return;
  }
}

}  // namespace rollcall
