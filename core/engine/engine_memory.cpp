// How an engine keeps within its memory, and when it makes checkpoints by itself.
#include <algorithm>
#include <chrono>
#include <mutex>
#include <new>
#include <system_error>
#include <utility>

#include "core/base/guard.h"
#include "core/base/memory_policy.h"
#include "core/base/return_memory.h"
#include "core/engine/engine_state.h"

namespace rollcall {
namespace {

// Times as long as the last one took. What a checkpoint costs beside its own time, compaction above
// all, comes on top.
constexpr int kRestAfterCheckpoint = 14;

}  // namespace

std::size_t Engine::State::state_bytes_max() const {
  return state_share(options.memory_bytes_max, store_bytes);
}

std::size_t Engine::State::questions_bytes_max() const {
  return questions_share(options.memory_bytes_max);
}

std::size_t Engine::State::room() const {
  const std::size_t taken = memory_use().resident_bytes + handed_over_bytes + kept_bytes;
  return state_bytes_max() - std::min(state_bytes_max(), taken);
}

MemoryUse Engine::State::memory_use() const {
  MemoryUse use = {day_totals.memory_bytes(), 0};
  for (const Partition& partition : partitions) {
    const MemoryUse part = partition.memory_use();
    use.resident_bytes += part.resident_bytes;
    use.dirty_bytes += part.dirty_bytes;
  }
  use.resident_bytes += record_writer.memory_bytes();
  return use;
}

Engine::State::Need Engine::State::need() {
  const std::size_t resident_max = state_bytes_max();
  const std::size_t worth_writing = resident_max * kWorthWritingShare;
  const std::uint64_t journal_bytes = store->journal() == nullptr ? 0 : store->journal()->bytes();
  const std::chrono::seconds age_max(options.checkpoint_seconds);
  const Gate::Pass pass(gate);
  MemoryUse use = memory_use();
  if (use.resident_bytes > resident_max) {
    evict_for(0);
    use = memory_use();
  }
  if (use.resident_bytes > resident_max && use.dirty_bytes > worth_writing) return Need::kRoom;
  const auto now = std::chrono::steady_clock::now();
  const bool is_old = changed && age_max.count() != 0 && now - changed_since >= age_max;
  const bool is_due = use.dirty_bytes > options.checkpoint_dirty_bytes_max ||
                      journal_bytes > options.journal_bytes_max || is_old;
  const bool may_start = !committing && !checkpoint_is_beside &&
                         now - checkpoint_end >= kRestAfterCheckpoint * checkpoint_time;
  return is_due && may_start ? Need::kCheckpoint : Need::kNothing;
}

Status Engine::State::make_room() {
  const Need need_now = need();
  if (need_now == Need::kNothing) return {};
  if (need_now == Need::kCheckpoint && start_checkpoint()) return {};
  const std::lock_guard alone(checkpoint_mutex);
  // One that was under way may have made it.
  return need() == Need::kNothing ? Status() : timed_checkpoint();
}

bool Engine::State::start_checkpoint() {
  const Gate::Pass pass(gate);
  if (checkpoint_is_beside) return true;  // another batch's
  // Who has the mutex may have it for long, as who compacts does: it will be due again. Only tried,
  // as whoever has it may wait for the gate.
  if (!std::unique_lock(checkpoint_mutex, std::try_to_lock)) return true;
  try {
    std::jthread thread(
        [this, cannot = cannot_checkpoint()]() mutable { checkpoint_beside(std::move(cannot)); });
    checkpoint_is_beside = true;
    checkpoint_thread = std::move(thread);  // the one before has left the gate for the last time
  } catch (const std::system_error&) {
    return false;
  }
  return true;
}

void Engine::State::checkpoint_beside(Status cannot) noexcept {
  Status status;
  try {
    status = guarded("engine: a checkpoint", [&] {
      const std::unique_lock alone(checkpoint_mutex, std::try_to_lock);
      return alone ? timed_checkpoint() : Status();
    });
  } catch (const std::bad_alloc&) {
    status = std::move(cannot);
  }
  const Gate::Pass pass(gate);
  if (!status.ok() && write_failure.ok()) write_failure = std::move(status);
  checkpoint_is_beside = false;
}

Status Engine::State::timed_checkpoint() {
  const auto begin = std::chrono::steady_clock::now();
  ROLLCALL_RETURN_IF_ERROR(checkpoint_alone());
  const Gate::Pass pass(gate);
  checkpoint_end = std::chrono::steady_clock::now();
  checkpoint_time = checkpoint_end - begin;
  return {};
}

bool Engine::State::wait_for_checkpoint() {
  std::unique_lock alone(checkpoint_mutex, std::try_to_lock);
  if (alone) return false;
  alone.lock();
  return true;
}

Status Engine::State::cannot_checkpoint() {
  return Status::resource_exhausted(
      "engine: no memory or no thread for a checkpoint; open the store again");
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
  // What is freed stays with the process where it lies between what is not, and what comes next may
  // be of other sizes: unless the free pages are given back now and then, the process grows on.
  const std::size_t before = partition.memory_use().resident_bytes;
  partition.evict(bytes_max, durable);
  evicted_bytes += before - partition.memory_use().resident_bytes;
  if (evicted_bytes < std::max(state_bytes_max() * kReturnedShare, kReturnedBytesMin)) return;
  evicted_bytes = 0;
  return_free_memory();
}

}  // namespace rollcall
