// How a partition finds its pages again: the directory page, the day pages, and what a checkpoint
// writes. `docs/format.md` describes the bytes.
#include <algorithm>

#include "core/base/assert.h"
#include "core/base/byte_codec.h"
#include "core/partition/partition.h"

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

template <class T>
void write_epochs(const std::vector<PageSlot<T>>& slots, ByteWriter& writer) {
  writer.varint(slots.size());
  for (const PageSlot<T>& slot : slots) writer.varint(slot.epoch);
}

template <class T>
std::vector<PageSlot<T>> read_epochs(ByteReader& reader) {
  std::vector<PageSlot<T>> slots(reader.count(1));
  for (PageSlot<T>& slot : slots) slot.epoch = reader.varint();
  return slots;
}

void write_presence(const std::vector<PageSlot<PresenceChunk>>& slots, ByteWriter& writer) {
  writer.varint(slots.size());
  for (const PageSlot<PresenceChunk>& slot : slots) {
    writer.varint(slot.epoch);
    if (slot.epoch != 0) writer.varint(slot.users);
  }
}

std::vector<PageSlot<PresenceChunk>> read_presence(ByteReader& reader) {
  std::vector<PageSlot<PresenceChunk>> slots(reader.count(1));
  for (PageSlot<PresenceChunk>& slot : slots) {
    slot.epoch = reader.varint();
    if (slot.epoch != 0) slot.users = reader.varint_up_to(kChunkOrdinals);
  }
  return slots;
}

template <class T>
void write_series_chunks(const SeriesChunks<T>& chunks, ByteWriter& writer) {
  writer.varint(chunks.size());
  for (const SeriesId series : sorted_keys(chunks)) {
    writer.varint(series);
    write_epochs(chunks.at(series), writer);
  }
}

void write_events(const std::map<SeriesId, std::uint64_t>& events, ByteWriter& writer) {
  writer.varint(events.size());
  for (const auto& [series, count] : events) {
    writer.varint(series);
    writer.varint(count);
  }
}

std::map<SeriesId, std::uint64_t> read_events(ByteReader& reader, std::size_t series_count) {
  std::map<SeriesId, std::uint64_t> events;
  for (std::size_t left = reader.count(2); left > 0 && reader.ok(); --left) {
    const auto series = reader.varint_up_to<SeriesId>(series_count - 1);
    events[series] = reader.varint();
  }
  return events;
}

template <class T>
SeriesChunks<T> read_series_chunks(ByteReader& reader) {
  SeriesChunks<T> chunks;
  const std::size_t count = reader.count(2);
  for (std::size_t i = 0; i < count && reader.ok(); ++i) {
    const auto series = reader.varint_up_to<SeriesId>(~SeriesId{0});
    chunks[series] = read_epochs<T>(reader);
  }
  return chunks;
}

}  // namespace

std::string Partition::serialize_directory() const {
  std::string bytes;
  ByteWriter writer(bytes);
  writer.varint(user_count_);
  writer.varint(forgotten_count_);
  write_events(events_, writer);
  write_events(forgotten_events_, writer);
  writer.varint(user_page_epochs_.size());
  for (const Epoch epoch : user_page_epochs_) writer.varint(epoch);
  write_series_chunks(counters_, writer);
  write_series_chunks(bounds_, writer);
  writer.varint(days_.size());
  for (const auto& [date, day] : days_) {
    writer.zigzag(date.value);
    writer.varint(day.epoch);
  }
  return bytes;
}

Status Partition::deserialize_directory(std::string_view bytes,
                                        std::vector<std::pair<Day, Epoch>>& days) {
  ByteReader reader(bytes);
  user_count_ = reader.varint_up_to(~std::uint32_t{0});
  forgotten_count_ = reader.varint_up_to(user_count_);
  events_ = read_events(reader, series_count_);
  forgotten_events_ = read_events(reader, series_count_);
  user_page_epochs_.resize(reader.count(1));
  for (Epoch& epoch : user_page_epochs_) epoch = reader.varint();
  counters_ = read_series_chunks<CounterChunk>(reader);
  bounds_ = read_series_chunks<BoundsChunk>(reader);
  const std::size_t day_count = reader.count(2);
  for (std::size_t i = 0; i < day_count; ++i) {
    const std::int64_t day = reader.zigzag();
    if (day < kDayMin.value || day > kDayMax.value ||
        (!days.empty() && day <= days.back().first.value)) {
      return Status::corruption("its days do not ascend within the years 1 to 9999");
    }
    days.emplace_back(Day{static_cast<std::int32_t>(day)}, reader.varint());
  }
  if (!reader.done()) return Status::corruption("its bytes do not add up");
  if (user_page_epochs_.size() !=
      (user_count_ + std::uint64_t{kChunkOrdinals} - 1) / kChunkOrdinals) {
    return Status::corruption("it has " + std::to_string(user_page_epochs_.size()) +
                              " user pages for " + std::to_string(user_count_) + " users");
  }
  return {};
}

