#include "core/partition/partition.h"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>
#include <utility>

#include "core/base/assert.h"

namespace rollcall {
namespace {

// Compacting a page takes some 10 us, and a checkpoint has other things to do within the gate: what
// is left over waits for the next one.
constexpr std::size_t kCompactedPagesMax = 64;

// How far ahead a counter is asked for: enough to hide a miss behind the rows before it. The
// columns of staged rows have as many to spare.
constexpr std::size_t kRowsAhead = 64;

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

// Makes room for `size` elements, whose values do not matter.
template <class T>
T* grow(std::vector<T>& elements, std::size_t size) {
  if (elements.size() < size) elements.resize(size);
  return elements.data();
}

// Asks for all of a run of rows, which comes from far away and is too short for the processor to
// see it coming.
template <class T>
void prefetch(std::span<const T> run) {
  constexpr std::size_t kLine = 64 / sizeof(T);
  for (std::size_t i = 0; i < run.size(); i += kLine) __builtin_prefetch(run.data() + i);
}

Status no_room() { return Status::resource_exhausted("partition: its memory is full"); }

template <class T>
PageSlot<T>& slot_at(std::vector<PageSlot<T>>& slots, std::size_t chunk) {
  if (slots.size() <= chunk) slots.resize(chunk + 1);
  return slots[chunk];
}

}  // namespace

PageId Partition::presence_id(SeriesId series, Day day, std::size_t chunk) const {
  return {PageKind::kPresence, number_, series, day.value, static_cast<std::uint32_t>(chunk)};
}

PageId Partition::amounts_id(SeriesId series, Day day, std::size_t chunk) const {
  return {PageKind::kAmounts, number_, series, day.value, static_cast<std::uint32_t>(chunk)};
}

PageId Partition::chunk_id(PageKind kind, SeriesId series, std::size_t chunk) const {
  return {kind, number_, series, 0, static_cast<std::uint32_t>(chunk)};
}

std::uint32_t Partition::StagedColumn::event_count(std::size_t cell) const {
  const std::uint32_t* const hours = hour_events.data() + cell * kHourStride;
  return std::accumulate(hours, hours + kHourStride, std::uint32_t{0});
}

void Partition::stage_users(const PreparedRows& rows, std::size_t count) {
  std::uint32_t* ordinals = grow(ordinals_, count + kRowsAhead);
  std::fill_n(ordinals + count, kRowsAhead, 0);
  for (std::size_t i = 0; i < rows.blocks.size(); ++i) {
    if (i + 1 < rows.blocks.size()) prefetch(rows.blocks[i + 1]->hashes_of(number_));
    const PreparedBlock& block = *rows.blocks[i];
    const std::span<const std::uint64_t> hashes = block.hashes_of(number_);
    if (hashes.empty()) continue;
    if (block.string_ends.empty()) {
      users_.find_or_add(hashes, ordinals);
    } else {
      users_.find_or_add(hashes, block.strings_of(number_), ordinals);
    }
    ordinals += hashes.size();
  }
}

// Numbers the cells as they are met, and counts the rows of each, hour by hour.
void Partition::stage_column(const PreparedRows& rows, std::size_t column, std::size_t count,
                             std::span<const SeriesId> series) {
  constexpr std::uint32_t kUnmet = ~std::uint32_t{0};
  const std::vector<PreparedRows::Pair>& pairs = rows.pairs[column];
  const auto pair_count = static_cast<std::uint32_t>(pairs.size());
  const std::uint32_t chunk_count = (users_.size() + kChunkOrdinals - 1) / kChunkOrdinals;
  cell_numbers_.assign(std::size_t{pair_count} * chunk_count, kUnmet);
  std::uint32_t* const cell_numbers = cell_numbers_.data();

  StagedColumn& staged = columns_[column];
  staged.cells.clear();
  staged.hour_events.clear();
  std::uint32_t* row_cells = grow(staged.row_cells, count + kRowsAhead);
  std::fill_n(row_cells + count, kRowsAhead, 0);
  std::uint32_t* hour_events = nullptr;
  const std::uint32_t* ordinals = ordinals_.data();
  for (std::size_t block = 0; block < rows.blocks.size(); ++block) {
    if (block + 1 < rows.blocks.size()) {
      prefetch(rows.blocks[block + 1]->pair_hours_of(column, number_));
    }
    const std::span<const PairHour> pair_hours = rows.blocks[block]->pair_hours_of(column, number_);
    const std::size_t block_count = pair_hours.size();
    for (std::size_t i = 0; i < block_count; ++i) {
      const std::uint32_t pair = pair_hours[i] >> kHourBits;
      const std::uint32_t chunk = ordinals[i] / kChunkOrdinals;
      std::uint32_t& cell = cell_numbers[chunk * pair_count + pair];
      if (cell == kUnmet) [[unlikely]] {
        cell = static_cast<std::uint32_t>(staged.cells.size());
        staged.cells.push_back({series[pairs[pair].series], pairs[pair].day, chunk});
        staged.hour_events.resize(staged.cells.size() * kHourStride);
        hour_events = staged.hour_events.data();
      }
      row_cells[i] = cell;
      ++hour_events[cell * kHourStride + pair_hours[i] % kHourStride];
    }
    row_cells += block_count;
    ordinals += block_count;
  }
}

// Adds up the values of a column's hours, and with the first column lists them.
void Partition::stage_values(const PreparedRows& rows, std::size_t column) {
  StagedColumn& staged = columns_[column];
  if (column == 0) values_.clear();
  staged.hour_values.assign(rows.has_values(number_) ? staged.hour_events.size() : 0, 0);
  std::uint32_t first_row = 0;
  for (const auto& block : rows.blocks) {
    const std::uint32_t begin = block->partition_begin[number_];
    for (const PreparedBlock::Value& value : block->values_of(number_)) {
      const std::uint32_t row = first_row + value.row - begin;
      const std::uint32_t hour = block->pair_hours[column][value.row] % kHourStride;
      staged.hour_values[staged.row_cells[row] * kHourStride + hour] += value.value;
      if (column == 0) values_.push_back({row, value.value});
    }
    first_row += static_cast<std::uint32_t>(block->row_count(number_));
  }
}

Status Partition::load_touched(const StagedColumn& column, bool with_counters,
                               const StoreView& view, MemoryAllowance& allowance) {
  std::size_t counted = memory_.resident_bytes + directory_bytes_;
  for (const Cell& cell : column.cells) {
    const std::size_t bytes = memory_.resident_bytes + directory_bytes_;
    allowance.take(bytes - std::exchange(counted, bytes));
    if (allowance.is_overdrawn()) return no_room();
    if (const auto day = days_.find(cell.day); day != days_.end()) {
      ROLLCALL_RETURN_IF_ERROR(load_day(cell.day, day->second, view));
      const auto found = day->second.series.find(cell.series);
      if (found != day->second.series.end() && cell.chunk < found->second.chunks.size()) {
        ROLLCALL_RETURN_IF_ERROR(load(found->second.chunks[cell.chunk],
                                      presence_id(cell.series, cell.day, cell.chunk), view));
      }
      if (!values_.empty() && found != day->second.series.end() &&
          cell.chunk < found->second.amounts.size()) {
        ROLLCALL_RETURN_IF_ERROR(load(found->second.amounts[cell.chunk],
                                      amounts_id(cell.series, cell.day, cell.chunk), view));
      }
    }
    if (!with_counters) continue;
    const auto counters = counters_.find(cell.series);
    if (counters != counters_.end() && cell.chunk < counters->second.size()) {
      ROLLCALL_RETURN_IF_ERROR(load(counters->second[cell.chunk],
                                    chunk_id(PageKind::kCounters, cell.series, cell.chunk), view));
    }
  }
  allowance.take(memory_.resident_bytes + directory_bytes_ - counted);
  allowance.take(growth(column, with_counters));
  return allowance.is_overdrawn() ? no_room() : Status();
}

Status Partition::stage(const PreparedRows& rows, const StoreView& view,
                        std::span<const SeriesId> series, MemoryAllowance& allowance) {
  staged_count_ = 0;
  for (const SeriesId id : series) series_count_ = std::max(series_count_, id + std::size_t{1});
  std::size_t count = 0;
  for (const auto& block : rows.blocks) count += block->row_count(number_);
  if (count == 0) return {};
  std::size_t counted = memory_use().resident_bytes;
  const auto take = [&] {
    const std::size_t bytes = memory_use().resident_bytes;
    allowance.take(bytes - std::min(bytes, std::exchange(counted, bytes)));
    return allowance.is_overdrawn() ? no_room() : Status();
  };
  // What is asked for first, as it may be too much, and counted when it is there.
  const auto reserve = [&](std::size_t peak, auto use) -> Status {
    allowance.take(peak);
    if (allowance.is_overdrawn()) return no_room();
    ROLLCALL_RETURN_IF_ERROR(use());
    allowance.give_back(peak);
    return take();
  };
  if (!users_loaded_) {
    ROLLCALL_RETURN_IF_ERROR(
        reserve(users_.growth_bytes(user_count_, user_bytes_), [&] { return load_users(view); }));
  }
  std::size_t string_bytes = 0;
  for (const auto& block : rows.blocks) string_bytes += block->string_bytes_of(number_);
  const std::size_t ordinal_bytes = count * sizeof(ordinals_[0]);
  ROLLCALL_RETURN_IF_ERROR(reserve(users_.growth_bytes(count, string_bytes) + ordinal_bytes, [&] {
    stage_users(rows, count);
    return Status();
  }));
  columns_.resize(rows.pairs.size());
  for (std::size_t column = 0; column < columns_.size(); ++column) {
    ROLLCALL_RETURN_IF_ERROR(reserve(count * sizeof(ordinals_[0]), [&] {
      stage_column(rows, column, count, series);
      stage_values(rows, column);
      return Status();
    }));
    ROLLCALL_RETURN_IF_ERROR(load_touched(columns_[column], column == 0, view, allowance));
    counted = memory_use().resident_bytes;
  }
  staged_count_ = count;
  return {};
}

void Partition::unstage() {
  staged_count_ = 0;
  if (users_loaded_) users_.truncate(user_count_);
}

void Partition::apply(BatchNumber batch_number) {
  batch_number_ = batch_number;
  if (staged_count_ == 0) return;
  user_count_ = users_.size();
  for (std::size_t i = 0; i < columns_.size(); ++i) apply_column(columns_[i], i == 0, batch_number);
  dirty_ = true;
  staged_count_ = 0;
}

// Brings the pages of a cell up to date with what is known before its rows are looked at.
void Partition::open_cell(const StagedColumn& column, std::size_t number, bool with_counters,
                          CellTargets& targets) {
  const Cell& cell = column.cells[number];
  DayState& day = days_[cell.day];
  day.dirty = true;
  day.changed_in = day.last_used = batch_number_;
  day.compact = false;
  const auto [found, made] = day.series.try_emplace(cell.series);
  SeriesDay& series_day = found->second;
  const std::size_t bytes_before = made ? 0 : directory_bytes(series_day);
  for (std::size_t hour = 0; hour < kHourStride; ++hour) {
    const std::size_t place = number * kHourStride + hour;
    if (column.hour_events[place] == 0) continue;
    const AmountSum value = column.hour_values.empty() ? 0 : column.hour_values[place];
    add_hour({static_cast<std::uint8_t>(hour), column.hour_events[place], value}, series_day.hours);
  }
  PageSlot<PresenceChunk>& presence = slot_at(series_day.chunks, cell.chunk);
  directory_bytes_ += directory_bytes(series_day) - bytes_before;
  if (!presence.page) presence.page = PageRef<PresenceChunk>(PresenceChunk());
  const std::uint32_t chunk_users =
      std::min(kChunkOrdinals, user_count_ - cell.chunk * kChunkOrdinals);
  targets.presence[number] = &presence.page.writable();
  const std::uint32_t event_count = column.event_count(number);
  targets.words[number] = targets.presence[number]->reserve(event_count, chunk_users);
  if (!with_counters) return;
  events_[cell.series] += event_count;

  PageSlot<CounterChunk>& counters = slot_at(counters_[cell.series], cell.chunk);
  if (!counters.page) counters.page = PageRef<CounterChunk>(CounterChunk());
  targets.counters[number] = &counters.page.writable();
  targets.events[number] = targets.counters[number]->reserve(chunk_users);
  if (!presence.awaits_any) {
    awaiting_any_.push_back({cell.day, cell.series, cell.chunk});
    presence.awaits_any = true;
  }
  if (!presence.awaits_bounds) {
    awaiting_bounds_.push_back({cell.day, cell.series, cell.chunk});
    presence.awaits_bounds = true;
  }
}

// Marks the pages of a cell as changed, and takes account of what its rows made them grow by.
void Partition::close_cell(const Cell& cell, bool with_counters, BatchNumber batch_number) {
  PageSlot<PresenceChunk>& presence = days_.at(cell.day).series.at(cell.series).chunks[cell.chunk];
  presence.is_counted = false;
  kept_unions_.forget(cell.series, cell.day);
  changed(presence, batch_number);
  if (with_counters) changed(counters_.at(cell.series)[cell.chunk], batch_number);
}

template <bool kWithCounters>
void Partition::apply_rows(const StagedColumn& column, const CellTargets& targets) {
  const std::uint32_t* const cells = column.row_cells.data();
  const std::uint32_t* const ordinals = ordinals_.data();
  std::uint64_t* const* const words_of = targets.words.data();
  std::uint32_t* const* const events_of = targets.events.data();
  const std::size_t count = staged_count_;
  for (std::size_t row = 0; row < count; ++row) {
    const std::uint32_t cell = cells[row];
    const std::uint32_t ordinal = ordinals[row] % kChunkOrdinals;
    if (std::uint64_t* const words = words_of[cell]; words != nullptr) [[likely]] {
      words[ordinal / 64] |= std::uint64_t{1} << (ordinal % 64);
    } else {
      targets.presence[cell]->add({ordinals + row, 1});
    }
    if constexpr (kWithCounters) {
      // The counters are more than the second level of the cache can hold beside the rest.
      __builtin_prefetch(
          events_of[cells[row + kRowsAhead]] + ordinals[row + kRowsAhead] % kChunkOrdinals, 1);
      if (++events_of[cell][ordinal] == 0) [[unlikely]] {
        targets.counters[cell]->carry_events(ordinal);
      }
    }
  }
}

void Partition::apply_column(const StagedColumn& column, bool with_counters,
                             BatchNumber batch_number) {
  const std::size_t cell_count = column.cells.size();
  CellTargets targets;
  targets.words.resize(cell_count);
  targets.presence.resize(cell_count);
  targets.events.resize(with_counters ? cell_count : 0);
  targets.counters.resize(with_counters ? cell_count : 0);
  for (std::size_t cell = 0; cell < cell_count; ++cell) {
    open_cell(column, cell, with_counters, targets);
  }
  if (with_counters) {
    apply_rows<true>(column, targets);
    for (const StagedValue& value : values_) {
      targets.counters[column.row_cells[value.row]]->add_value(
          ordinals_[value.row] % kChunkOrdinals, value.value);
    }
  } else {
    apply_rows<false>(column, targets);
  }
  apply_amounts(column, batch_number);
  for (const Cell& cell : column.cells) close_cell(cell, with_counters, batch_number);
}

Status Partition::fold(const StoreView& view, bool bounds) {
  ROLLCALL_RETURN_IF_ERROR(fold_any(view));
  return bounds ? fold_bounds(view) : Status();
}

void Partition::apply_amounts(const StagedColumn& column, BatchNumber batch_number) {
  if (values_.empty()) return;
  std::vector<AmountChunk*> chunks(column.cells.size());
  const auto slot_of = [&](const Cell& cell) -> PageSlot<AmountChunk>& {
    SeriesDay& series_day = days_.at(cell.day).series.at(cell.series);
    const std::size_t bytes_before = directory_bytes(series_day);
    PageSlot<AmountChunk>& slot = slot_at(series_day.amounts, cell.chunk);
    directory_bytes_ += directory_bytes(series_day) - bytes_before;
    return slot;
  };
  for (const StagedValue& value : values_) {
    const std::uint32_t cell = column.row_cells[value.row];
    if (chunks[cell] == nullptr) {
      PageSlot<AmountChunk>& slot = slot_of(column.cells[cell]);
      if (!slot.page) slot.page = PageRef<AmountChunk>(AmountChunk());
      chunks[cell] = &slot.page.writable();
    }
    chunks[cell]->add(ordinals_[value.row], value.value);
  }
  for (std::size_t cell = 0; cell < chunks.size(); ++cell) {
    if (chunks[cell] != nullptr) changed(slot_of(column.cells[cell]), batch_number);
  }
}

// An entry leaves the list when it is done, so that folding can stop anywhere and go on later.
Status Partition::fold_any(const StoreView& view) {
  alignas(64) std::array<std::uint64_t, kChunkWords> scratch;
  while (!awaiting_any_.empty()) {
    const auto [date, series, chunk] = awaiting_any_.back();
    DayState& day = days_.at(date);
    const auto [found, made] = day.series.try_emplace(kAnySeries);
    SeriesDay& any = found->second;
    const std::size_t bytes_before = made ? 0 : directory_bytes(any);
    PageSlot<PresenceChunk>& to = slot_at(any.chunks, chunk);
    directory_bytes_ += directory_bytes(any) - bytes_before;
    PageSlot<PresenceChunk>& from = day.series.at(series).chunks[chunk];
    ROLLCALL_RETURN_IF_ERROR(load(from, presence_id(series, date, chunk), view));
    ROLLCALL_RETURN_IF_ERROR(load(to, presence_id(kAnySeries, date, chunk), view));
    if (!to.page) to.page = PageRef<PresenceChunk>(PresenceChunk());
    to.page.writable().add(from.page->expand(scratch.data()));
    to.is_counted = false;
    kept_unions_.forget(kAnySeries, date);
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

// Counts the users of a page that has changed since it was last counted: it is in memory.
void Partition::count_users(PageSlot<PresenceChunk>& slot) {
  if (slot.is_counted) return;
  slot.users = slot.page->cardinality();
  slot.is_counted = true;
}

EventTotal Partition::total_of(SeriesDay& series_day) {
  EventTotal total;
  for (const HourTotal& hour : series_day.hours) {
    total.events += hour.events;
    total.value += hour.value;
  }
  for (PageSlot<PresenceChunk>& slot : series_day.chunks) {
    count_users(slot);
    total.users += slot.users;
  }
  return total;
}

EventTotal Partition::day_total(SeriesId series, Day date) {
  const auto day = days_.find(date);
  if (day == days_.end()) return {};
  const auto found = day->second.series.find(series);
  return found == day->second.series.end() ? EventTotal{} : total_of(found->second);
}

std::vector<PinnedTotal> Partition::totals(const TotalsRead& read, QuestionAccount& account) {
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

template <class T, class IdOf>
void Partition::pin_pages(const std::vector<PageSlot<T>>& slots, IdOf id_of,
                          std::vector<PinnedPage<T>>& pages, QuestionAccount& account) {
  for (std::size_t chunk = 0; chunk < slots.size(); ++chunk) {
    if (!slots[chunk].exists()) continue;
    if (pages.size() == pages.capacity()) take_for(account, pages, 1, QuestionNeed::kReads);
    pages.push_back({slots[chunk].page, {id_of(chunk), slots[chunk].epoch}});
  }
}

void Partition::pin_presence(std::span<const SeriesId> wanted, DayRange days,
                             PinnedPartition& pinned, QuestionAccount& account) const {
  const std::size_t days_max =
      days.empty() ? 0 : std::min(static_cast<std::size_t>(days.size()), days_.size());
  for (const SeriesId series : wanted) {
    take_for(account, pinned.presence, days_max, QuestionNeed::kReads);
    for (auto day = days_.lower_bound(days.first); day != days_.end() && day->first <= days.last;
         ++day) {
      const auto found = day->second.series.find(series);
      if (found == day->second.series.end()) continue;
      const auto id_of = [&](std::size_t chunk) { return presence_id(series, day->first, chunk); };
      pin_pages(found->second.chunks, id_of, pinned.presence, account);
    }
  }
}

PinnedUnion Partition::pin_union(SeriesId series, DayRange days, BatchNumber quiet_since,
                                 PinnedPartition& pinned, QuestionAccount& account) const {
  PinnedUnion result = {series, days, {}, {}};
  DayRange quiet = days;
  // Those that are expected to change are mostly the last ones.
  for (auto day = days_.upper_bound(days.last); day != days_.begin() &&
                                                (--day)->first >= days.first &&
                                                day->second.changed_in > quiet_since;) {
    quiet.last = day->first - 1;
  }
  const RunsOfDays split(quiet);
  const auto is_empty = [&](DayRange run) {
    return std::none_of(days_.lower_bound(run.first), days_.upper_bound(run.last),
                        [&](const auto& day) { return day.second.series.contains(series); });
  };
  for (const DayRange run : split.runs()) {
    if (is_empty(run)) continue;
    if (std::shared_ptr<RunSets> kept = kept_unions_.find(series, run)) {
      result.runs.push_back({run, std::move(kept), false});
      continue;
    }
    const std::size_t chunk_count = (user_count_ + kChunkOrdinals - 1) / kChunkOrdinals;
    account.take(sizeof(RunSets) + chunk_count * RunSets::kChunkBytes, QuestionNeed::kReads);
    result.runs.push_back({run, std::make_shared<RunSets>(chunk_count), true});
    pin_presence({&series, 1}, run, pinned, account);
  }
  result.rest = split.runs().empty() ? days : DayRange{quiet.last + 1, days.last};
  pin_presence({&series, 1}, result.rest, pinned, account);
  return result;
}

PinnedPartition Partition::pin(const ReadSet& reads, std::uint32_t partition_count,
                               BatchNumber quiet_since, QuestionAccount& account) const {
  PinnedPartition pinned;
  pinned.partition = number_;
  pinned.user_count = user_count_;
  pinned.batch_number = batch_number_;
  pinned.forgotten_count = forgotten_count_;
  for (const PresenceRead& read : reads.presence) {
    pin_presence(read.series, read.days, pinned, account);
  }
  for (const UnionRead& read : reads.unions) {
    for (const SeriesId series : read.series) {
      account.take(sizeof(PinnedUnion) + 2 * sizeof(PinnedUnion::Run), QuestionNeed::kReads);
      pinned.unions.push_back(pin_union(series, read.days, quiet_since, pinned, account));
    }
  }
  for (const AmountRead& read : reads.amounts) {
    for (const SeriesId series : read.series) {
      for (auto day = days_.lower_bound(read.days.first);
           day != days_.end() && day->first <= read.days.last; ++day) {
        const auto found = day->second.series.find(series);
        if (found == day->second.series.end()) continue;
        const auto id_of = [&](std::size_t chunk) { return amounts_id(series, day->first, chunk); };
        pin_pages(found->second.amounts, id_of, pinned.amounts, account);
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
      pin_pages(found->second, id_of, pinned.bounds, account);
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
  order(pinned.amounts);
  std::sort(pinned.unions.begin(), pinned.unions.end());
  for (const auto& list : reads.lists) {
    std::vector<std::uint32_t>& ordinals = pinned.lists.emplace_back();
    const std::span<const UserList::Entry> entries = list->of_partition(number_, partition_count);
    take_for(account, ordinals, entries.size(), QuestionNeed::kSegments);
    for (const UserList::Entry& entry : entries) {
      if (const auto ordinal = users_.find(entry.hash, entry.user)) ordinals.push_back(*ordinal);
    }
    std::sort(ordinals.begin(), ordinals.end());
  }
  return pinned;
}

void Partition::install(const PinnedPartition& pinned, BatchNumber batch_number) {
  const auto keep = [&]<class T>(PageSlot<T>& slot, const PinnedPage<T>& page) {
    if (!page.page || slot.page || slot.epoch != page.address.epoch) return;
    slot.page = page.page;
    slot.last_used = static_cast<std::uint32_t>(batch_number);
    account(slot);
  };
  const auto keep_of_day = [&]<class T>(std::vector<PageSlot<T>> SeriesDay::*slots,
                                        const PinnedPage<T>& page) {
    DayState& day = days_.at(Day{page.address.id.day});
    if (!day.loaded) return;
    keep((day.series.at(page.address.id.series).*slots)[page.address.id.chunk], page);
  };
  for (const PinnedPage<PresenceChunk>& page : pinned.presence) {
    keep_of_day(&SeriesDay::chunks, page);
  }
  for (const PinnedPage<AmountChunk>& page : pinned.amounts) {
    keep_of_day(&SeriesDay::amounts, page);
  }
  for (const PinnedPage<BoundsChunk>& page : pinned.bounds) {
    keep(bounds_.at(page.address.id.series)[page.address.id.chunk], page);
  }
  const auto has_changed = [&](DayRange days) {
    const auto end = days_.upper_bound(days.last);
    return std::any_of(days_.lower_bound(days.first), end, [&](const auto& day) {
      return day.second.changed_in > pinned.batch_number;
    });
  };
  if (pinned.forgotten_count != forgotten_count_) return;  // their bits are in the unions
  for (const PinnedUnion& made : pinned.unions) {
    for (const PinnedUnion::Run& run : made.runs) {
      if (!run.is_new || !run.sets->is_complete() || has_changed(run.days)) continue;
      kept_unions_.keep(made.series, run.days, run.sets);
    }
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

}  // namespace rollcall
