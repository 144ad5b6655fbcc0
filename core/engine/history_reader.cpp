#include "core/engine/history_reader.h"

#include <algorithm>
#include <utility>

namespace rollcall {

std::vector<RunSource> HistoryReader::runs() {
  std::vector<RunSource> runs;
  for (std::vector<PinnedBlock>& run : pinned_.runs) {
    runs.push_back({run.size(), [this, &run](std::size_t number) { return block(run[number]); }});
  }
  for (const std::shared_ptr<const FrozenRows>& rows : pinned_.rows) {
    LogRun run = packed(*rows);
    const std::size_t count = run.size();
    runs.push_back({count, [run = std::move(run)](std::size_t number) { return run[number]; }});
  }
  return runs;
}

std::size_t HistoryReader::open_bytes() const {
  constexpr std::size_t kRunBytes = 1024;
  constexpr std::size_t kEventBytes = 8;  // packed, and some bits
  std::size_t bytes = 0;
  for (const std::vector<PinnedBlock>& run : pinned_.runs) {
    std::size_t most = 0;
    for (const PinnedBlock& pinned : run) {
      most = std::max(most, pinned.event_count * kEventBytes + pinned.text_bytes);
    }
    bytes += kRunBytes + most;
  }
  for (const auto& rows : pinned_.rows) {
    bytes += kRunBytes + std::min(rows->size(), kBlockEvents) * kEventBytes;
  }
  return bytes;
}

// Two threads may read a block at once if it lies in two chunks; both then have the same.
std::shared_ptr<const LogBlock> HistoryReader::block(PinnedBlock& pinned) {
  {
    const MutexLock lock(mutex_);
    if (pinned.block) return pinned.block;
  }
  account_.check();
  Result<std::shared_ptr<const LogBlock>> read = read_block(pinned.address, view_);
  if (!read.ok()) throw QuestionFailure(read.status());
  if (keeps_((*read)->memory_bytes())) {
    const MutexLock lock(mutex_);
    pinned.block = *read;
  }
  return *std::move(read);
}

LogRun HistoryReader::packed(const FrozenRows& rows) {
  QuestionMemory memory(&account_);
  memory.take(rows.packing_bytes(), QuestionNeed::kHistory);
  return rows.run();
}

}  // namespace rollcall
