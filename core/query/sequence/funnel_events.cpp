#include "core/query/sequence/funnel_events.h"

#include <algorithm>
#include <bit>

namespace rollcall {

FunnelEvents::FunnelEvents(const FunnelSelectors& selectors) : selectors_(selectors) {
  for (const EventSelector& step : selectors.steps) steps_.emplace_back(step);
  for (const EventSelector& exclusion : selectors.exclusions) exclusions_.emplace_back(exclusion);
  if (selectors.between != nullptr) between_.emplace_back(*selectors.between);
}

void FunnelEvents::open(std::size_t run, const LogBlock& block) {
  if (blocks_.size() <= run) blocks_.resize(run + 1);
  OpenBlock& open = blocks_[run];
  open.steps.resize(steps_.size());
  open.exclusions.resize(exclusions_.size());
  if (between_.empty()) {
    open.seen.assign((std::size_t{block.event_count()} + 63) / 64, 0);
  } else {
    between_.front().find(block, open.seen);
  }
  const auto find = [&](BlockMatch& match, Bits& events) {
    match.find(block, events);
    for (std::size_t word = 0; word < events.size(); ++word) open.seen[word] |= events[word];
  };
  for (std::size_t i = 0; i < steps_.size(); ++i) find(steps_[i], open.steps[i]);
  for (std::size_t i = 0; i < exclusions_.size(); ++i) find(exclusions_[i], open.exclusions[i]);
  open.told.clear();
  open.told_values.clear();
  for (const std::uint32_t dimension : selectors_.told) {
    open.told.push_back(block.dimension_planes(dimension));
    open.told_values.push_back(block.dimension_values(dimension));
  }
}

void FunnelEvents::add_part(std::size_t run, const LogBlock::Walk& walk) {
  const OpenBlock& open = blocks_[run];
  const LogBlock::User& user = walk.user();
  const std::uint32_t end = user.begin + user.count;
  bool has_times = false;
  for (std::uint32_t at = user.begin; at < end;) {
    const std::uint32_t word = at / 64;
    std::uint64_t seen = open.seen[word] & ~std::uint64_t{0} << (at % 64);
    const std::uint32_t word_end = std::min(end, 64 * word + 64);
    if (word_end % 64 != 0) seen &= ~(~std::uint64_t{0} << (word_end % 64));
    at = word_end;
    if (seen == 0) continue;
    if (!has_times) {
      times_.resize(user.count);
      walk.times(times_.data());
      has_times = true;
    }
    for (; seen != 0; seen &= seen - 1) {
      const auto bit = static_cast<std::uint32_t>(std::countr_zero(seen));
      const TimeUs time = times_[64 * word + bit - user.begin];
      if (time < selectors_.begin || time >= selectors_.end) continue;
      Seen& added = seen_.emplace_back();
      FunnelEvent& event = added.event;
      event.time = time;
      added.first_value = values_.size();
      for (std::size_t i = 0; i < open.told.size(); ++i) {
        values_.push_back(open.told_values[i][open.told[i].code_of(64 * word + bit)]);
      }
      const auto take = [&](const std::vector<Bits>& all, std::uint32_t& set) {
        for (std::size_t i = 0; i < all.size(); ++i) {
          set |= static_cast<std::uint32_t>(all[i][word] >> bit & 1) << i;
        }
      };
      take(open.steps, event.steps);
      take(open.exclusions, event.exclusions);
    }
  }
}

std::span<const FunnelEvent> FunnelEvents::of_user(UserCursor& cursor) {
  seen_.clear();
  values_.clear();
  std::size_t parts = 0;
  cursor.read_parts([&](std::size_t run, const LogBlock&, const LogBlock::Walk& walk) {
    ++parts;
    add_part(run, walk);
  });
  if (parts > 1) {
    std::ranges::stable_sort(seen_, {}, [](const Seen& seen) { return seen.event.time; });
  }
  events_.clear();
  for (const Seen& seen : seen_) events_.push_back(seen.event);
  return events_;
}

std::span<const FunnelEvent> FunnelEvents::of_user(UserCursor& cursor, unsigned needed) {
  const std::span<const FunnelEvent> events = of_user(cursor);
  const bool has_needed = std::ranges::any_of(
      events, [&](const FunnelEvent& event) { return (event.steps >> needed & 1) != 0; });
  return has_needed ? events : std::span<const FunnelEvent>();
}

}  // namespace rollcall
