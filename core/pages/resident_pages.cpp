#include "core/pages/resident_pages.h"

#include <algorithm>
#include <utility>

#include "core/base/assert.h"

namespace rollcall {
namespace {

// Compacting a page takes some 10 us, and a checkpoint has other things to do within the gate, so
// what is left over waits for the next one.
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

}  // namespace

const SeriesDay* ResidentPages::find_series_day(const PagePlace& place) const {
  const auto day = days_.find(place.day);
  if (day == days_.end()) return nullptr;
  const auto found = day->second.series.find(place.series);
  return found == day->second.series.end() ? nullptr : &found->second;
}

Status ResidentPages::load_days(DayRange days, const StoreView& view) {
  for (auto day = days_.lower_bound(days.first); day != days_.end() && day->first <= days.last;
       ++day) {
    ROLLCALL_RETURN_IF_ERROR(load_day(day->first, day->second, view));
  }
  return {};
}

Status ResidentPages::load_for_rows(const PagePlace& place, SeriesRole role, bool has_values,
                                    const StoreView& view) {
  const auto load_slot = [&]<class Form>(std::type_identity<Form>, SlotsOf<Form>& slots) -> Status {
    const bool touches =
        Form::writer(role) == PageWriter::kApply && (has_values || !Form::kOnlyValues);
    if (!touches || place.chunk >= slots.size()) return {};
    return load<Form>(slots[place.chunk], place, view);
  };
  if (const auto day = days_.find(place.day); day != days_.end()) {
    ROLLCALL_RETURN_IF_ERROR(load_day(place.day, day->second, view));
    const auto found = day->second.series.find(place.series);
    if (found != day->second.series.end()) {
      ROLLCALL_RETURN_IF_ERROR(found->second.pages.try_each(load_slot));
    }
  }
  return {};
}

Status ResidentPages::load_for_users(std::span<const std::uint32_t> ordinals,
                                     const StoreView& view) {
  std::vector<std::uint32_t> chunks;
  for (const std::uint32_t ordinal : ordinals) {
    const std::uint32_t chunk = ordinal / kChunkOrdinals;
    if (chunks.empty() || chunks.back() != chunk) chunks.push_back(chunk);
  }
  const auto load_chunks = [&]<class Form>(std::type_identity<Form>, SlotsOf<Form>& slots,
                                           SeriesId series, Day day) -> Status {
    for (const std::uint32_t chunk : chunks) {
      if (chunk >= slots.size()) continue;
      ROLLCALL_RETURN_IF_ERROR(load<Form>(slots[chunk], {series, day, chunk}, view));
    }
    return {};
  };
  for (auto& [date, day] : days_) {
    ROLLCALL_RETURN_IF_ERROR(load_day(date, day, view));
    for (auto& entry : day.series) {
      ROLLCALL_RETURN_IF_ERROR(entry.second.pages.try_each([&, of = date](auto form, auto& slots) {
        return load_chunks(form, slots, entry.first, of);
      }));
    }
  }
  return series_.try_each([&](auto form, auto& series) -> Status {
    for (auto& [id, slots] : series) {
      ROLLCALL_RETURN_IF_ERROR(load_chunks(form, slots, id, Day()));
    }
    return {};
  });
}

SeriesDay& ResidentPages::series_day(SeriesId series, Day date) {
  const auto [found, made] = days_[date].series.try_emplace(series);
  if (made) directory_bytes_ += directory_bytes(found->second);
  return found->second;
}

SeriesDay& ResidentPages::add_rows(const PagePlace& place,
                                   std::span<const std::uint32_t> hour_events,
                                   std::span<const AmountSum> hour_values) {
  DayState& day = days_[place.day];
  day.dirty = true;
  day.changed_in = day.last_used = batch_number_;
  day.compact = false;
  const auto [found, made] = day.series.try_emplace(place.series);
  SeriesDay& series_day = found->second;
  const std::size_t bytes_before = made ? 0 : directory_bytes(series_day);
  for (std::size_t hour = 0; hour < hour_events.size(); ++hour) {
    if (hour_events[hour] == 0) continue;
    const AmountSum value = hour_values.empty() ? 0 : hour_values[hour];
    add_hour({static_cast<std::uint8_t>(hour), hour_events[hour], value}, series_day.hours);
  }
  directory_bytes_ += directory_bytes(series_day) - bytes_before;
  return series_day;
}

EventTotal ResidentPages::total_of(SeriesDay& series_day) {
  EventTotal total;
  for (const HourTotal& hour : series_day.hours) {
    total.events += hour.events;
    total.value += hour.value;
  }
  for (SlotOf<PresenceForm>& slot : series_day.slots<PresenceForm>()) {
    PresenceForm::settle(slot);
    total.users += slot.users;
  }
  return total;
}

EventTotal ResidentPages::day_total(SeriesId series, Day date) {
  const auto day = days_.find(date);
  if (day == days_.end()) return {};
  const auto found = day->second.series.find(series);
  return found == day->second.series.end() ? EventTotal{} : total_of(found->second);
}

std::vector<PinnedTotal> ResidentPages::totals(const TotalsRead& read, QuestionAccount& account) {
  std::vector<PinnedTotal> totals;
  for (auto day = days_.lower_bound(read.days.first);
       day != days_.end() && day->first <= read.days.last; ++day) {
    for (const SeriesId series : read.series) {
      const auto found = day->second.series.find(series);
      if (found == day->second.series.end()) continue;
      take_for(account, totals, read.by_hour ? found->second.hours.size() : 1,
               QuestionNeed::kTotals);
      if (!read.by_hour) {
        totals.push_back({series, day->first, 0, total_of(found->second)});
        continue;
      }
      for (const HourTotal& hour : found->second.hours) {
        totals.push_back(
            {series, day->first, hour.hour, {.events = hour.events, .value = hour.value}});
      }
    }
  }
  return totals;
}

// Returns whether a page knew of the user, and was changed.
template <class Form>
bool ResidentPages::forget_in(SlotsOf<Form>& slots, const PagePlace& place, std::uint32_t ordinal,
                              AmountSum& forgotten_value) {
  if (place.chunk >= slots.size()) return false;
  SlotOf<Form>& slot = slots[place.chunk];
  if (!slot.page || !Form::knows(*slot.page, ordinal)) return false;
  forgotten_value += Form::forget(slot.page.writable(), ordinal);
  changed<Form>(slot, place);
  return true;
}

void ResidentPages::forget(std::span<const std::uint32_t> ordinals) {
  kept_unions_.clear();  // at once, as most days may lose somebody
  for (auto& [date, day] : days_) {
    for (auto& [series, series_day] : day.series) {
      AmountSum& value = series_day.forgotten_value;
      for (const std::uint32_t ordinal : ordinals) {
        const PagePlace place = {series, date, ordinal / kChunkOrdinals};
        if (!forget_in<PresenceForm>(series_day.slots<PresenceForm>(), place, ordinal, value)) {
          continue;
        }
        day.dirty = true;
        day.compact = false;
        series_day.pages.for_each([&]<class Form>(std::type_identity<Form>, SlotsOf<Form>& slots) {
          if constexpr (std::is_same_v<Form, PresenceForm>) return;
          forget_in<Form>(slots, place, ordinal, value);
        });
      }
    }
  }
  series_.for_each([&]<class Form>(std::type_identity<Form>, SeriesOf<Form>& pages) {
    AmountSum value = 0;  // the days have all of it
    for (auto& [series, slots] : pages) {
      for (const std::uint32_t ordinal : ordinals) {
        forget_in<Form>(slots, {series, Day(), ordinal / kChunkOrdinals}, ordinal, value);
      }
    }
  });
}

void ResidentPages::compact_quiet_days() {
  std::size_t compacted = 0;
  for (auto& [date, day] : days_) {
    if (day.dirty || day.compact) continue;
    if (compacted > kCompactedPagesMax) return;
    for (auto& [series, series_day] : day.series) {
      series_day.pages.for_each([&]<class Form>(std::type_identity<Form>, SlotsOf<Form>& slots) {
        if constexpr (requires(PageOf<Form> page) { page.compact(); }) {
          for (SlotOf<Form>& slot : slots) {
            if (!slot.page) continue;
            slot.page.writable().compact();
            account(slot);
            ++compacted;
          }
        }
      });
    }
    day.compact = true;
  }
}

// Hands over those that are dirty.
template <class Form>
void ResidentPages::collect_slots(SlotsOf<Form>& slots, PagePlace place, Epoch epoch,
                                  std::vector<DirtyPage>& dirty,
                                  std::vector<PageAddress>& superseded) {
  for (place.chunk = 0; place.chunk < slots.size(); ++place.chunk) {
    SlotOf<Form>& slot = slots[place.chunk];
    Form::settle(slot);
    if (!slot.dirty) continue;
    const PageId id = id_of<Form>(place);
    if (slot.epoch != 0) superseded.push_back({id, slot.epoch});
    dirty.push_back({id, DirtyPageOf<Form>{slot.page}});
    slot.epoch = epoch;
    slot.dirty = false;
    memory_.dirty_bytes -= slot.bytes;
  }
}

void ResidentPages::collect(Epoch epoch, std::vector<DirtyPage>& dirty,
                            std::vector<PageAddress>& superseded) {
  for (auto& entry : days_) {
    const Day date = entry.first;
    DayState& day = entry.second;
    if (!day.dirty) continue;
    for (auto& [id, series_day] : day.series) {
      const SeriesId series = id;
      series_day.pages.for_each([&]<class Form>(std::type_identity<Form>, SlotsOf<Form>& slots) {
        collect_slots<Form>(slots, {series, date, 0}, epoch, dirty, superseded);
      });
    }
    const PageId id{PageKind::kDay, partition_, 0, date.value, 0};
    if (day.epoch != 0) superseded.push_back({id, day.epoch});
    day.epoch = epoch;
    day.dirty = false;
    dirty.push_back({id, serialize_day(day)});
  }
  series_.for_each([&]<class Form>(std::type_identity<Form>, SeriesOf<Form>& pages) {
    for (auto& [series, slots] : pages) {
      collect_slots<Form>(slots, {series, Day(), 0}, epoch, dirty, superseded);
    }
  });
  superseded.insert(superseded.end(), retired_.begin(), retired_.end());
  std::vector<PageAddress>().swap(retired_);
}

}  // namespace rollcall
