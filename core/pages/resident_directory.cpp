// This file has how pages are found again: by their part of the directory page, and by the day
// pages. `docs/format.md` describes the bytes.
#include <algorithm>
#include <optional>

#include "core/base/byte_codec.h"
#include "core/pages/resident_pages.h"
#include "core/time/time_zone.h"

namespace rollcall {
namespace {

template <class Map>
std::vector<typename Map::key_type> sorted_keys(const Map& map) {
  std::vector<typename Map::key_type> keys;
  keys.reserve(map.size());
  for (const auto& [key, value] : map) keys.push_back(key);
  std::sort(keys.begin(), keys.end());
  return keys;
}

template <class Form>
void write_slots(const SlotsOf<Form>& slots, ByteWriter& writer) {
  writer.varint(slots.size());
  for (const SlotOf<Form>& slot : slots) Form::write_slot(slot, writer);
}

template <class Form>
void read_slots(ByteReader& reader, SlotsOf<Form>& slots) {
  slots = SlotsOf<Form>(reader.count(1));
  for (SlotOf<Form>& slot : slots) Form::read_slot(reader, slot);
}

}  // namespace

void ResidentPages::write_directory(ByteWriter& writer) const {
  writer.varint(0);  // retired pages
  series_.for_each([&]<class Form>(std::type_identity<Form>, const SeriesOf<Form>& pages) {
    writer.varint(pages.size());
    for (const SeriesId series : sorted_keys(pages)) {
      writer.varint(series);
      write_slots<Form>(pages.at(series), writer);
    }
  });
  writer.varint(days_.size());
  for (const auto& [date, day] : days_) {
    writer.zigzag(date.value);
    writer.varint(day.epoch);
  }
}

// Earlier programs kept counters for each of the events' own series and chunk.
Status ResidentPages::read_retired(ByteReader& reader) {
  std::optional<SeriesId> before;
  for (std::size_t left = reader.count(2); left > 0 && reader.ok(); --left) {
    const auto series = reader.varint_up_to<SeriesId>(~SeriesId{0});
    if (before && series <= *before) {
      return Status::corruption("its counter pages do not ascend by series");
    }
    before = series;
    const auto chunk_count = static_cast<std::uint32_t>(reader.count(1));
    for (std::uint32_t chunk = 0; chunk < chunk_count; ++chunk) {
      const PageAddress address{{PageKind::kCounters, partition_, series, 0, chunk},
                                reader.varint()};
      if (address.epoch != 0) retired_.push_back(address);
    }
  }
  return {};
}

Status ResidentPages::read_directory(ByteReader& reader, BatchNumber opened_in) {
  ROLLCALL_RETURN_IF_ERROR(read_retired(reader));
  series_.for_each([&]<class Form>(std::type_identity<Form>, SeriesOf<Form>& pages) {
    const std::size_t count = reader.count(2);
    for (std::size_t i = 0; i < count && reader.ok(); ++i) {
      const auto series = reader.varint_up_to<SeriesId>(~SeriesId{0});
      read_slots<Form>(reader, pages[series]);
    }
  });
  const std::size_t day_count = reader.count(2);
  for (std::size_t i = 0; i < day_count; ++i) {
    const std::int64_t date = reader.zigzag();
    if (date < kDayMin.value || date > kDayMax.value ||
        (!days_.empty() && date <= days_.rbegin()->first.value)) {
      return Status::corruption("its days do not ascend within the years 1 to 9999");
    }
    DayState& day = days_[Day{static_cast<std::int32_t>(date)}];
    day.epoch = reader.varint();
    day.changed_in = opened_in;
    day.loaded = false;
    day.compact = true;  // pages are stored in their smallest form
  }
  batch_number_ = opened_in;
  return {};
}

std::string ResidentPages::serialize_day(const DayState& day) {
  std::string bytes;
  ByteWriter writer(bytes);
  writer.varint(day.series.size());
  for (const SeriesId series : sorted_keys(day.series)) {
    const SeriesDay& series_day = day.series.at(series);
    writer.varint(series);
    series_day.pages.for_each(
        [&]<class Form>(std::type_identity<Form>, const SlotsOf<Form>& slots) {
          write_slots<Form>(slots, writer);
        });
    writer.sum(series_day.forgotten_value);
    writer.varint(series_day.hours.size());
    for (const HourTotal& hour : series_day.hours) {
      writer.byte(hour.hour);
      writer.varint(hour.events);
      writer.sum(hour.value);
    }
  }
  return bytes;
}

Status ResidentPages::deserialize_day(std::string_view bytes, std::size_t series_count,
                                      DayState& day) {
  ByteReader reader(bytes);
  const std::size_t entry_count = reader.count(4);
  for (std::size_t i = 0; i < entry_count && reader.ok(); ++i) {
    SeriesDay& series_day = day.series[reader.varint_up_to<SeriesId>(series_count - 1)];
    series_day.pages.for_each([&]<class Form>(std::type_identity<Form>, SlotsOf<Form>& slots) {
      read_slots<Form>(reader, slots);
    });
    series_day.forgotten_value = reader.sum();
    const std::size_t hour_count = reader.count(4);
    for (std::size_t h = 0; h < hour_count; ++h) {
      HourTotal hour;
      hour.hour = reader.varint_up_to<std::uint8_t>(kDayHoursMax - 1);
      hour.events = reader.varint();
      hour.value = reader.sum();
      series_day.hours.push_back(hour);
    }
  }
  if (!reader.done()) return Status::corruption("its bytes do not add up");
  return {};
}

Status ResidentPages::load_day(Day date, DayState& day, const StoreView& view) {
  day.last_used = batch_number_;
  if (day.loaded) return {};
  const PageId id{PageKind::kDay, partition_, 0, date.value, 0};
  ROLLCALL_ASSIGN_OR_RETURN(const std::string bytes, view.read({id, day.epoch}));
  DayState stored;
  if (Status status = deserialize_day(bytes, series_count_, stored); !status.ok()) {
    return Status::corruption(to_string(id) + ": " + status.message());
  }
  day.series = std::move(stored.series);
  day.loaded = true;
  for (const auto& [series, series_day] : day.series) {
    directory_bytes_ += directory_bytes(series_day);
  }
  return {};
}

}  // namespace rollcall
