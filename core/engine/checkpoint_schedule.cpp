#include "core/engine/checkpoint_schedule.h"

namespace rollcall {

void CheckpointSchedule::note_change(Clock::time_point now) {
  if (!has_changes_) changed_since_ = now;
  has_changes_ = true;
}

bool CheckpointSchedule::is_due(std::size_t dirty_bytes, std::uint64_t journal_bytes,
                                Clock::time_point now) const {
  // Ingest waits at least this many times as long as the last checkpoint took. A checkpoint costs
  // more than its own time, because what it writes is compacted later.
  constexpr int kRestAfterCheckpoint = 14;
  const bool is_old =
      has_changes_ && limits_.age_max.count() != 0 && now - changed_since_ >= limits_.age_max;
  const bool is_wanted =
      dirty_bytes > limits_.dirty_bytes_max || journal_bytes > limits_.journal_bytes_max || is_old;
  return is_wanted && !is_committing_ && !is_in_background_ &&
         now - last_end_ >= kRestAfterCheckpoint * last_duration_;
}

void CheckpointSchedule::note_checkpoint(Clock::time_point begin, Clock::time_point end) {
  last_end_ = end;
  last_duration_ = end - begin;
}

}  // namespace rollcall
