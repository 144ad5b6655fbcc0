// Finds the paths that one user takes: what comes next in a session, or what came before.
//
// A session is a run of events, of which none comes later than the window after the one before it.
// The first event of a session that may open a path opens the only one that the session has; the
// path then leads over the events that follow it. Backwards, "first" and "follow" are turned round.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/query/sequence/step_event.h"
#include "core/query/sequence/step_events.h"
#include "rollcall/types.h"

namespace rollcall {

struct PathRules {
  TimeUs window = 0;  // from one event to the next, its end included
  std::size_t depth = 1;
  bool is_backwards = false;
};

// Only one thread uses it.
class SessionPaths {
 public:
  // Events of one instant come in the order of their ranks; `ranks` has those of the names, by
  // number of the catalog. It outlives the paths.
  SessionPaths(const PathRules& rules, std::span<const std::uint32_t> ranks)
      : rules_(rules), ranks_(ranks) {}

  // Calls visit(path) with each path of a user whose events are `events` of `seen`: the ranks of
  // the names of at most depth + 1 events, from the one that opens the path on. A path of fewer
  // ends with its session.
  template <class Visit>
  void find(const StepEvents& seen, std::span<const StepEvent> events, Visit visit) {
    take(seen, events);
    for (std::size_t begin = 0, end = 0; begin < events_.size(); begin = end) {
      end = session_end(begin);
      while (begin < end && !events_[begin].opens) ++begin;
      if (begin == end) continue;
      path_.clear();
      for (; begin < end && path_.size() <= rules_.depth; ++begin) {
        path_.push_back(events_[begin].rank);
      }
      visit(std::span<const std::uint32_t>(path_));
    }
  }

 private:
  struct Event {
    TimeUs time;
    std::uint32_t rank;
    bool opens;
  };

  // Puts the events in the order in which paths lead.
  void take(const StepEvents& seen, std::span<const StepEvent> events);
  std::size_t session_end(std::size_t begin) const;

  const PathRules rules_;
  std::span<const std::uint32_t> ranks_;
  std::vector<Event> events_;
  std::vector<std::uint32_t> path_;
};

}  // namespace rollcall
