#include "core/history/event_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/assert.h"

namespace rollcall {
namespace {

// There are at most this many runs of one level; more are merged into one of the next. Every event
// is written once when it is sealed, and once more for each level that it rises.
constexpr std::uint64_t kRunsPerLevel = 4;
// An event takes this much while runs are merged, when it is held in columns, in a block, and in
// the block that it goes to.
constexpr std::size_t kMergedEventBytes = 48;
// This is for each of its kept properties, without the text.
constexpr std::size_t kTextBytes = 4;

unsigned level_of(std::uint64_t event_count) {
  constexpr std::uint64_t kLowest = kBlockEvents;
  unsigned level = 0;
  for (std::uint64_t most = kLowest; most < event_count; most *= kRunsPerLevel) ++level;
  return level;
}

}  // namespace

LogRun FrozenRows::run() const {
  const MutexLock lock(mutex_);
  if (run_.empty() && size_ != 0) {
    const EventColumns events = rows_.sorted();
    RunWriter writer(events.dimensions.size(), events.properties.size());
    writer.add(events, 0, events.size());
    run_ = writer.finish();
    rows_ = {};
  }
  return run_;
}

std::size_t FrozenRows::packing_bytes() const {
  constexpr std::size_t kRowBytes = 64;  // its place, its columns, and its part of a block
  const MutexLock lock(mutex_);
  return run_.empty() ? size_ * kRowBytes + rows_.property_bytes() : 0;
}

bool PinnedLog::any_absent() const {
  return std::ranges::any_of(runs, [](const auto& run) {
    return std::ranges::any_of(run, [](const PinnedBlock& pinned) { return !pinned.block; });
  });
}

std::size_t PinnedLog::row_count() const {
  std::size_t count = 0;
  for (const auto& frozen : rows) count += frozen->size();
  return count;
}

Result<std::shared_ptr<const LogBlock>> read_block(const PageAddress& address,
                                                   const StoreView& view) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string bytes, view.read(address));
  Result<LogBlock> block = LogBlock::deserialize(bytes);
  if (!block.ok()) {
    return Status::corruption(to_string(address.id) + ": " + block.status().message());
  }
  return std::make_shared<const LogBlock>(*std::move(block));
}

EventLog::EventLog(std::uint32_t partition, std::size_t dimension_count, std::size_t property_count)
    : partition_(partition),
      dimension_count_(dimension_count),
      property_count_(property_count),
      open_(dimension_count, property_count) {}

std::size_t EventLog::growth_bytes(std::size_t row_count, std::size_t text_bytes) const {
  return 2 * open_.growth_bytes(row_count, text_bytes);
}

void EventLog::append(const OpenEvents::Rows& rows) { open_.append(rows); }

// While rows are sorted and packed, they are held a second time.
std::size_t EventLog::resident_bytes() const {
  return 2 * open_.memory_bytes() + block_bytes_ + (sealing_ ? 2 * sealing_->rows_bytes : 0);
}

std::size_t EventLog::dirty_bytes() const { return open_.memory_bytes() + dirty_block_bytes_; }

std::uint64_t EventLog::Run::event_count() const {
  std::uint64_t count = 0;
  for (const Slot& slot : blocks) count += slot.event_count;
  return count;
}

std::size_t EventLog::Sealing::block_count() const {
  return static_cast<std::size_t>((event_count + kBlockEvents - 1) / kBlockEvents);
}

std::uint64_t EventLog::event_count() const {
  std::uint64_t count = open_.size() + (sealing_ ? sealing_->rows->size() : 0);
  for (const Run& run : runs_) count += run.event_count();
  return count;
}

