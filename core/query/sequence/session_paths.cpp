#include "core/query/sequence/session_paths.h"

#include <tuple>

namespace rollcall {

void SessionPaths::take(const StepEvents& seen, std::span<const StepEvent> events) {
  events_.clear();
  for (std::size_t i = 0; i < events.size(); ++i) {
    events_.push_back({events[i].time, ranks_[seen.name_of(i)], (events[i].steps & 1) != 0});
  }
  // Among events of one instant and name, the event that opens a path is the first that the path
  // meets.
  const auto is_before = [&](const Event& a, const Event& b) {
    const bool a_last = rules_.is_backwards == a.opens, b_last = rules_.is_backwards == b.opens;
    return std::tie(a.time, a.rank, a_last) < std::tie(b.time, b.rank, b_last);
  };
  if (!std::ranges::is_sorted(events_, is_before)) std::ranges::sort(events_, is_before);
  if (rules_.is_backwards) std::ranges::reverse(events_);
}

std::size_t SessionPaths::session_end(std::size_t begin) const {
  std::size_t end = begin + 1;
  for (; end < events_.size(); ++end) {
    const auto [earlier, later] = std::minmax(events_[end - 1].time, events_[end].time);
    if (elapsed(earlier, later) > static_cast<std::uint64_t>(rules_.window)) break;
  }
  return end;
}

}  // namespace rollcall
