// Decides when the next checkpoint is due.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace rollcall {

// Holds what an engine knows about its checkpoints: what is not stored yet, whether one is in
// progress, and how long the last one took. One thread may use it at a time; the engine's gate
// guards it.
class CheckpointSchedule {
 public:
  using Clock = std::chrono::steady_clock;

  // A checkpoint is due when any of them is exceeded.
  struct Limits {
    std::size_t dirty_bytes_max = 0;
    std::uint64_t journal_bytes_max = 0;
    std::chrono::seconds age_max{0};  // of the oldest change; 0: no limit
  };

  explicit CheckpointSchedule(const Limits& limits) : limits_(limits) {}

  // Notes that there is something for a checkpoint to write.
  void note_change(Clock::time_point now);
  bool has_changes() const { return has_changes_; }

  // Returns whether ingest should start a checkpoint. A checkpoint that is due waits while another
  // is in progress, and for a rest after it.
  bool is_due(std::size_t dirty_bytes, std::uint64_t journal_bytes, Clock::time_point now) const;

  // Note that a checkpoint has taken up all changes, and when it commits them. If the commit fails,
  // it stays in progress, because there will be no others.
  void begin_commit() { is_committing_ = true; }
  void take_changes() { has_changes_ = false; }
  void finish_commit() { is_committing_ = false; }
  bool is_committing() const { return is_committing_; }

  // Note when the background thread is at work, or about to be.
  void begin_in_background() { is_in_background_ = true; }
  void finish_in_background() { is_in_background_ = false; }
  bool is_in_background() const { return is_in_background_; }

  // Notes a checkpoint that ingest started. The rest after it depends on its duration.
  void note_checkpoint(Clock::time_point begin, Clock::time_point end);

 private:
  const Limits limits_;
  bool has_changes_ = false;
  Clock::time_point changed_since_;
  bool is_committing_ = false;
  bool is_in_background_ = false;
  Clock::time_point last_end_;
  Clock::duration last_duration_{};
};

}  // namespace rollcall
