// Questions about events in their order are measured beside this: every event of the workload in
// plain columns, ordered by user and time, and one walk over them. It has nothing that finds users,
// keeps or persists anything, and no vectors.
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
  // Does the same where the steps are consecutive events. No user may have ties.
  std::vector<std::uint64_t> strict_funnel(std::span<const std::uint32_t> steps, TimeUs window_us,
                                           unsigned threads) const;
  // Does the same where an event of the name `exclusion` voids the attempts under way, which are
  // those between their first step and their last one, or the end of their window. Users without
  // an attempt that counts are left out. No user may have ties.
  std::vector<std::uint64_t> excluding_funnel(std::span<const std::uint32_t> steps,
                                              TimeUs window_us, std::uint32_t exclusion,
                                              unsigned threads) const;
  // Counts, for each of the first `cohorts` days from `first` on and each k below `periods`, of
  // which there are at most 64, the users whose first event lies in that day, and of whom there is
  // one in the 24 hours that begin k times 24 hours after it.
  std::vector<std::uint64_t> rolling_retention(TimeUs first, std::size_t cohorts,
                                               std::size_t periods, unsigned threads) const;
  // Counts users with at least `times` events of the name `event` from `since` on.
  std::uint64_t users_with(std::uint32_t event, TimeUs since, std::size_t times,
                           unsigned threads) const;

 private:
  // Calls count_user(begin, end, counts) with the events of each user, on so many threads, each of
  // which has counts of its own. Returns their sums.
  template <class CountUser>
  std::vector<std::uint64_t> sum_users(std::size_t counts, unsigned threads,
                                       CountUser count_user) const;

  std::vector<std::uint64_t> begins_;  // by user, and the end
  std::vector<TimeUs> times_;
  std::vector<std::uint8_t> names_;
};

}  // namespace rollcall::bench