std::string Partition::serialize_day(const DayState& day) {
  std::string bytes;
  ByteWriter writer(bytes);
  writer.varint(day.series.size());
  for (const SeriesId series : sorted_keys(day.series)) {
    const SeriesDay& series_day = day.series.at(series);
    writer.varint(series);
    write_presence(series_day.chunks, writer);
    write_epochs(series_day.amounts, writer);
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

Status Partition::deserialize_day(std::string_view bytes, std::size_t series_count, DayState& day) {
  ByteReader reader(bytes);
  const std::size_t entry_count = reader.count(4);
  for (std::size_t i = 0; i < entry_count && reader.ok(); ++i) {
    SeriesDay& series_day = day.series[reader.varint_up_to<SeriesId>(series_count - 1)];
    series_day.chunks = read_presence(reader);
    series_day.amounts = read_epochs<AmountChunk>(reader);
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

Status Partition::open(const StoreView& view, Epoch epoch, std::size_t series_count,
                       BatchNumber opened_in) {
  const PageId directory_id{PageKind::kPartition, number_, 0, 0, 0};
  series_count_ = series_count;
  ROLLCALL_ASSIGN_OR_RETURN(const std::string directory, view.read({directory_id, epoch}));
  std::vector<std::pair<Day, Epoch>> days;
  if (Status status = deserialize_directory(directory, days); !status.ok()) {
    return Status::corruption(to_string(directory_id) + ": " + status.message());
  }
  for (const auto& [date, day_epoch] : days) {
    DayState& day = days_[date];
    day.epoch = day_epoch;
    day.changed_in = opened_in;
    day.loaded = false;
    day.compact = true;  // pages are stored in their smallest form
  }
  epoch_ = epoch;
  batch_number_ = opened_in;
  stored_user_count_ = user_count_;
  users_loaded_ = user_count_ == 0;
  // A guess, until they have been read once.
  constexpr std::size_t kUserBytes = 32;
  user_bytes_ = users_.kind() == UserKind::kString ? user_count_ * kUserBytes : 0;
  return {};
}

Status Partition::load_day(Day date, DayState& day, const StoreView& view) {
  day.last_used = batch_number_;
  if (day.loaded) return {};
  const PageId id{PageKind::kDay, number_, 0, date.value, 0};
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

Status Partition::load_days(DayRange days, const StoreView& view) {
  for (auto day = days_.lower_bound(days.first); day != days_.end() && day->first <= days.last;
       ++day) {
    ROLLCALL_RETURN_IF_ERROR(load_day(day->first, day->second, view));
  }
  return {};
}

Status Partition::load_for(const ReadSet& reads, const StoreView& view) {
  for (const PresenceRead& read : reads.presence) {
    ROLLCALL_RETURN_IF_ERROR(load_days(read.days, view));
  }
  for (const UnionRead& read : reads.unions) {
    ROLLCALL_RETURN_IF_ERROR(load_days(read.days, view));
  }
  for (const AmountRead& read : reads.amounts) {
    ROLLCALL_RETURN_IF_ERROR(load_days(read.days, view));
  }
  return reads.lists.empty() ? Status() : load_users(view);
}

Status Partition::load_users(const StoreView& view) {
  if (users_loaded_) return {};
  UserIndex users(users_.kind());
  users.reserve(user_count_);
  for (std::size_t chunk = 0; chunk < user_page_epochs_.size(); ++chunk) {
    const PageId id = chunk_id(PageKind::kUsers, 0, chunk);
    ROLLCALL_ASSIGN_OR_RETURN(const std::string bytes, view.read({id, user_page_epochs_[chunk]}));
    if (Status status = users.append(bytes); !status.ok()) {
      return Status::corruption(to_string(id) + ": " + status.message());
    }
  }
  if (users.size() != user_count_) {
    return Status::corruption("user pages of partition " + std::to_string(number_) + " hold " +
                              std::to_string(users.size()) + " users, its directory says " +
                              std::to_string(user_count_));
  }
  if (users.erased_count() != forgotten_count_) {
    return Status::corruption("user pages of partition " + std::to_string(number_) + " lack " +
                              std::to_string(users.erased_count()) + " users, its directory says " +
                              std::to_string(forgotten_count_));
  }
  users_ = std::move(users);
  users_loaded_ = true;
  return {};
}

// Hands over one page if it is dirty.
template <class T>
void Partition::collect(PageSlot<T>& slot, const PageId& id, Epoch epoch,
                        std::vector<DirtyPage>& dirty, std::vector<PageAddress>& superseded) {
  if (!slot.dirty) return;
  if (slot.epoch != 0) superseded.push_back({id, slot.epoch});
  dirty.push_back({id, slot.page});
  slot.epoch = epoch;
  slot.dirty = false;
  memory_.dirty_bytes -= slot.bytes;
}

void Partition::collect_users(std::uint32_t chunk, Epoch epoch, std::vector<DirtyPage>& dirty,
                              std::vector<PageAddress>& superseded) {
  const PageId id = chunk_id(PageKind::kUsers, 0, chunk);
  if (chunk < user_page_epochs_.size()) {
    superseded.push_back({id, user_page_epochs_[chunk]});
  } else {
    user_page_epochs_.push_back(0);
  }
  user_page_epochs_[chunk] = epoch;
  const std::uint32_t first = chunk * kChunkOrdinals;
  std::string bytes;
  users_.serialize(first, std::min(kChunkOrdinals, user_count_ - first), bytes);
  dirty.push_back({id, std::move(bytes)});
}

void Partition::collect_dirty(Epoch epoch, std::vector<DirtyPage>& dirty,
                              std::vector<PageAddress>& superseded) {
  ROLLCALL_ASSERT(awaiting_any_.empty() && awaiting_bounds_.empty());
  compact_quiet_days();
  if (!dirty_) return;
  for (auto& [date, day] : days_) {
    if (!day.dirty) continue;
    for (auto& [series, series_day] : day.series) {
      for (std::size_t chunk = 0; chunk < series_day.chunks.size(); ++chunk) {
        count_users(series_day.chunks[chunk]);
        collect(series_day.chunks[chunk], presence_id(series, date, chunk), epoch, dirty,
                superseded);
      }
      for (std::size_t chunk = 0; chunk < series_day.amounts.size(); ++chunk) {
        collect(series_day.amounts[chunk], amounts_id(series, date, chunk), epoch, dirty,
                superseded);
      }
    }
    const PageId id{PageKind::kDay, number_, 0, date.value, 0};
    if (day.epoch != 0) superseded.push_back({id, day.epoch});
    day.epoch = epoch;
    day.dirty = false;
    dirty.push_back({id, serialize_day(day)});
  }
  for (auto& [series, slots] : counters_) {
    for (std::size_t chunk = 0; chunk < slots.size(); ++chunk) {
      collect(slots[chunk], chunk_id(PageKind::kCounters, series, chunk), epoch, dirty, superseded);
    }
  }
  for (auto& [series, slots] : bounds_) {
    for (std::size_t chunk = 0; chunk < slots.size(); ++chunk) {
      collect(slots[chunk], chunk_id(PageKind::kBounds, series, chunk), epoch, dirty, superseded);
    }
  }
  // Users are only ever added, or erased: the page that the last stored user is in, and those after
  // it; and before it those with erased ones.
  const std::uint32_t first_new = stored_user_count_ / kChunkOrdinals;
  for (const std::uint32_t chunk : erased_chunks_) {
    if (chunk < first_new || stored_user_count_ == user_count_) {
      collect_users(chunk, epoch, dirty, superseded);
    }
  }
  erased_chunks_.clear();
  for (std::uint32_t chunk = first_new;
       stored_user_count_ < user_count_ && chunk * kChunkOrdinals < user_count_; ++chunk) {
    collect_users(chunk, epoch, dirty, superseded);
  }
  stored_user_count_ = user_count_;
  const PageId id{PageKind::kPartition, number_, 0, 0, 0};
  if (epoch_ != 0) superseded.push_back({id, epoch_});
  epoch_ = epoch;
  dirty_ = false;
  dirty.push_back({id, serialize_directory()});
}

}  // namespace rollcall
