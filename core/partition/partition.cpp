#include "core/partition/partition.h"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>
#include <utility>

#include "core/base/assert.h"

namespace rollcall {
namespace {

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

}  // namespace

std::uint32_t Partition::StagedColumn::event_count(std::size_t cell) const {
  const std::span<const std::uint32_t> hours = events_of(cell);
  return std::accumulate(hours.begin(), hours.end(), std::uint32_t{0});
}

void Partition::stage_users(const PreparedRows& rows, std::size_t count) {
  std::uint32_t* ordinals = grow(ordinals_, count);
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
                             std::span<const NumberedSeries> series) {
  constexpr std::uint32_t kUnmet = ~std::uint32_t{0};
  const std::vector<PreparedRows::Pair>& pairs = rows.pairs[column];
  const auto pair_count = static_cast<std::uint32_t>(pairs.size());
  const std::uint32_t chunk_count = (users_.size() + kChunkOrdinals - 1) / kChunkOrdinals;
  cell_numbers_.assign(std::size_t{pair_count} * chunk_count, kUnmet);
  std::uint32_t* const cell_numbers = cell_numbers_.data();

  StagedColumn& staged = columns_[column];
  staged.cells.clear();
  staged.codes.clear();
  staged.hour_events.clear();
  std::uint32_t* row_cells = grow(staged.row_cells, count);
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
        const NumberedSeries& numbered = series[pairs[pair].series];
        staged.cells.push_back({numbered.id, pairs[pair].day, chunk});
        staged.codes.push_back(numbered.code);
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

Status Partition::load_touched(const StagedColumn& column, SeriesRole role, const StoreView& view,
                               MemoryAllowance& allowance) {
  std::size_t counted = pages_.loaded_bytes();
  for (const PagePlace& cell : column.cells) {
    const std::size_t bytes = pages_.loaded_bytes();
    allowance.take(bytes - std::exchange(counted, bytes));
    if (allowance.is_overdrawn()) return no_room();
    ROLLCALL_RETURN_IF_ERROR(pages_.load_for_rows(cell, role, !values_.empty(), view));
  }
  allowance.take(pages_.loaded_bytes() - counted);
  allowance.take(growth(column, role));
  return allowance.is_overdrawn() ? no_room() : Status();
}

Status Partition::stage(const PreparedRows& rows, const StoreView& view,
                        std::span<const NumberedSeries> series, MemoryAllowance& allowance) {
  staged_count_ = 0;
  for (const NumberedSeries& of : series) pages_.expect_series(of.id + std::size_t{1});
  std::size_t count = 0;
  for (const auto& block : rows.blocks) count += block->row_count(number_);
  if (count == 0) return {};
  std::size_t counted = memory_use().resident_bytes;
  const auto take = [&] {
    const std::size_t bytes = memory_use().resident_bytes;
    allowance.take(bytes - std::min(bytes, std::exchange(counted, bytes)));
    return allowance.is_overdrawn() ? no_room() : Status();
  };
  // This is asked for first, because it may be too much, and counted once it exists.
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
    ROLLCALL_RETURN_IF_ERROR(load_touched(columns_[column], role_of(column), view, allowance));
    counted = memory_use().resident_bytes;
  }
  if (history_) {
    std::size_t text_bytes = 0;
    for (const auto& block : rows.blocks) text_bytes += block->kept_bytes[number_];
    allowance.take(history_->growth_bytes(count, text_bytes));
    if (allowance.is_overdrawn()) return no_room();
  }
  staged_count_ = count;
  return {};
}

void Partition::unstage() {
  staged_count_ = 0;
  if (users_loaded_) users_.truncate(user_count_);
}

void Partition::apply(const PreparedRows& rows, BatchNumber batch_number) {
  pages_.set_batch_number(batch_number);
  if (staged_count_ == 0) return;
  user_count_ = users_.size();
  if (history_) append_history(rows);
  for (std::size_t i = 0; i < columns_.size(); ++i) apply_column(columns_[i], role_of(i));
  dirty_ = true;
  staged_count_ = 0;
}

void Partition::append_history(const PreparedRows& rows) {
  std::vector<std::vector<std::uint32_t>> codes(columns_.size());
  std::vector<std::span<const std::uint32_t>> dimensions(columns_.size() - 1);
  std::vector<std::vector<std::string_view>> texts(rows.settings.kept_properties.size());
  std::vector<std::span<const std::string_view>> properties(texts.size());
  std::vector<Amount> amounts;
  std::size_t first = 0;  // row of the block
  auto value = values_.begin();
  for (const auto& block : rows.blocks) {
    const std::size_t count = block->row_count(number_);
    if (count == 0) continue;
    for (std::size_t column = 0; column < columns_.size(); ++column) {
      const StagedColumn& staged = columns_[column];
      const std::uint32_t* const cells = staged.row_cells.data() + first;
      codes[column].resize(count);
      for (std::size_t i = 0; i < count; ++i) codes[column][i] = staged.codes[cells[i]];
      if (column != 0) dimensions[column - 1] = codes[column];
    }
    const std::uint32_t begin = block->partition_begin[number_];
    for (std::size_t property = 0; property < texts.size(); ++property) {
      texts[property].resize(count);
      for (std::size_t i = 0; i < count; ++i) {
        texts[property][i] = block->kept[property].of_row(begin + i);
      }
      properties[property] = texts[property];
    }
    amounts.clear();
    for (; value != values_.end() && value->row < first + count; ++value) {
      amounts.resize(count);
      amounts[value->row - first] = value->value;
    }
    history_->append({.ordinals = {ordinals_.data() + first, count},
                      .times = block->times_of(number_),
                      .names = codes[0],
                      .values = amounts,
                      .dimensions = dimensions,
                      .properties = properties});
    first += count;
  }
}

// Brings the pages of a cell up to date with what is known before its rows are looked at.
void Partition::open_cell(const StagedColumn& column, std::size_t number, SeriesRole role,
                          CellTargets& targets) {
  const PagePlace& cell = column.cells[number];
  SeriesDay& series_day = pages_.add_rows(cell, column.events_of(number), column.values_of(number));
  targets.series_days[number] = &series_day;
  SlotOf<PresenceForm>& presence = pages_.day_slot<PresenceForm>(series_day, cell.chunk);
  const std::uint32_t chunk_users =
      std::min(kChunkOrdinals, user_count_ - cell.chunk * kChunkOrdinals);
  targets.presence[number] = &ResidentPages::writable<PresenceForm>(presence);
  const std::uint32_t event_count = column.event_count(number);
  targets.words[number] = targets.presence[number]->reserve(event_count, chunk_users);
  if (role != SeriesRole::kEvent) return;
  events_[cell.series] += event_count;
  if (!presence.awaits_any) {
    awaiting_any_.push_back(cell);
    presence.awaits_any = true;
  }
  if (!presence.awaits_bounds) {
    awaiting_bounds_.push_back(cell);
    presence.awaits_bounds = true;
  }
}

void Partition::apply_rows(const StagedColumn& column, const CellTargets& targets) {
  const std::uint32_t* const cells = column.row_cells.data();
  const std::uint32_t* const ordinals = ordinals_.data();
  std::uint64_t* const* const words_of = targets.words.data();
  const std::size_t count = staged_count_;
  for (std::size_t row = 0; row < count; ++row) {
    const std::uint32_t cell = cells[row];
    const std::uint32_t ordinal = ordinals[row] % kChunkOrdinals;
    if (std::uint64_t* const words = words_of[cell]; words != nullptr) [[likely]] {
      words[ordinal / 64] |= std::uint64_t{1} << (ordinal % 64);
    } else {
      targets.presence[cell]->add({ordinals + row, 1});
    }
  }
}

void Partition::apply_column(const StagedColumn& column, SeriesRole role) {
  const std::size_t cell_count = column.cells.size();
  CellTargets targets;
  targets.words.resize(cell_count);
  targets.presence.resize(cell_count);
  targets.series_days.resize(cell_count);
  for (std::size_t cell = 0; cell < cell_count; ++cell) {
    open_cell(column, cell, role, targets);
  }
  apply_rows(column, targets);
  apply_amounts(column, targets);
  // What the rows made the pages grow by is taken into account now.
  for (std::size_t cell = 0; cell < cell_count; ++cell) {
    const PagePlace& place = column.cells[cell];
    pages_.changed<PresenceForm>(
        pages_.day_slot<PresenceForm>(*targets.series_days[cell], place.chunk), place);
  }
}

void Partition::apply_amounts(const StagedColumn& column, const CellTargets& targets) {
  if (values_.empty()) return;
  std::vector<AmountChunk*> chunks(column.cells.size());
  const auto slot_of = [&](std::size_t cell) -> SlotOf<AmountsForm>& {
    return pages_.day_slot<AmountsForm>(*targets.series_days[cell], column.cells[cell].chunk);
  };
  for (const StagedValue& value : values_) {
    const std::uint32_t cell = column.row_cells[value.row];
    if (chunks[cell] == nullptr) {
      chunks[cell] = &ResidentPages::writable<AmountsForm>(slot_of(cell));
    }
    chunks[cell]->add(ordinals_[value.row], value.value);
  }
  for (std::size_t cell = 0; cell < chunks.size(); ++cell) {
    if (chunks[cell] != nullptr) pages_.changed<AmountsForm>(slot_of(cell), column.cells[cell]);
  }
}

Status Partition::fold(const StoreView& view, FoldDepth depth) {
  ROLLCALL_RETURN_IF_ERROR(fold_any(view));
  return depth == FoldDepth::kBounds ? fold_bounds(view) : Status();
}

// An entry leaves the list when it is done, so that folding can stop anywhere and go on later.
Status Partition::fold_any(const StoreView& view) {
  alignas(64) std::array<std::uint64_t, kChunkWords> scratch;
  while (!awaiting_any_.empty()) {
    const PagePlace place = awaiting_any_.back();
    const PagePlace any = {kAnySeries, place.day, place.chunk};
    SlotOf<PresenceForm>& to =
        pages_.day_slot<PresenceForm>(pages_.series_day(kAnySeries, place.day), place.chunk);
    SlotOf<PresenceForm>& from =
        pages_.day_slot<PresenceForm>(pages_.series_day(place.series, place.day), place.chunk);
    ROLLCALL_RETURN_IF_ERROR(pages_.load<PresenceForm>(from, place, view));
    ROLLCALL_RETURN_IF_ERROR(pages_.load<PresenceForm>(to, any, view));
    ResidentPages::writable<PresenceForm>(to).add(from.page->expand(scratch.data()));
    pages_.changed<PresenceForm>(to, any);
    if (!to.awaits_bounds) {
      awaiting_bounds_.push_back(any);
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
    const PagePlace place = awaiting_bounds_.back();
    SlotOf<PresenceForm>& from =
        pages_.day_slot<PresenceForm>(pages_.series_day(place.series, place.day), place.chunk);
    ROLLCALL_RETURN_IF_ERROR(pages_.load<PresenceForm>(from, place, view));
    SlotOf<BoundsForm>& to = pages_.series_slot<BoundsForm>(place.series, place.chunk);
    ROLLCALL_RETURN_IF_ERROR(pages_.load<BoundsForm>(to, place, view));
    ResidentPages::writable<BoundsForm>(to).fold(from.page->expand(scratch.data()), place.day);
    pages_.changed<BoundsForm>(to, place);
    from.awaits_bounds = false;
    awaiting_bounds_.pop_back();
  }
  return {};
}

Status Partition::load_pages_of(std::span<const std::uint32_t> ordinals, const StoreView& view) {
  ROLLCALL_RETURN_IF_ERROR(pages_.load_for_users(ordinals, view));
  return history_ ? history_->prepare_to_forget(ordinals, view) : Status();
}

void Partition::forget(std::span<const std::uint32_t> ordinals) {
  ROLLCALL_ASSERT(users_loaded_ && awaiting_any_.empty() && awaiting_bounds_.empty());
  if (ordinals.empty()) return;
  pages_.forget(ordinals);
  if (history_) history_->forget(ordinals);
  users_.erase(ordinals);
  for (const std::uint32_t ordinal : ordinals) erased_chunks_.insert(ordinal / kChunkOrdinals);
  forgotten_count_ += static_cast<std::uint32_t>(ordinals.size());
  dirty_ = true;
}

PinnedPartition Partition::pin(const ReadSet& reads, std::uint32_t partition_count,
                               BatchNumber quiet_since, QuestionAccount& account) const {
  PinnedPartition pinned = {.partition = number_,
                            .user_count = user_count_,
                            .forgotten_count = forgotten_count_,
                            .pages = {},
                            .history = {},
                            .lists = {}};
  for (const auto& list : reads.lists) {
    std::vector<std::uint32_t>& ordinals = pinned.lists.emplace_back();
    const std::span<const UserList::Entry> entries = list->of_partition(number_, partition_count);
    take_for(account, ordinals, entries.size(), QuestionNeed::kSegments);
    for (const UserList::Entry& entry : entries) {
      if (const auto ordinal = users_.find(entry.hash, entry.user)) ordinals.push_back(*ordinal);
    }
    std::sort(ordinals.begin(), ordinals.end());
  }
  if (reads.only_of_lists && !pinned.has_listed()) return pinned;
  pinned.pages = pages_.pin(reads, user_count_, quiet_since, account);
  if (reads.reads_history() && history_) pinned.history = history_->pin();
  return pinned;
}

void Partition::install(const PinnedPartition& pinned, BatchNumber batch_number) {
  pages_.install(pinned.pages, batch_number);
  if (history_) history_->install(pinned.history);
  // Users who were forgotten since are still in the unions.
  if (pinned.forgotten_count == forgotten_count_) pages_.install_unions(pinned.pages);
}

}  // namespace rollcall
