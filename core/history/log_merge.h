// This header packs sorted events into blocks, and merges the blocks of several runs into those of
// one.
#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/history/log_block.h"

namespace rollcall {

// Holds consecutive blocks: no ordinal of one is above one of the next. All but the last have
// kBlockEvents events, so that the events of a user may continue in the next ones.
using LogRun = std::vector<std::shared_ptr<const LogBlock>>;

// Packs events as they come, ordered by ordinal and then by time.
class RunWriter {
 public:
  // It leaves out the events before `begin`.
  RunWriter(std::size_t dimension_count, std::size_t property_count,
            TimeUs begin = std::numeric_limits<TimeUs>::min());

  // Adds rows [begin, end) of `events`. Texts must live until they are packed, which is until
  // finish().
  void add(const EventColumns& events, std::size_t begin, std::size_t end);
  // Returns the blocks of all that was added. The writer is empty afterwards.
  LogRun finish();

 private:
  void add_stretch(const EventColumns& events, std::size_t begin, std::size_t end);
  void pack_whole_blocks();

  const TimeUs begin_;
  EventColumns pending_;  // less than two blocks
  LogRun blocks_;
};

// Merges all events of the runs into one run, without those before `begin`. Events of one user and
// instant are in the order of the runs. Blocks made before a property was added have the empty text
// for it.
LogRun merge(std::span<const LogRun> runs, std::size_t dimension_count, std::size_t property_count,
             TimeUs begin = std::numeric_limits<TimeUs>::min());

// Appends rows [begin, end) of `others`, which have the same columns.
void append(EventColumns& events, const EventColumns& others, std::size_t begin, std::size_t end);

// Returns a block's events in columns; texts point into the block.
EventColumns unpack(const LogBlock& block, std::size_t property_count);

// Returns a block of those events for which is_kept(events, number) holds, or none if there are
// none.
template <class IsKept>
std::optional<LogBlock> events_where(const LogBlock& block, IsKept is_kept) {
  const EventColumns events = unpack(block, block.property_count());
  EventColumns kept;
  kept.dimensions.resize(events.dimensions.size());
  kept.properties.resize(events.properties.size());
  for (std::size_t begin = 0; begin < events.size();) {
    std::size_t end = begin;
    while (end < events.size() && is_kept(events, end)) ++end;
    if (end != begin) append(kept, events, begin, end);
    begin = end + 1;
  }
  if (kept.size() == 0) return {};
  return LogBlock::pack(kept, 0, kept.size());
}

}  // namespace rollcall
