// This file has how an engine keeps within its memory.
#include <algorithm>
#include <mutex>

#include "core/base/memory_policy.h"
#include "core/base/return_memory.h"
#include "core/engine/engine_state.h"

namespace rollcall {

std::size_t Engine::State::state_bytes_max() const {
  return state_share(options.memory_bytes_max, store_bytes);
}

std::size_t Engine::State::questions_bytes_max() const {
  return questions_share(options.memory_bytes_max);
}

std::size_t Engine::State::room() const {
  const std::size_t taken = memory_use().resident_bytes + written_out_bytes + kept_bytes;
  return state_bytes_max() - std::min(state_bytes_max(), taken);
}

MemoryUse Engine::State::memory_use() const {
  MemoryUse use = {day_totals.memory_bytes() + kept_ranks.memory_bytes(), 0};
  for (const Partition& partition : partitions) {
    const MemoryUse part = partition.memory_use();
    use.resident_bytes += part.resident_bytes;
    use.dirty_bytes += part.dirty_bytes;
  }
  use.resident_bytes += record_writer.memory_bytes();
  return use;
}

Engine::State::CheckpointNeed Engine::State::checkpoint_need() {
  const std::size_t resident_max = state_bytes_max();
  const std::size_t worth_writing = resident_max * kWorthWritingShare;
  const std::uint64_t journal_bytes = store->journal() == nullptr ? 0 : store->journal()->bytes();
  const Gate::Pass pass(gate);
  MemoryUse use = memory_use();
  if (use.resident_bytes > resident_max) {
    evict_for(0);
    use = memory_use();
  }
  if (use.resident_bytes > resident_max && use.dirty_bytes > worth_writing)
    return CheckpointNeed::kRoom;
  const auto now = CheckpointSchedule::Clock::now();
  const bool is_due = schedule.is_due(use.dirty_bytes, journal_bytes, now);
  return is_due ? CheckpointNeed::kCheckpoint : CheckpointNeed::kNothing;
}

Status Engine::State::make_room() {
  const CheckpointNeed need_now = checkpoint_need();
  if (need_now == CheckpointNeed::kNothing) return {};
  if (need_now == CheckpointNeed::kCheckpoint && checkpointer.start_in_background()) return {};
  const MutexLock alone(checkpointer.mutex());
  // The checkpoint that was under way may have made room.
  return checkpoint_need() == CheckpointNeed::kNothing ? Status() : checkpointer.make_scheduled();
}

void Engine::State::evict_for(std::size_t wanted_bytes) {
  const std::size_t resident = memory_use().resident_bytes;
  if (resident + wanted_bytes <= state_bytes_max()) return;
  // Each partition gives up its share of the excess.
  const std::size_t target = state_bytes_max() * kEvictionTarget;
  const double keep = resident == 0 ? 0
                                    : static_cast<double>(target - std::min(target, wanted_bytes)) /
                                          static_cast<double>(resident);
  for (Partition& partition : partitions) {
    const auto bytes = static_cast<double>(partition.memory_use().resident_bytes);
    evict(partition, static_cast<std::size_t>(bytes * keep), epoch);
  }
}

void Engine::State::evict(Partition& partition, std::size_t bytes_max, Epoch durable) {
  // Freed memory stays with the process if it lies between what is not free, and what comes next
  // may be of other sizes. Unless the free pages are given back now and then, the process goes on
  // growing.
  const std::size_t before = partition.memory_use().resident_bytes;
  partition.evict(bytes_max, durable);
  evicted_bytes += before - partition.memory_use().resident_bytes;
  if (evicted_bytes < std::max(state_bytes_max() * kReturnedShare, kReturnedBytesMin)) return;
  evicted_bytes = 0;
  return_free_memory();
}

}  // namespace rollcall
