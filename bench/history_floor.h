// Funnels take at least this: every event of the workload in plain columns, ordered by user and
// time, and one walk over them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "bench/session.h"
#include "rollcall/types.h"

namespace rollcall::bench {

class HistoryFloor {
 public:
  // Brings the whole workload of `session`, with dense ids, into order.
  explicit HistoryFloor(Session& session);

  // Holds one user's events by time, and those of one time by the place of their name.
  struct UserEvents {
    std::span<const TimeUs> times;
    std::span<const std::uint8_t> names;  // places in kEventNameList
    std::size_t size() const { return times.size(); }
  };
  std::size_t user_count() const { return begins_.size() - 1; }
  UserEvents events_of(std::size_t user) const;
  // Returns whether two events of a user have the same time.
  bool has_ties() const;

  // Counts users by how many steps of an ordered funnel they make within `window_us` of the first;
  // index 0 has those with the first alone. `steps` are places in kEventNameList, and ascend, so
  // that events of one time come in the order that serves the most steps. One start for each level,
  // the latest, is enough.
  std::vector<std::uint64_t> funnel(std::span<const std::uint32_t> steps, TimeUs window_us,
                                    unsigned threads) const;

 private:
  std::vector<std::uint64_t> begins_;  // by user, and the end
  std::vector<TimeUs> times_;
  std::vector<std::uint8_t> names_;
};

}  // namespace rollcall::bench
