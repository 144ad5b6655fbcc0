#include "core/query/sequence/step_events.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

namespace rollcall {

StepEvents::StepEvents(const StepSelectors& selectors, QuestionAccount* account)
    : selectors_(selectors),
      memory_(account),
      pace_(account),
      told_count_(selectors.told.size() + (selectors.tells_names ? 1 : 0)),
      texts_(account) {
  for (const EventSelector& step : selectors.steps) matches_.emplace_back(step);
  for (const EventSelector& exclusion : selectors.exclusions) matches_.emplace_back(exclusion);
  if (selectors.between != nullptr) between_.emplace_back(*selectors.between);
}

void StepEvents::open(std::size_t run, const LogBlock& block) {
  if (blocks_.size() <= run) blocks_.resize(run + 1);
  OpenBlock& open = blocks_[run];
  const std::size_t words = (std::size_t{block.event_count()} + 63) / 64;
  open.is_within = block.first_time() >= selectors_.begin && block.last_time() < selectors_.end;
  if (between_.empty()) {
    open.seen.assign(words, 0);
  } else {
    between_.front().find(block, open.seen);
  }
  open.bits.resize(words * matches_.size());
  for (std::size_t i = 0; i < matches_.size(); ++i) {
    matches_[i].find(block, found_);
    for (std::size_t word = 0; word < words; ++word) {
      open.seen[word] |= found_[word];
      open.bits[word * matches_.size() + i] = found_[word];
    }
  }
  open.told.clear();
  open.told_numbers.clear();
  open.told_texts.clear();
  for (const std::uint32_t property : selectors_.told) open_told(block, property, open);
  if (selectors_.tells_names) {
    open.told.push_back(block.name_planes());
    open.told_numbers.push_back(block.names());
    open.told_texts.emplace_back();
  }
  if (selectors_.tells_amounts) {
    open.amounts.resize(block.event_count());
    block.values(open.amounts);
  }
}

void StepEvents::open_told(const LogBlock& block, std::uint32_t property, OpenBlock& open) {
  if (property < block.dimension_count()) {
    open.told.push_back(block.dimension_planes(property));
    open.told_numbers.push_back(block.dimension_values(property));
    open.told_texts.emplace_back();
    return;
  }
  static constexpr std::string_view kNone[] = {{}};
  const std::size_t kept = property - block.dimension_count();
  const bool is_there = kept < block.property_count();
  open.told.push_back(is_there ? block.property_planes(kept) : CodePlanes());
  open.told_numbers.emplace_back();
  open.told_texts.push_back(is_there ? block.property_values(kept)
                                     : std::span<const std::string_view>(kNone));
}

void StepEvents::add_event(const OpenBlock& open, std::uint32_t event, TimeUs time) {
  const std::uint64_t* const bits = open.bits.data() + event / 64 * matches_.size();
  const std::size_t step_count = selectors_.steps.size();
  StepEvent seen{time, 0, 0};
  for (std::size_t i = 0; i < step_count; ++i) {
    seen.steps |= static_cast<std::uint32_t>(bits[i] >> (event % 64) & 1) << i;
  }
  for (std::size_t i = step_count; i < matches_.size(); ++i) {
    seen.exclusions |= static_cast<std::uint32_t>(bits[i] >> (event % 64) & 1) << (i - step_count);
  }
  if (events_.size() == events_taken_) take_events();
  events_.push_back(seen);
  for (std::size_t i = 0; i < open.told.size(); ++i) {
    const std::uint32_t code = open.told[i].code_of(event);
    const std::span<const std::string_view> texts = open.told_texts[i];
    codes_.push_back(texts.empty() ? open.told_numbers[i][code] : texts_.number_of(texts[code]));
  }
  if (selectors_.tells_amounts) amounts_.push_back(open.amounts[event]);
}

void StepEvents::add_part(std::size_t run, const LogBlock::Walk& walk) {
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
      take_times(user.count);
      walk.times(times_.data());
      has_times = true;
    }
    for (; seen != 0; seen &= seen - 1) {
      const std::uint32_t event = 64 * word + static_cast<std::uint32_t>(std::countr_zero(seen));
      const TimeUs time = times_[event - user.begin];
      if (time >= selectors_.begin && time < selectors_.end) add_event(open, event, time);
    }
  }
}