void EventLog::write_directory(ByteWriter& writer) const {
  const std::size_t kept = runs_.size() - (sealing_ ? sealing_->source_count : 0);
  writer.varint(next_run_);
  writer.varint(kept + (sealing_ ? 1 : 0));
  for (std::size_t i = 0; i < kept; ++i) {
    writer.varint(runs_[i].number);
    writer.varint(runs_[i].blocks.size());
    for (const Slot& slot : runs_[i].blocks) {
      writer.varint(slot.number);
      writer.varint(slot.epoch);
      writer.varint(slot.event_count);
    }
  }
  std::vector<std::size_t> text_bytes;
  for (std::size_t i = 0; i < kept; ++i) text_bytes.push_back(runs_[i].text_bytes);
  if (sealing_) {
    writer.varint(sealing_->number);
    writer.varint(sealing_->block_count());
    for (std::uint64_t i = 0; i < sealing_->block_count(); ++i) {
      writer.varint(i);
      writer.varint(sealing_->epoch);
      writer.varint(
          std::min<std::uint64_t>(kBlockEvents, sealing_->event_count - i * kBlockEvents));
    }
    text_bytes.push_back(sealing_->text_bytes);
  }
  const bool has_texts =
      std::ranges::any_of(text_bytes, [](std::size_t bytes) { return bytes != 0; });
  if (!has_texts) return;
  for (const std::size_t bytes : text_bytes) writer.varint(bytes);
}

Status EventLog::read_directory(ByteReader& reader) {
  next_run_ = reader.varint_up_to(~std::uint32_t{0});
  runs_.resize(reader.count(2));
  std::optional<std::uint32_t> run_before;
  for (Run& run : runs_) {
    run.number = reader.varint_up_to(~std::uint32_t{0});
    if (run.number >= next_run_ || (run_before && run.number <= *run_before)) {
      return Status::corruption("its runs of history do not ascend");
    }
    run_before = run.number;
    run.blocks.resize(reader.count(3));
    std::optional<std::uint32_t> block_before;
    for (Slot& slot : run.blocks) {
      slot.number = reader.varint_up_to(~std::uint32_t{0});
      slot.epoch = reader.varint();
      slot.event_count = reader.varint_up_to(kBlockEvents);
      if (!reader.ok() || slot.epoch == 0 || slot.event_count == 0 ||
          (block_before && slot.number <= *block_before)) {
        return Status::corruption("its blocks of history do not add up");
      }
      block_before = slot.number;
    }
  }
  if (reader.remaining() == 0) return {};
  constexpr std::uint64_t kTextBytesMax = std::uint64_t{1} << 48;
  for (Run& run : runs_) run.text_bytes = reader.varint_up_to<std::size_t>(kTextBytesMax);
  return {};
}

// Returns how many of the last runs the next one takes in: those of its level or below if these are
// as many as a level may have, and so on for the level that it rises to.
std::size_t EventLog::merged_runs(std::size_t merged_bytes_max) const {
  std::uint64_t events = open_.size();
  std::size_t texts = open_.text_bytes();
  std::size_t merged = 0;
  for (;;) {
    std::uint64_t more = 0;
    std::size_t more_texts = 0;
    std::size_t count = merged;
    const unsigned level = level_of(events);
    for (; count < runs_.size(); ++count) {
      const std::uint64_t of_run = runs_[runs_.size() - 1 - count].event_count();
      if (level_of(of_run) > level) break;
      more += of_run;
      more_texts += runs_[runs_.size() - 1 - count].text_bytes;
    }
    if (count - merged + 1 < kRunsPerLevel) return merged;
    // Whatever is merged is held until the commit. Texts make that much, so partitions take turns.
    const bool has_texts = texts + more_texts != 0;
    if (has_texts && (partition_ + next_run_) % kRunsPerLevel != 0) return merged;
    // Texts are in the block that they come from, and in the one that they go to.
    const std::size_t bytes = (events + more) * (kMergedEventBytes + property_count_ * kTextBytes) +
                              2 * (texts + more_texts);
    if (bytes > merged_bytes_max) return merged;
    events += more;
    texts += more_texts;
    merged = count;
  }
}

std::shared_ptr<const FrozenRows> EventLog::frozen() const {
  if (!frozen_ || frozen_->size() != open_.size()) {
    frozen_ = std::make_shared<const FrozenRows>(open_.snapshot());
  }
  return frozen_;
}

std::vector<PinnedBlock> EventLog::pin_run(const Run& run) const {
  std::vector<PinnedBlock> blocks;
  blocks.reserve(run.blocks.size());
  for (const Slot& slot : run.blocks) {
    blocks.push_back({{id_of(run.number, slot.number), slot.epoch},
                      slot.block,
                      slot.event_count,
                      run.text_bytes / run.blocks.size()});
  }
  return blocks;
}

