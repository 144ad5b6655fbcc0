// Makes checkpoints, one at a time, either in the thread that cannot go on without one or in a
// background thread while ingest goes on.
#pragma once

#include <functional>
#include <thread>

#include "core/base/gate.h"
#include "core/base/mutex.h"
#include "core/base/thread_safety.h"
#include "core/engine/checkpoint_schedule.h"
#include "core/engine/failure.h"
#include "rollcall/status.h"

namespace rollcall {

// Any thread may use it.
class Checkpointer {
 public:
  // `make` makes a checkpoint. It is called outside the gate, with mutex() held. The gate guards
  // `schedule` and `failure`, which gets the reason if a checkpoint in the background fails.
  Checkpointer(Gate& gate, CheckpointSchedule& schedule, Failure& failure,
               std::function<Status()> make);
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  // Is held while a checkpoint is made, or must not be made. It is taken before the gate.
  Mutex& mutex() ROLLCALL_RETURN_CAPABILITY(mutex_) { return mutex_; }

  // Makes a checkpoint and notes it in the schedule.
  Status make_scheduled() ROLLCALL_REQUIRES(mutex_) ROLLCALL_EXCLUDES(gate_);

  // Starts a scheduled checkpoint in the background, unless one is being made. Returns false if the
  // system has no thread to give.
  bool start_in_background() ROLLCALL_EXCLUDES(gate_);

  // Waits for a checkpoint that is being made. Returns false if there is none.
  bool wait() ROLLCALL_EXCLUDES(gate_, mutex_);

  // Returns the error for lack of memory or threads.
  static Status cannot_make();

 private:
  // Runs in the background thread. `cannot` is its failure if memory runs out. It does nothing
  // after it has left the gate, so that a thread within the gate may wait for its end.
  void run_in_background(Status cannot) noexcept;

  Gate& gate_;
  CheckpointSchedule& schedule_ ROLLCALL_GUARDED_BY(gate_);
  Failure& failure_ ROLLCALL_GUARDED_BY(gate_);
  const std::function<Status()> make_;
  Mutex mutex_;
  // This is the last member, so that it is joined before any other is destroyed.
  std::jthread thread_ ROLLCALL_GUARDED_BY(gate_);
};

}  // namespace rollcall
