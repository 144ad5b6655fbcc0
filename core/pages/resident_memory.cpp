// This file has what pages take in memory, what a batch may add to them, and which of them leave.
#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "core/base/assert.h"
#include "core/pages/resident_pages.h"
#include "core/time/time_zone.h"

namespace rollcall {
namespace {

// Returns how much a page grows if `added` is for pages of its form.
template <class Form>
std::size_t growth_of(const SlotsOf<Form>* slots, std::uint32_t chunk, SeriesRole role,
                      const PageGrowth& added) {
  if (Form::writer(role) != added.writer || (Form::kOnlyValues && !added.has_values)) return 0;
  const bool is_resident = slots != nullptr && chunk < slots->size() && (*slots)[chunk].page;
  return Form::growth(is_resident ? &(*slots)[chunk] : nullptr, added);
}

}  // namespace

std::size_t ResidentPages::directory_bytes(const SeriesDay& series_day) {
  constexpr std::size_t kMapNodeBytes = 48;  // of pointers, of their table and of malloc
  std::size_t bytes =
      sizeof(SeriesDay) + kMapNodeBytes + series_day.hours.capacity() * sizeof(HourTotal);
  series_day.pages.for_each([&]<class Form>(std::type_identity<Form>, const SlotsOf<Form>& slots) {
    bytes += slots.capacity() * sizeof(SlotOf<Form>);
  });
  return bytes;
}

MemoryUse ResidentPages::memory_use() const {
  return {memory_.resident_bytes + directory_bytes_ + kept_unions_.memory_bytes(),
          memory_.dirty_bytes};
}

std::size_t ResidentPages::day_growth(const PagePlace& place, SeriesRole role,
                                      const PageGrowth& added) const {
  const SeriesDay* const series_day = find_series_day(place);
  std::size_t bytes = 2 * std::min<std::size_t>(added.events, kDayHoursMax) * sizeof(HourTotal);
  if (series_day == nullptr) bytes += sizeof(SeriesDay) + sizeof(SlotOf<PresenceForm>);
  static const SeriesDay kNone;
  (series_day == nullptr ? kNone : *series_day)
      .pages.for_each([&]<class Form>(std::type_identity<Form>, const SlotsOf<Form>& slots) {
        bytes += growth_of<Form>(&slots, place.chunk, role, added);
      });
  return bytes;
}

std::size_t ResidentPages::series_growth(const PagePlace& place, SeriesRole role,
                                         const PageGrowth& added) const {
  std::size_t bytes = 0;
  series_.for_each([&]<class Form>(std::type_identity<Form>, const SeriesOf<Form>& series) {
    const auto found = series.find(place.series);
    bytes +=
        growth_of<Form>(found == series.end() ? nullptr : &found->second, place.chunk, role, added);
  });
  return bytes;
}

template <class Visit>
void ResidentPages::for_each_slot(Visit visit) {
  const auto visit_all = [&](auto /*form*/, auto& slots) {
    for (auto& slot : slots) visit(slot);
  };
  for (auto& [date, day] : days_) {
    for (auto& [series, series_day] : day.series) series_day.pages.for_each(visit_all);
  }
  series_.for_each([&](auto form, auto& pages) {
    for (auto& [series, slots] : pages) visit_all(form, slots);
  });
}

void ResidentPages::evict_pages(std::size_t excess, Epoch durable) {
  const auto may_go = [&](const auto& slot) {
    return slot.page && !slot.dirty && slot.epoch <= durable;
  };
  std::map<std::uint32_t, std::size_t> clean_bytes;  // by last use
  for_each_slot([&](const auto& slot) {
    if (may_go(slot)) clean_bytes[slot.last_used] += slot.bytes;
  });
  for (const auto& generation : clean_bytes) {
    for_each_slot([&](auto& slot) {
      if (!may_go(slot) || slot.last_used != generation.first || excess == 0) return;
      excess -= std::min<std::size_t>(excess, slot.bytes);
      slot.page = {};
      account(slot);
    });
    if (excess == 0) return;
  }
}

// Days leave after their pages.
bool ResidentPages::may_leave(const DayState& day, Epoch durable) {
  if (!day.loaded || day.dirty || day.epoch > durable) return false;
  bool has_pages = false;
  for (const auto& [series, series_day] : day.series) {
    series_day.pages.for_each([&](auto /*form*/, const auto& slots) {
      has_pages = has_pages || std::any_of(slots.begin(), slots.end(), [](const auto& slot) {
                    return static_cast<bool>(slot.page);
                  });
    });
    if (has_pages) return false;
  }
  return true;
}

void ResidentPages::evict_days(std::size_t excess, Epoch durable) {
  std::vector<std::pair<BatchNumber, DayState*>> clean;  // by last use
  for (auto& [date, day] : days_) {
    if (may_leave(day, durable)) clean.emplace_back(day.last_used, &day);
  }
  std::stable_sort(clean.begin(), clean.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  const std::size_t bytes_before = directory_bytes_;
  for (const auto& [last_used, day] : clean) {
    unload_day(*day);
    if (bytes_before - directory_bytes_ >= excess) return;
  }
}

void ResidentPages::unload_day(DayState& day) {
  for (const auto& [series, series_day] : day.series) {
    const std::size_t bytes = directory_bytes(series_day);
    ROLLCALL_ASSERT(directory_bytes_ >= bytes);
    directory_bytes_ -= bytes;
  }
  decltype(day.series)().swap(day.series);  // assigning {} would keep its memory
  day.loaded = false;
}

}  // namespace rollcall
