// Who makes checkpoints: one at a time, in the thread that cannot go on without one, or in a
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

// Threads: any.
class Checkpointer {
 public:
  // `make` makes a checkpoint. It is called outside the gate, with mutex() held. The gate guards
  // `schedule` and `failure`, which is told why a checkpoint in the background failed.
  Checkpointer(Gate& gate, CheckpointSchedule& schedule, Failure& failure,
               std::function<Status()> make);
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  // Held by whoever makes a checkpoint, or needs that nobody does. It is taken before the gate.
  Mutex& mutex() ROLLCALL_RETURN_CAPABILITY(mutex_) { return mutex_; }

  // Makes a checkpoint that the schedule notes.
  Status make_scheduled() ROLLCALL_REQUIRES(mutex_) ROLLCALL_EXCLUDES(gate_);

  // Starts a scheduled checkpoint in the background, unless somebody makes one. False: the system
  // has no thread to give.
  bool start_in_background() ROLLCALL_EXCLUDES(gate_);

  // Waits until whoever makes a checkpoint is done. False: nobody does.
  bool wait() ROLLCALL_EXCLUDES(gate_, mutex_);

  // For want of memory, or of threads.
  static Status cannot_make();

 private:
  // What the background thread does. `cannot` is its failure where memory runs out. It does nothing
  // more after it has left the gate, so that who is within it may wait for the thread's end.
  void run_in_background(Status cannot) noexcept;

  Gate& gate_;
  CheckpointSchedule& schedule_ ROLLCALL_GUARDED_BY(gate_);
  Failure& failure_ ROLLCALL_GUARDED_BY(gate_);
  const std::function<Status()> make_;
  Mutex mutex_;
  // The last member: it is waited for before any other goes.
  std::jthread thread_ ROLLCALL_GUARDED_BY(gate_);
};

}  // namespace rollcall
