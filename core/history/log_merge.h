// This header packs sorted events into blocks, and merges the blocks of several runs into those of
// one.
#pragma once

#include <memory>
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
  RunWriter(std::size_t dimension_count, std::size_t property_count);

  // Adds rows [begin, end) of `events`. Texts must live until they are packed, which is until
  // finish().
  void add(const EventColumns& events, std::size_t begin, std::size_t end);
  // Returns the blocks of all that was added. The writer is empty afterwards.
  LogRun finish();

 private:
  void pack_whole_blocks();

  EventColumns pending_;  // less than two blocks
  LogRun blocks_;
};

// Merges all events of the runs into one run. Events of one user and instant are in the order of
// the runs.
// Blocks made before a property was added have the empty text for it.
LogRun merge(std::span<const LogRun> runs, std::size_t dimension_count, std::size_t property_count);

// Appends rows [begin, end) of `others`, which have the same columns.
void append(EventColumns& events, const EventColumns& others, std::size_t begin, std::size_t end);

// Returns a block's events in columns; texts point into the block.
EventColumns unpack(const LogBlock& block, std::size_t property_count);

}  // namespace rollcall
