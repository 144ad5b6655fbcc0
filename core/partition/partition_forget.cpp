// How a partition forgets users.
#include <algorithm>

#include "core/base/assert.h"
#include "core/partition/partition.h"

namespace rollcall {

Status Partition::load_pages_of(std::span<const std::uint32_t> ordinals, const StoreView& view) {
  std::vector<std::uint32_t> chunks;
  for (const std::uint32_t ordinal : ordinals) {
    const std::uint32_t chunk = ordinal / kChunkOrdinals;
    if (chunks.empty() || chunks.back() != chunk) chunks.push_back(chunk);
  }
  const auto load_chunks = [&](auto& slots, auto id_of) -> Status {
    for (const std::uint32_t chunk : chunks) {
      if (chunk < slots.size()) ROLLCALL_RETURN_IF_ERROR(load(slots[chunk], id_of(chunk), view));
    }
    return {};
  };
  for (auto& [date, day] : days_) {
    ROLLCALL_RETURN_IF_ERROR(load_day(date, day, view));
    for (auto& [series, series_day] : day.series) {
      const Day of_day = date;
      const SeriesId of_series = series;
      ROLLCALL_RETURN_IF_ERROR(load_chunks(series_day.chunks, [&](std::size_t chunk) {
        return presence_id(of_series, of_day, chunk);
      }));
      ROLLCALL_RETURN_IF_ERROR(load_chunks(series_day.amounts, [&](std::size_t chunk) {
        return amounts_id(of_series, of_day, chunk);
      }));
    }
  }
  for (auto& [series, slots] : counters_) {
    const SeriesId of_series = series;
    ROLLCALL_RETURN_IF_ERROR(load_chunks(
        slots, [&](std::size_t chunk) { return chunk_id(PageKind::kCounters, of_series, chunk); }));
  }
  for (auto& [series, slots] : bounds_) {
    const SeriesId of_series = series;
    ROLLCALL_RETURN_IF_ERROR(load_chunks(
        slots, [&](std::size_t chunk) { return chunk_id(PageKind::kBounds, of_series, chunk); }));
  }
  return {};
}

void Partition::forget(std::span<const std::uint32_t> ordinals) {
  ROLLCALL_ASSERT(users_loaded_ && awaiting_any_.empty() && awaiting_bounds_.empty());
  if (ordinals.empty()) return;
  const auto slot_of = [](auto& slots, std::uint32_t ordinal) {
    const std::size_t chunk = ordinal / kChunkOrdinals;
    return chunk < slots.size() && slots[chunk].page ? &slots[chunk] : nullptr;
  };
  for (auto& [date, day] : days_) {
    for (auto& [series, series_day] : day.series) {
      for (const std::uint32_t ordinal : ordinals) {
        auto* const presence = slot_of(series_day.chunks, ordinal);
        if (presence == nullptr || !presence->page->contains(ordinal)) continue;
        presence->page.writable().remove(ordinal);
        presence->is_counted = false;
        changed(*presence, batch_number_);
        day.dirty = true;
        day.compact = false;
        if (auto* const amounts = slot_of(series_day.amounts, ordinal)) {
          series_day.forgotten_value += amounts->page.writable().take(ordinal);
          changed(*amounts, batch_number_);
        }
      }
    }
  }
  for (auto& [series, slots] : counters_) {
    for (const std::uint32_t ordinal : ordinals) {
      auto* const counters = slot_of(slots, ordinal);
      const std::uint32_t place = ordinal % kChunkOrdinals;
      if (counters == nullptr || counters->page->total(place).events == 0) continue;
      forgotten_events_[series] += counters->page.writable().take(place).events;
      changed(*counters, batch_number_);
    }
  }
  for (auto& [series, slots] : bounds_) {
    for (const std::uint32_t ordinal : ordinals) {
      auto* const bounds = slot_of(slots, ordinal);
      const std::uint32_t place = ordinal % kChunkOrdinals;
      if (bounds == nullptr || !bounds->page->contains(place)) continue;
      bounds->page.writable().remove(place);
      changed(*bounds, batch_number_);
    }
  }
  users_.erase(ordinals);
  for (const std::uint32_t ordinal : ordinals) erased_chunks_.insert(ordinal / kChunkOrdinals);
  forgotten_count_ += static_cast<std::uint32_t>(ordinals.size());
  kept_unions_.clear();
  dirty_ = true;
}

}  // namespace rollcall
