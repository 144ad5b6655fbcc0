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
// A checkpoint makes so many blocks anew for their old events, and more with a large new run: as
// much of history grows old as comes in, and a block may hold four times as many events as leave
// it.
constexpr std::size_t kAgeingBlocks = 4;
constexpr std::size_t kAgeingPerNewBlock = 4;
// An event takes about this much in a block that is made anew.
constexpr std::size_t kAgedEventBytes = 8;
// Merging takes this for each of its kept properties, without the text.
constexpr std::size_t kTextBytes = 4;
// These begin parts of a directory: how old blocks are, and what the texts of runs take.
constexpr std::uint8_t kAges = 1;
constexpr std::uint8_t kTexts = 2;

unsigned level_of(std::uint64_t event_count) {
  constexpr std::uint64_t kLowest = kBlockEvents;
  unsigned level = 0;
  for (std::uint64_t most = kLowest; most < event_count; most *= kRunsPerLevel) ++level;
  return level;
}

// Returns the block, which holds as many events as the directory says, or an error.
Result<std::shared_ptr<const LogBlock>> block_of(const PinnedBlock& pinned, const StoreView& view) {
  if (pinned.block) return pinned.block;
  ROLLCALL_ASSIGN_OR_RETURN(std::shared_ptr<const LogBlock> block,
                            read_block(pinned.address, view));
  if (block->event_count() != pinned.event_count) {
    return Status::corruption(fmt::format("{}: {} events, its directory says {}",
                                          to_string(pinned.address.id), block->event_count(),
                                          pinned.event_count));
  }
  return block;
}

// Returns the instant by which a quarter of the events has come; of few events, the first.
TimeUs quarter_of(const LogBlock& block) {
  std::vector<TimeUs> times(block.event_count());
  LogBlock::Walk walk(block);
  while (walk.next()) LogBlock::Times(walk).read(walk.user().count, &times[walk.user().begin]);
  const auto quarter = times.begin() + static_cast<std::ptrdiff_t>((times.size() - 1) / 4);
  std::ranges::nth_element(times, quarter);
  return *quarter;
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
  return 2 * open_.memory_bytes() + block_bytes_ +
         (sealing_ ? 2 * sealing_->rows_bytes + sealing_->ageing_bytes : 0);
}

std::size_t EventLog::dirty_bytes() const { return open_.memory_bytes() + dirty_block_bytes_; }

std::uint64_t EventLog::Run::event_count() const {
  std::uint64_t count = 0;
  for (const Slot& slot : blocks) count += slot.event_count;
  return count;
}

std::uint64_t EventLog::event_count() const {
  std::uint64_t count = open_.size() + (sealing_ && sealing_->rows ? sealing_->rows->size() : 0);
  for (const Run& run : runs_) count += run.event_count();
  return count;
}

