#include "core/engine/checkpointer.h"

#include <new>
#include <system_error>
#include <utility>

#include "core/base/guard.h"

namespace rollcall {

Checkpointer::Checkpointer(Gate& gate, CheckpointSchedule& schedule, Failure& failure,
                           std::function<Status()> make)
    : gate_(gate), schedule_(schedule), failure_(failure), make_(std::move(make)) {}

Status Checkpointer::make_scheduled() {
  const auto begin = CheckpointSchedule::Clock::now();
  ROLLCALL_RETURN_IF_ERROR(make_());
  const Gate::Pass pass(gate_);
  schedule_.note_checkpoint(begin, CheckpointSchedule::Clock::now());
  return {};
}

bool Checkpointer::start_in_background() {
  const Gate::Pass pass(gate_);
  if (schedule_.is_in_background()) return true;  // another batch started it
  // A thread that has the mutex may have it for long, as a compaction does; a checkpoint will be
  // due again. The mutex is only tried, because the thread that has it may wait for the gate.
  if (!mutex_.try_lock()) return true;
  mutex_.unlock();
  try {
    std::jthread thread(
        [this, cannot = cannot_make()]() mutable { run_in_background(std::move(cannot)); });
    schedule_.begin_in_background();
    thread_ = std::move(thread);  // the one before has left the gate for the last time
  } catch (const std::system_error&) {
    return false;
  }
  return true;
}

void Checkpointer::run_in_background(Status cannot) noexcept {
  Status status;
  try {
    status = guarded("engine: a checkpoint", [&] {
      if (!mutex_.try_lock()) return Status();
      const MutexLock alone(mutex_, std::adopt_lock);
      return make_scheduled();
    });
  } catch (const std::bad_alloc&) {
    status = std::move(cannot);
  }
  const Gate::Pass pass(gate_);
  if (!status.ok()) failure_.note(std::move(status));
  schedule_.finish_in_background();
}

bool Checkpointer::wait() {
  const bool nobody_does = mutex_.try_lock();
  if (!nobody_does) mutex_.lock();
  mutex_.unlock();
  return !nobody_does;
}

Status Checkpointer::cannot_make() {
  return Status::resource_exhausted(
      "engine: no memory or no thread for a checkpoint; open the store again");
}

}  // namespace rollcall
