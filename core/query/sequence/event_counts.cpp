#include "core/query/sequence/event_counts.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "core/base/assert.h"

namespace rollcall {
namespace {

// Counts the bits from `begin` to before `end`.
std::uint64_t ones_between(const std::vector<std::uint64_t>& words, std::uint32_t begin,
                           std::uint32_t end) {
  std::uint64_t count = 0;
  for (std::uint32_t at = begin; at < end;) {
    const std::uint32_t stop = std::min(end, (at / 64 + 1) * 64);
    std::uint64_t bits = words[at / 64] >> (at % 64);
    if (stop - at < 64) bits &= (std::uint64_t{1} << (stop - at)) - 1;
    count += static_cast<std::uint64_t>(std::popcount(bits));
    at = stop;
  }
  return count;
}

}  // namespace

EventCounts::EventCounts(const EventSelector& selector, std::vector<TimeUs> instants,
                         bool counts_valued, QuestionAccount* account)
    : instants_(std::move(instants)),
      means_all_(selector == EventSelector()),
      counts_valued_(counts_valued),
      pace_(account),
      match_(selector),
      counts_(instants_.size() - 1),
      valued_(counts_valued ? instants_.size() - 1 : 0) {
  ROLLCALL_ASSERT(instants_.size() >= 2);
}

void EventCounts::open(std::size_t run, const LogBlock& block) {
  if (blocks_.size() <= run) blocks_.resize(run + 1);
  OpenBlock& open = blocks_[run];
  if (block.last_time() < instants_.front() || block.first_time() >= instants_.back()) {
    open.range = kOutside;
    return;
  }
  // The range whose beginning is the last not after the first event.
  const auto next = std::ranges::upper_bound(instants_, block.first_time());
  const bool is_within =
      next != instants_.begin() && next != instants_.end() && block.last_time() < *next;
  open.range =
      is_within ? static_cast<std::size_t>(next - instants_.begin()) - 1 : std::size_t{kDivided};
  if (!means_all_ || counts_valued_) match_.find(block, open.events);
  if (!counts_valued_) return;
  open.valued.assign(open.events.size(), 0);
  if (!block.has_values()) return;
  amounts_.resize(block.event_count());
  block.values(amounts_);
  for (std::size_t event = 0; event < amounts_.size(); ++event) {
    if (amounts_[event] != 0) open.valued[event / 64] |= std::uint64_t{1} << (event % 64);
  }
  for (std::size_t word = 0; word < open.events.size(); ++word) {
    open.valued[word] &= open.events[word];
  }
}

std::span<const std::uint64_t> EventCounts::of_user(UserCursor& cursor, std::size_t at_least) {
  std::ranges::fill(counts_, 0);
  std::ranges::fill(valued_, 0);
  parts_.clear();
  std::uint64_t most = 0;
  cursor.read_parts([&](std::size_t run, const LogBlock& block, const LogBlock::Walk& walk) {
    pace_.step();
    const OpenBlock& open = blocks_[run];
    if (open.range == kOutside) return;
    const LogBlock::User& user = walk.user();
    const std::uint32_t end = user.begin + user.count;
    if (open.range != kDivided) {
      add(open, open.range, user.begin, end);
      return;
    }
    const std::uint64_t count = meant(open, user.begin, end);
    if (count == 0) return;
    most += count;
    parts_.push_back({run, user, LogBlock::Times(walk)});
    // The next part of the run may be in the next block, which then takes the place of what is
    // known of this one.
    if (end < block.event_count()) return;
    most -= count;
    add_divided(parts_.back());
    parts_.pop_back();
  });
  for (const std::uint64_t count : counts_) most += count;
  if (most < at_least) {
    std::ranges::fill(counts_, 0);
    std::ranges::fill(valued_, 0);
    return counts_;
  }
  for (Part& part : parts_) add_divided(part);
  return counts_;
}

std::uint64_t EventCounts::meant(const OpenBlock& block, std::uint32_t begin,
                                 std::uint32_t end) const {
  return means_all_ ? end - begin : ones_between(block.events, begin, end);
}

void EventCounts::add(const OpenBlock& block, std::size_t range, std::uint32_t begin,
                      std::uint32_t end) {
  if (begin == end) return;
  counts_[range] += meant(block, begin, end);
  if (counts_valued_) valued_[range] += ones_between(block.valued, begin, end);
}

// The times ascend, so that those in a range are a stretch.
void EventCounts::add_divided(Part& part) {
  const LogBlock::User& user = part.user;
  if (times_.size() < user.count) times_.resize(user.count);
  part.times.read(user.count, times_.data());
  const auto first = times_.begin();
  const auto last = first + user.count;
  auto at = std::lower_bound(first, last, instants_.front());
  for (std::size_t range = 0; range < counts_.size(); ++range) {
    const auto end = std::lower_bound(at, last, instants_[range + 1]);
    add(blocks_[part.run], range, user.begin + static_cast<std::uint32_t>(at - first),
        user.begin + static_cast<std::uint32_t>(end - first));
    at = end;
  }
}

}  // namespace rollcall
