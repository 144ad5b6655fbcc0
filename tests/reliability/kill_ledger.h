// The ledger has what a process said that it began and finished, and so what its store must hold
// after a kill.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "tests/reliability/killed_work.h"

namespace rollcall::testing {

// Holds the bounds of the standing, both included.
struct StandingBounds {
  Standing least;  // what was acknowledged
  Standing most;   // what was begun
};

// A process is heard and killed; then the store is looked at, and the next process goes on from
// there.
class KillLedger {
 public:
  // Hears a line of the process: "THREAD begin KIND SUBJECT NUMBER" (source and batch, or a call's
  // number), "THREAD end MICROSECONDS", or "stands BATCHES BATCHES BATCHES FORGETS" once it has
  // opened the store. Returns what is wrong, or "".
  std::string hear(const std::string& line);

  // Says how often the living process has begun work of this kind.
  std::size_t begun(Work kind) const { return begun_[static_cast<std::size_t>(kind)]; }
  // About how long such work takes: a mean, over all processes that were heard.
  std::chrono::microseconds usual_time(Work kind) const;
  // Holds what was begun and not finished.
  std::vector<Work> under_way() const;

  const StandingBounds& bounds() const { return bounds_; }

  // Holds, by number, the backups that the process made, and the one it was making.
  struct Backup {
    Standing least;  // what it must hold
    bool finished = false;
  };
  const std::map<std::size_t, Backup>& backups() const { return backups_; }

  // The process is gone, and the store was found to stand here; so it must stay.
  void found(const Standing& standing);
  // The next process finds no store.
  void start_again();

 private:
  struct Job {
    Work kind = Work::kOpen;
    std::size_t subject = 0;
    std::size_t number = 0;
    Standing returned;  // when it began
  };
  void begin(std::size_t thread, const Job& job);
  void end(const Job& job);

  StandingBounds bounds_;
  Standing returned_;                // what calls have returned of, in memory at least
  Standing committed_;               // at least
  std::map<std::size_t, Job> jobs_;  // by thread
  std::map<std::size_t, Backup> backups_;
  std::array<std::size_t, kWorkNames.size()> begun_{};
  struct Times {
    std::size_t count = 0;
    std::chrono::microseconds sum{};
  };
  std::array<Times, kWorkNames.size()> times_;
};

}  // namespace rollcall::testing