void EventLog::Directory::write(ByteWriter& writer) const {
  writer.varint(next_run);
  writer.varint(runs.size());
  for (const Run& run : runs) {
    writer.varint(run.number);
    writer.varint(run.blocks.size());
    for (const Slot& slot : run.blocks) {
      writer.varint(slot.number);
      writer.varint(slot.epoch);
      writer.varint(slot.event_count);
    }
  }
  if (has_ages) {
    writer.byte(kAges);
    for (const Run& run : runs) {
      for (const Slot& slot : run.blocks) {
        writer.byte(slot.quarter ? 1 : 0);
        if (slot.quarter) writer.zigzag(*slot.quarter);
      }
    }
  }
  const bool has_texts =
      std::ranges::any_of(runs, [](const Run& run) { return run.text_bytes != 0; });
  if (!has_texts) return;
  writer.byte(kTexts);
  for (const Run& run : runs) writer.varint(run.text_bytes);
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
  std::uint8_t part = reader.remaining() != 0 ? reader.byte() : 0;
  has_ages_ = part == kAges;
  if (has_ages_) {
    for (Run& run : runs_) {
      for (Slot& slot : run.blocks) {
        if (reader.varint_up_to<std::uint8_t>(1) == 1) slot.quarter = reader.zigzag();
      }
    }
    part = reader.remaining() != 0 ? reader.byte() : 0;
  }
  if (part == 0) return {};
  if (part != kTexts) return Status::corruption("its history has a part of unknown kind");
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

EventLog::Directory EventLog::directory_of(std::size_t run_count) const {
  Directory directory{.next_run = next_run_, .runs = {}, .has_ages = has_ages_};
  directory.runs.assign(runs_.begin(), runs_.begin() + static_cast<std::ptrdiff_t>(run_count));
  for (Run& run : directory.runs) {
    for (Slot& slot : run.blocks) slot.block = nullptr;
  }
  return directory;
}

bool EventLog::has_old_events(TimeUs history_begin) const {
  if (history_begin == SealLimits().history_begin) return false;
  return std::ranges::any_of(runs_, [&](const Run& run) {
    return std::ranges::any_of(run.blocks,
                               [&](const Slot& slot) { return slot.is_old(history_begin); });
  });
}

std::vector<EventLog::Ageing> EventLog::ageing_blocks(std::size_t run_count,
                                                      const SealLimits& limits) const {
  std::vector<Ageing> ageing;
  if (!has_ages_) return ageing;
  const std::size_t new_blocks = (open_.size() + kBlockEvents - 1) / kBlockEvents;
  const std::size_t most = std::min(
      kAgeingBlocks + kAgeingPerNewBlock * new_blocks,
      std::max<std::size_t>(limits.merged_bytes_max / (kBlockEvents * kMergedEventBytes), 1));
  for (std::size_t run = 0; run < run_count; ++run) {
    for (std::size_t i = 0; i < runs_[run].blocks.size(); ++i) {
      const Slot& slot = runs_[run].blocks[i];
      if (!slot.is_old(limits.history_begin)) continue;
      if (ageing.size() == most) return ageing;
      const PageAddress address{id_of(runs_[run].number, slot.number), slot.epoch};
      const std::size_t text_bytes = runs_[run].text_bytes / runs_[run].blocks.size();
      ageing.push_back({run, i, {address, slot.block, slot.event_count, text_bytes}});
    }
  }
  return ageing;
}

EventLog::Changes EventLog::collect(Epoch epoch, const SealLimits& limits) {
  ROLLCALL_ASSERT(!sealing_);
  Changes changes;
  has_ages_ = has_ages_ || limits.history_begin != SealLimits().history_begin;
  const bool has_rows = open_.size() != 0;
  const std::size_t merged = has_rows ? merged_runs(limits.merged_bytes_max) : 0;
  const std::size_t kept = runs_.size() - merged;
  std::vector<Ageing> ageing = ageing_blocks(kept, limits);
  for (std::size_t i = 0; i < kept; ++i) {
    for (Slot& slot : runs_[i].blocks) {
      if (!std::exchange(slot.dirty, false)) continue;
      const PageId id = id_of(runs_[i].number, slot.number);
      changes.superseded.push_back({id, slot.epoch});
      slot.epoch = epoch;
      changes.pages.push_back({id, [block = slot.block] { return block->bytes(); }});
    }
  }
  changes.superseded.insert(changes.superseded.end(), emptied_.begin(), emptied_.end());
  emptied_.clear();
  has_dirty_blocks_ = false;
  dirty_block_bytes_ = 0;
  if (!has_rows && ageing.empty()) {
    changes.write_directory = [directory = directory_of(kept)](ByteWriter& writer) {
      directory.write(writer);
    };
    return changes;
  }

  // Nothing that a question reads changes before all memory is there.
  const auto sealing = std::make_shared<Sealing>();
  sealing->epoch = epoch;
  sealing->limits = limits;
  sealing->partition = partition_;
  sealing->number = next_run_;
  sealing->source_count = merged;
  if (has_rows) sealing->rows = frozen();
  sealing->text_bytes = open_.text_bytes();
  sealing->rows_bytes = open_.memory_bytes();
  sealing->ageing = std::move(ageing);
  for (const Ageing& block : sealing->ageing) {
    sealing->ageing_bytes += block.pinned.event_count * kAgedEventBytes;
  }
  for (std::size_t i = kept; i < runs_.size(); ++i) {
    sealing->text_bytes += runs_[i].text_bytes;
    sealing->sources.push_back(pin_run(runs_[i]));
    for (Slot& slot : runs_[i].blocks) {
      changes.superseded.push_back({id_of(runs_[i].number, slot.number), slot.epoch});
      slot.dirty = false;
    }
  }
  sealing->directory = directory_of(kept);
  changes.seal = [sealing, dimensions = dimension_count_, properties = property_count_](
                     const StoreView& view) { return sealing->pack(view, dimensions, properties); };
  changes.write_directory = [sealing](ByteWriter& writer) { sealing->directory.write(writer); };
  sealing_ = sealing;
  if (!has_rows) return changes;
  sealing->directory.next_run = ++next_run_;
  open_.clear();
  frozen_ = nullptr;
  return changes;
}

Result<EventLog::Pages> EventLog::Sealing::pack(const StoreView& view, std::size_t dimension_count,
                                                std::size_t property_count) {
  ROLLCALL_RETURN_IF_ERROR(pack_run(view, dimension_count, property_count));
  ROLLCALL_RETURN_IF_ERROR(let_go(view));
  return finish_directory();
}

Status EventLog::Sealing::pack_run(const StoreView& view, std::size_t dimension_count,
                                   std::size_t property_count) {
  if (!rows) return {};
  std::vector<LogRun> runs;
  for (const std::vector<PinnedBlock>& source : sources) {
    LogRun& of_source = runs.emplace_back();
    for (const PinnedBlock& pinned : source) {
      ROLLCALL_ASSIGN_OR_RETURN(std::shared_ptr<const LogBlock> block, block_of(pinned, view));
      of_source.push_back(std::move(block));
    }
  }
  runs.push_back(rows->run());
  const bool is_whole = std::ranges::all_of(
      runs.back(), [&](const auto& block) { return block->first_time() >= limits.history_begin; });
  run = runs.size() == 1 && is_whole
            ? std::move(runs.front())
            : merge(runs, dimension_count, property_count, limits.history_begin);
  for (const std::shared_ptr<const LogBlock>& block : run) {
    std::optional<TimeUs>& quarter = quarters.emplace_back();
    if (directory.has_ages) quarter = quarter_of(*block);
  }
  return {};
}

// Makes the blocks anew of which a quarter is older than history.
Status EventLog::Sealing::let_go(const StoreView& view) {
  for (Ageing& block : ageing) {
    ROLLCALL_ASSIGN_OR_RETURN(const std::shared_ptr<const LogBlock> whole,
                              block_of(block.pinned, view));
    block.quarter = quarter_of(*whole);
    block.is_replaced = *block.quarter < limits.history_begin;
    if (!block.is_replaced) continue;
    std::optional<LogBlock> rest =
        events_where(*whole, [&](const EventColumns& events, std::size_t event) {
          return events.times[event] >= limits.history_begin;
        });
    if (!rest) continue;
    block.rest = std::make_shared<const LogBlock>(*std::move(rest));
    block.quarter = quarter_of(*block.rest);
  }
  return {};
}

EventLog::Pages EventLog::Sealing::finish_directory() {
  Pages made;
  for (const Ageing& block : ageing) {
    Slot& slot = directory.runs[block.run].blocks[block.slot];
    slot.quarter = block.quarter;
    if (!block.is_replaced) continue;
    made.superseded.push_back(block.pinned.address);
    slot.epoch = epoch;
    slot.event_count = block.rest ? block.rest->event_count() : 0;
    if (block.rest) {
      made.pages.push_back(
          {block.pinned.address.id, [rest = block.rest] { return rest->bytes(); }});
    }
  }
  Run made_run{.number = number, .blocks = {}, .text_bytes = text_bytes};
  for (std::uint32_t i = 0; i < run.size(); ++i) {
    made_run.blocks.push_back({.number = i,
                               .epoch = epoch,
                               .event_count = run[i]->event_count(),
                               .quarter = quarters[i]});
    made.pages.push_back(
        {id_of(partition, number, i), [block = run[i]] { return block->bytes(); }});
  }
  directory.runs.push_back(std::move(made_run));
  drop_empty(directory.runs);
  return made;
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
                          .block = block,
                          .quarter = sealing_->quarters[number]});
  }
  runs_.reserve(runs_.size() + 1);
  // From here on, nothing fails.
  for (std::size_t i = 0; i < sealing_->source_count; ++i) {
    for (Slot& slot : runs_.back().blocks) hold(slot, nullptr);
    runs_.pop_back();
  }
  for (Ageing& block : sealing_->ageing) {
    Slot& slot = runs_[block.run].blocks[block.slot];
    slot.quarter = block.quarter;
    if (!block.is_replaced) continue;
    hold(slot, std::move(block.rest));
    slot.epoch = sealing_->epoch;
    slot.event_count = slot.block ? slot.block->event_count() : 0;
  }
  for (const Slot& slot : run.blocks) block_bytes_ += slot.block->memory_bytes();
  runs_.push_back(std::move(run));
  drop_empty(runs_);
  sealing_ = nullptr;
}

void EventLog::drop_empty(std::vector<Run>& runs) {
  for (Run& run : runs) {
    std::erase_if(run.blocks, [](const Slot& slot) { return slot.event_count == 0; });
  }
  std::erase_if(runs, [](const Run& run) { return run.blocks.empty(); });
}

PinnedLog EventLog::pin() const {
  PinnedLog pinned;
  for (const Run& run : runs_) pinned.runs.push_back(pin_run(run));
  if (sealing_ && sealing_->rows) pinned.rows.push_back(sealing_->rows);
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
        std::optional<LogBlock> rest =
            events_where(*block, [&](const EventColumns& events, std::size_t event) {
              return !std::ranges::binary_search(ordinals, events.ordinals[event]);
            });
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
  drop_empty(runs_);
  if (open_.drop(ordinals)) frozen_ = nullptr;
}

}  // namespace rollcall