// Parts of several runs overlap, and each of them is in order.
void StepEvents::sort() {
  if (std::ranges::is_sorted(events_, {}, &StepEvent::time)) return;
  if (codes_.empty() && amounts_.empty()) {
    std::ranges::stable_sort(events_, {}, &StepEvent::time);
    return;
  }
  std::vector<std::size_t> order(events_.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, {}, [&](std::size_t place) { return events_[place].time; });
  std::vector<StepEvent> events;
  std::vector<std::uint32_t> codes;
  std::vector<Amount> amounts;
  for (const std::size_t place : order) {
    events.push_back(events_[place]);
    const auto first = codes_.begin() + static_cast<std::ptrdiff_t>(place * told_count_);
    codes.insert(codes.end(), first, first + static_cast<std::ptrdiff_t>(told_count_));
    if (selectors_.tells_amounts) amounts.push_back(amounts_[place]);
  }
  events_ = std::move(events);
  codes_ = std::move(codes);
  amounts_ = std::move(amounts);
}

// Returns whether some event of the part is one that matches_[match] finds.
bool StepEvents::has_match(const Part& part, std::size_t match) const {
  const OpenBlock& open = blocks_[part.run];
  const LogBlock::User& user = part.walk.user();
  const std::uint32_t last = user.begin + user.count - 1;
  for (std::uint32_t word = user.begin / 64; word <= last / 64; ++word) {
    std::uint64_t bits = open.bits[word * matches_.size() + match];
    if (word == user.begin / 64) bits &= ~std::uint64_t{0} << (user.begin % 64);
    if (word == last / 64) bits &= ~std::uint64_t{0} >> (63 - last % 64);
    if (bits != 0) return true;
  }
  return false;
}

// A part that ends its block may go on in the next one of the run, which then takes the place of
// what is known of this one. So it is read at once.
void StepEvents::take_events() {
  // Vectors grow by doubling, and sorting takes a second copy.
  const std::size_t event_bytes = 4 * (sizeof(StepEvent) + told_count_ * sizeof(std::uint32_t) +
                                       (selectors_.tells_amounts ? sizeof(Amount) : 0));
  constexpr std::size_t kEventsAtOnce = 4'096;
  memory_.take(kEventsAtOnce * event_bytes, QuestionNeed::kHistory);
  events_taken_ += kEventsAtOnce;
}

void StepEvents::take_times(std::size_t count) {
  if (count <= times_.size()) return;
  memory_.take((count - times_.size()) * sizeof(TimeUs), QuestionNeed::kHistory);
  times_.resize(count);
}

void StepEvents::read_parts(UserCursor& cursor) {
  events_.clear();
  codes_.clear();
  amounts_.clear();
  texts_.clear();
  parts_.clear();
  part_count_ = 0;
  read_matches_ = 0;
  are_within_ = true;
  cursor.read_parts([&](std::size_t run, const LogBlock& block, const LogBlock::Walk& walk) {
    ++part_count_;
    pace_.step();
    are_within_ = are_within_ && blocks_[run].is_within;
    const LogBlock::User& user = walk.user();
    if (user.begin + user.count < block.event_count()) {
      parts_.push_back({run, walk});
      return;
    }
    for (std::size_t i = 0; i < matches_.size(); ++i) {
      if (has_match({run, walk}, i)) read_matches_ |= std::uint64_t{1} << i;
    }
    add_part(run, walk);
  });
}

bool StepEvents::any_has(std::size_t match) const {
  return (read_matches_ >> match & 1) != 0 ||
         std::ranges::any_of(parts_, [&](const Part& part) { return has_match(part, match); });
}

std::span<const StepEvent> StepEvents::add_parts() {
  for (const Part& part : parts_) add_part(part.run, part.walk);
  if (part_count_ > 1) sort();
  return events_;
}

std::span<const StepEvent> StepEvents::of_user(UserCursor& cursor) {
  read_parts(cursor);
  return add_parts();
}

std::span<const StepEvent> StepEvents::from_first_step(UserCursor& cursor, bool times_matter) {
  read_parts(cursor);
  if (!any_has(0)) return {};
  bool has_exclusions = false;
  for (std::size_t i = selectors_.steps.size(); i < matches_.size(); ++i) {
    has_exclusions = has_exclusions || any_has(i);
  }
  if (!times_matter && !has_exclusions && are_within_ && !any_has(1)) {
    events_.assign(1, {selectors_.begin, 1, 0});
    return events_;
  }
  const std::span<const StepEvent> events = add_parts();
  const bool opens =
      std::ranges::any_of(events, [](const StepEvent& event) { return (event.steps & 1) != 0; });
  return opens ? events : std::span<const StepEvent>();
}

}  // namespace rollcall