EventLog::Changes EventLog::collect(Epoch epoch, std::size_t merged_bytes_max) {
  ROLLCALL_ASSERT(!sealing_);
  Changes changes;
  auto& [pages, superseded, seal] = changes;
  const std::size_t merged = open_.size() == 0 ? 0 : merged_runs(merged_bytes_max);
  const std::size_t kept = runs_.size() - merged;
  for (std::size_t i = 0; i < kept; ++i) {
    for (Slot& slot : runs_[i].blocks) {
      if (!std::exchange(slot.dirty, false)) continue;
      const PageId id = id_of(runs_[i].number, slot.number);
      superseded.push_back({id, slot.epoch});
      slot.epoch = epoch;
      pages.push_back({id, [block = slot.block] { return block->bytes(); }});
    }
  }
  superseded.insert(superseded.end(), emptied_.begin(), emptied_.end());
  emptied_.clear();
  has_dirty_blocks_ = false;
  dirty_block_bytes_ = 0;
  if (open_.size() == 0) return changes;

  // Nothing that a question reads changes before all memory is there.
  const auto sealing = std::make_shared<Sealing>();
  sealing->epoch = epoch;
  sealing->number = next_run_;
  sealing->source_count = merged;
  sealing->rows = frozen();
  sealing->rows_bytes = open_.memory_bytes();
  sealing->event_count = open_.size();
  sealing->text_bytes = open_.text_bytes();
  for (std::size_t i = kept; i < runs_.size(); ++i) {
    sealing->event_count += runs_[i].event_count();
    sealing->text_bytes += runs_[i].text_bytes;
    sealing->sources.push_back(pin_run(runs_[i]));
    for (Slot& slot : runs_[i].blocks) {
      superseded.push_back({id_of(runs_[i].number, slot.number), slot.epoch});
      slot.dirty = false;
    }
  }
  for (std::uint32_t block = 0; block < sealing->block_count(); ++block) {
    pages.push_back(
        {id_of(sealing->number, block), [sealing, block] { return sealing->run[block]->bytes(); }});
  }
  seal = [sealing, dimensions = dimension_count_, properties = property_count_](
             const StoreView& view) { return sealing->pack(view, dimensions, properties); };
  sealing_ = sealing;
  ++next_run_;
  open_.clear();
  frozen_ = nullptr;
  return changes;
}

Status EventLog::Sealing::pack(const StoreView& view, std::size_t dimension_count,
                               std::size_t property_count) {
  std::vector<LogRun> runs;
  for (const std::vector<PinnedBlock>& source : sources) {
    LogRun& of_source = runs.emplace_back();
    for (const PinnedBlock& pinned : source) {
      if (pinned.block) {
        of_source.push_back(pinned.block);
        continue;
      }
      ROLLCALL_ASSIGN_OR_RETURN(std::shared_ptr<const LogBlock> block,
                                read_block(pinned.address, view));
      of_source.push_back(std::move(block));
    }
  }
  runs.push_back(rows->run());
  LogRun merged =
      runs.size() == 1 ? std::move(runs.front()) : merge(runs, dimension_count, property_count);
  if (merged.size() != block_count()) {
    return Status::corruption(
        fmt::format("history run {}: it has other events than its directory says", number));
  }
  run = std::move(merged);
  return {};
}

void EventLog::hold(Slot& slot, std::shared_ptr<const LogBlock> block) {
  if (slot.block) block_bytes_ -= slot.block->memory_bytes();
  slot.block = std::move(block);
  if (slot.block) block_bytes_ += slot.block->memory_bytes();
}

void EventLog::finish_seal() {
  if (!sealing_) return;
  Run run{.number = sealing_->number, .blocks = {}, .text_bytes = sealing_->text_bytes};
  for (std::uint32_t number = 0; number < sealing_->run.size(); ++number) {
    const std::shared_ptr<const LogBlock>& block = sealing_->run[number];
    run.blocks.push_back({.number = number,
                          .epoch = sealing_->epoch,
                          .event_count = block->event_count(),
                          .block = block});
  }
  runs_.reserve(runs_.size() + 1);
  // From here on, nothing fails.
  for (std::size_t i = 0; i < sealing_->source_count; ++i) {
    for (Slot& slot : runs_.back().blocks) hold(slot, nullptr);
    runs_.pop_back();
  }
  for (const Slot& slot : run.blocks) block_bytes_ += slot.block->memory_bytes();
  runs_.push_back(std::move(run));
  sealing_ = nullptr;
}

