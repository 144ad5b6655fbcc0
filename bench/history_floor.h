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

  std::uint64_t bytes() const;

  // Counts users by how many steps of an ordered funnel they make within `window_us` of the first;
  // index 0 has those with the first alone. `steps` are places in kEventNameList. One start for
  // each level, the latest, is enough, because no two events of a user have the same time.
  std::vector<std::uint64_t> funnel(std::span<const std::uint32_t> steps, TimeUs window_us,
                                    unsigned threads) const;

 private:
  std::vector<std::uint64_t> begins_;  // by user, and the end
  std::vector<TimeUs> times_;
  std::vector<std::uint8_t> names_;
};

}  // namespace rollcall::bench
