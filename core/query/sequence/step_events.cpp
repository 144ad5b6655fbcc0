#include "core/query/sequence/step_events.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

namespace rollcall {
namespace {

// Returns the first bit from `from` to before `end` that is set, or `end`. Word w is
// words[w * stride].
std::uint32_t next_bit(const std::uint64_t* words, std::size_t stride, std::uint32_t from,
                       std::uint32_t end) {
  if (from >= end) return end;
  std::uint64_t mask = ~std::uint64_t{0} << (from % 64);
  for (std::uint32_t word = from / 64; 64 * word < end; ++word) {
    const std::uint64_t bits = words[word * stride] & mask;
    if (bits != 0) return std::min(end, 64 * word + static_cast<unsigned>(std::countr_zero(bits)));
    mask = ~std::uint64_t{0};
  }
  return end;
}

}  // namespace

StepEvents::StepEvents(const StepSelectors& selectors, QuestionAccount* account)
    : selectors_(selectors),
      memory_(account),
      pace_(account),
      told_count_(selectors.told.size() + (selectors.tells_names ? 1 : 0)),
      tells_(told_count_ != 0 || selectors.tells_amounts),
      texts_(account),
      times_(kStretchEvents) {
  for (const EventSelector& step : selectors.steps) matches_.emplace_back(step);
  for (const EventSelector& exclusion : selectors.exclusions) matches_.emplace_back(exclusion);
  if (selectors.between != nullptr) between_.emplace_back(*selectors.between);
}

void StepEvents::open(std::size_t run, const LogBlock& block) {
  if (blocks_.size() <= run) blocks_.resize(run + 1);
  OpenBlock& open = blocks_[run];
  const std::size_t words = (std::size_t{block.event_count()} + 63) / 64;
  open.last_time = block.last_time();
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

TimeUs StepEvents::add_events(Part& part, std::uint32_t count_max) {
  const OpenBlock& open = blocks_[part.run];
  const std::uint32_t first = part.user.begin + part.user.count - part.times.left();
  const std::uint32_t count = std::min(count_max, part.times.left());
  const std::uint32_t end = first + count;
  part.times.read(count, times_.data());
  if (events_.size() + count > events_taken_) take_events();
  const std::size_t match_count = matches_.size(), step_count = selectors_.steps.size();
  if (events_.capacity() < events_.size() + count) {
    events_.reserve(std::max(2 * events_.capacity(), events_.size() + count));
  }
  for (std::uint32_t at = first; at < end;) {
    const std::uint32_t word = at / 64;
    const std::uint64_t* const bits = open.bits.data() + word * match_count;
    std::uint64_t seen = open.seen[word] & ~std::uint64_t{0} << (at % 64);
    const std::uint32_t word_end = std::min(end, 64 * word + 64);
    if (word_end % 64 != 0) seen &= ~(~std::uint64_t{0} << (word_end % 64));
    at = word_end;
    for (; seen != 0; seen &= seen - 1) {
      const auto bit = static_cast<unsigned>(std::countr_zero(seen));
      const std::uint32_t event = 64 * word + bit;
      const TimeUs time = times_[event - first];
      if (time < selectors_.begin || time >= selectors_.end) continue;
      std::uint64_t matches = 0;
      for (std::size_t i = 0; i < match_count; ++i) matches |= (bits[i] >> bit & 1) << i;
      const std::uint64_t steps = matches & ~(~std::uint64_t{0} << step_count);
      events_.push_back({time, static_cast<std::uint32_t>(steps),
                         static_cast<std::uint32_t>(matches >> step_count)});
      if (tells_) tell(open, event);
    }
  }
  return times_[count - 1];
}

void StepEvents::tell(const OpenBlock& open, std::uint32_t event) {
  for (std::size_t i = 0; i < open.told.size(); ++i) {
    const std::uint32_t code = open.told[i].code_of(event);
    const std::span<const std::string_view> texts = open.told_texts[i];
    codes_.push_back(texts.empty() ? open.told_numbers[i][code] : texts_.number_of(texts[code]));
  }
  if (selectors_.tells_amounts) amounts_.push_back(open.amounts[event]);
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

// Returns the first event of the part, at `from` or later, that matches_[match] finds; its end if
// there is none.
std::uint32_t StepEvents::next_match(const Part& part, std::size_t match,
                                     std::uint32_t from) const {
  return next_bit(blocks_[part.run].bits.data() + match, matches_.size(), from,
                  part.user.begin + part.user.count);
}

// Adds what is seen of the rest of a part. Where that is nothing, no time is read.
void StepEvents::add_rest(Part& part) {
  const std::uint32_t end = part.user.begin + part.user.count;
  const std::uint32_t next = end - part.times.left();
  if (next_bit(blocks_[part.run].seen.data(), 1, next, end) == end) return;
  while (part.times.left() > 0) add_events(part, kStretchEvents);
}

bool StepEvents::has_match(const Part& part, std::size_t match) const {
  return next_match(part, match, part.user.begin) != part.user.begin + part.user.count;
}

unsigned StepEvents::steps_in_order(const Part& part) const {
  const std::uint32_t end = part.user.begin + part.user.count;
  unsigned made = 0;
  for (std::uint32_t at = part.user.begin; made < selectors_.steps.size(); ++made) {
    at = next_match(part, made, at) + 1;
    if (at > end) break;
  }
  return made;
}

void StepEvents::take_events() {
  // Vectors grow by doubling, and sorting takes a second copy.
  const std::size_t event_bytes = 4 * (sizeof(StepEvent) + told_count_ * sizeof(std::uint32_t) +
                                       (selectors_.tells_amounts ? sizeof(Amount) : 0));
  constexpr std::size_t kEventsAtOnce = 4'096;
  memory_.take(kEventsAtOnce * event_bytes, QuestionNeed::kHistory);
  events_taken_ += kEventsAtOnce;
}

// A part that ends its block may go on in the next one of the run, which then takes the place of
// what is known of this one. So it is read at once.
void StepEvents::read_parts(UserCursor& cursor, bool leaves_out_unseen) {
  events_.clear();
  codes_.clear();
  amounts_.clear();
  texts_.clear();
  parts_.clear();
  part_count_ = 0;
  read_matches_ = 0;
  are_within_ = true;
  next_part_ = 0;
  are_all_read_ = false;
  cursor.read_parts([&](std::size_t run, const LogBlock& block, const LogBlock::Walk& walk) {
    pace_.step();
    const LogBlock::User& user = walk.user();
    const std::uint32_t end = user.begin + user.count;
    if (leaves_out_unseen && next_bit(blocks_[run].seen.data(), 1, user.begin, end) == end) return;
    ++part_count_;
    are_within_ = are_within_ && blocks_[run].is_within;
    Part part{run, user, walk.first_time(), walk.may_have_ties(), LogBlock::Times(walk)};
    if (end < block.event_count()) {
      parts_.push_back(part);
      return;
    }
    for (std::size_t i = 0; i < matches_.size(); ++i) {
      if (has_match(part, i)) read_matches_ |= std::uint64_t{1} << i;
    }
    add_rest(part);
  });
}

bool StepEvents::any_has(std::size_t match) const {
  return (read_matches_ >> match & 1) != 0 ||
         std::ranges::any_of(parts_, [&](const Part& part) { return has_match(part, match); });
}

std::span<const StepEvent> StepEvents::add_parts() {
  for (Part& part : parts_) add_rest(part);
  if (part_count_ > 1) sort();
  return events_;
}

std::size_t StepEvents::seen_count(const Part& part) const {
  const std::uint32_t end = part.user.begin + part.user.count;
  const std::vector<std::uint64_t>& seen = blocks_[part.run].seen;
  std::size_t count = 0;
  for (std::uint32_t at = part.user.begin; at < end;) {
    const std::uint32_t word_end = std::min(end, at / 64 * 64 + 64);
    const std::uint64_t bits = seen[at / 64] >> (at % 64) << (64 - (word_end - at));
    count += static_cast<std::size_t>(std::popcount(bits));
    at = word_end;
  }
  return count;
}

std::span<const StepEvent> StepEvents::of_user(UserCursor& cursor, std::size_t at_least) {
  read_parts(cursor, /*leaves_out_unseen=*/true);
  std::size_t most = events_.size();
  for (std::size_t i = 0; i < parts_.size() && most < at_least; ++i) most += seen_count(parts_[i]);
  if (most < at_least) return {};
  return add_parts();
}

std::span<const StepEvent> StepEvents::from_first_step(UserCursor& cursor) {
  read_parts(cursor, /*leaves_out_unseen=*/true);
  if (!any_has(0)) return {};
  const std::span<const StepEvent> events = add_parts();
  const bool opens =
      std::ranges::any_of(events, [](const StepEvent& event) { return (event.steps & 1) != 0; });
  return opens ? events : std::span<const StepEvent>();
}

void StepEvents::begin(UserCursor& cursor) {
  read_parts(cursor, /*leaves_out_unseen=*/false);
  if (parts_.size() > 1) std::ranges::sort(parts_, {}, &Part::first_time);
}

bool StepEvents::read_bits(StepBits& bits) {
  // A part that ends its block has been read already, so that its bits may be gone.
  if (!are_within_ || parts_.size() != part_count_) return false;
  for (std::size_t i = selectors_.steps.size(); i < matches_.size(); ++i) {
    if (any_has(i)) return false;
  }
  std::uint32_t event_count = 0;
  for (const Part& part : parts_) {
    if (part.may_have_ties) return false;
    event_count += part.user.count;
  }
  if (event_count > bits_taken_) {
    const std::size_t event_bytes = 2 * (sizeof(TimeUs) + (selectors_.steps.size() + 7) / 8);
    memory_.take((event_count - bits_taken_) * event_bytes, QuestionNeed::kHistory);
    bits_taken_ = event_count;
  }
  bits.begin(event_count);
  std::uint32_t appended = 0;
  TimeUs last_time = 0;  // no event that was appended is later
  for (const Part& part : parts_) {
    // Runs are mostly of one time after the other, so that their blocks tell.
    if (appended > 0 && last_time >= part.first_time &&
        bits.time(appended - 1) >= part.first_time) {
      return false;
    }
    const OpenBlock& open = blocks_[part.run];
    bits.append(open.bits.data(), matches_.size(), part.user.begin, part.user.count, part.times);
    appended += part.user.count;
    last_time = open.last_time;
  }
  return true;
}

StepEvents::Outlook StepEvents::outlook(bool in_any_order) const {
  const auto step_count = static_cast<unsigned>(selectors_.steps.size());
  Outlook outlook;
  outlook.are_within = are_within_;
  for (std::size_t i = step_count; i < matches_.size(); ++i) {
    outlook.has_exclusions = outlook.has_exclusions || any_has(i);
  }
  if (in_any_order) {
    for (unsigned step = 0; step < step_count; ++step) {
      outlook.most_steps += any_has(step) ? 1U : 0U;
    }
  } else if (part_count_ == 1 && parts_.size() == 1 && !parts_.front().may_have_ties) {
    outlook.most_steps = steps_in_order(parts_.front());
  } else {
    while (outlook.most_steps < step_count && any_has(outlook.most_steps)) ++outlook.most_steps;
  }
  return outlook;
}

StepEvents::Stretch StepEvents::read_stretch(std::uint32_t events_max) {
  if (are_all_read_) return Stretch::kNone;
  pace_.step();
  const std::size_t read_before = events_.size();
  // A part that ends its block has been read already, whatever the order.
  bool in_order = parts_.size() == part_count_;
  while (in_order && next_part_ < parts_.size() && events_.size() == read_before) {
    Part& part = parts_[next_part_];
    const TimeUs last_time = add_events(part, events_max);
    in_order = next_part_ + 1 == parts_.size() || last_time < parts_[next_part_ + 1].first_time;
    if (part.times.left() == 0) ++next_part_;
  }
  if (in_order && events_.size() != read_before) return Stretch::kMore;
  are_all_read_ = true;
  if (in_order) return Stretch::kNone;
  return add_parts().empty() ? Stretch::kNone : Stretch::kAnew;
}

}  // namespace rollcall