PinnedLog EventLog::pin() const {
  PinnedLog pinned;
  for (const Run& run : runs_) pinned.runs.push_back(pin_run(run));
  if (sealing_) pinned.rows.push_back(sealing_->rows);
  if (open_.size() != 0) pinned.rows.push_back(frozen());
  return pinned;
}

void EventLog::install(const PinnedLog& pinned) {
  for (Run& run : runs_) {
    for (const std::vector<PinnedBlock>& read : pinned.runs) {
      if (read.empty() || read.front().address.id.series != run.number) continue;
      auto from = read.begin();
      for (Slot& slot : run.blocks) {
        const PageAddress address{id_of(run.number, slot.number), slot.epoch};
        while (from != read.end() && from->address.id < address.id) ++from;
        if (from == read.end()) break;
        if (!slot.block && from->address == address) hold(slot, from->block);
      }
    }
  }
}

void EventLog::evict(std::size_t excess, Epoch durable) {
  const std::size_t before = block_bytes_;
  for (Run& run : runs_) {
    for (Slot& slot : run.blocks) {
      if (before - block_bytes_ >= excess) return;
      if (slot.block && !slot.dirty && slot.epoch <= durable) hold(slot, nullptr);
    }
  }
}

std::optional<LogBlock> EventLog::without(const LogBlock& block,
                                          std::span<const std::uint32_t> ordinals) const {
  const EventColumns events = unpack(block, block.property_count());
  EventColumns kept;
  kept.dimensions.resize(events.dimensions.size());
  kept.properties.resize(events.properties.size());
  for (std::size_t begin = 0; begin < events.size();) {
    std::size_t end = begin;
    while (end < events.size() && events.ordinals[end] == events.ordinals[begin]) ++end;
    if (!std::ranges::binary_search(ordinals, events.ordinals[begin])) {
      rollcall::append(kept, events, begin, end);
    }
    begin = end;
  }
  if (kept.size() == 0) return {};
  return LogBlock::pack(kept, 0, kept.size());
}

Status EventLog::prepare_to_forget(std::span<const std::uint32_t> ordinals, const StoreView& view) {
  ROLLCALL_ASSERT(!sealing_);
  replacements_.clear();
  for (std::size_t r = 0; r < runs_.size(); ++r) {
    for (std::size_t s = 0; s < runs_[r].blocks.size(); ++s) {
      const Slot& slot = runs_[r].blocks[s];
      std::shared_ptr<const LogBlock> block = slot.block;
      if (!block) {
        ROLLCALL_ASSIGN_OR_RETURN(
            block, read_block({id_of(runs_[r].number, slot.number), slot.epoch}, view));
      }
      const auto first = std::ranges::lower_bound(ordinals, block->first_ordinal());
      LogBlock::Walk walk(*block);
      for (auto ordinal = first; ordinal != ordinals.end(); ++ordinal) {
        if (!walk.seek(*ordinal)) break;
        if (walk.user().ordinal != *ordinal) continue;
        std::optional<LogBlock> rest = without(*block, ordinals);
        replacements_.push_back(
            {r, s, rest ? std::make_shared<const LogBlock>(*std::move(rest)) : nullptr});
        break;
      }
    }
  }
  return {};
}

void EventLog::forget(std::span<const std::uint32_t> ordinals) {
  for (Replacement& replacement : replacements_) {
    Slot& slot = runs_[replacement.run].blocks[replacement.slot];
    if (slot.dirty) dirty_block_bytes_ -= slot.block->memory_bytes();
    hold(slot, replacement.block);
    slot.dirty = slot.block != nullptr;
    slot.event_count = slot.block ? slot.block->event_count() : 0;
    if (slot.block) {
      dirty_block_bytes_ += slot.block->memory_bytes();
    } else {
      emptied_.push_back({id_of(runs_[replacement.run].number, slot.number), slot.epoch});
    }
    has_dirty_blocks_ = true;
  }
  replacements_.clear();
  for (Run& run : runs_) {
    std::erase_if(run.blocks, [](const Slot& slot) { return slot.event_count == 0; });
  }
  if (open_.drop(ordinals)) frozen_ = nullptr;
}

}  // namespace rollcall
