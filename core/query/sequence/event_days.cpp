#include "core/query/sequence/event_days.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "core/query/sequence/step_events.h"
#include "core/query/sets/set_users.h"

namespace rollcall {
EventDays::EventDays(const ChunkSource& chunk, const EventSeries& series, const Scope& scope,
                     QuestionAccount* account)
    : chunk_(chunk), series_(series), scope_(scope), account_(account), memory_(account) {}

BitSpan EventDays::presence(SeriesId series, Day day, std::uint64_t* scratch) const {
  if (!EventSeries::is_one(series)) return chunk_.presence(series, day, scratch);
  const DayUsers& users = users_of(series, day);
  if (users.places.empty()) return {};
  std::fill_n(scratch, word_count(), std::uint64_t{0});
  for (const std::uint32_t place : users.places) {
    scratch[place / 64] |= std::uint64_t{1} << (place % 64);
  }
  return {scratch, word_count()};
}

std::span<const UserAmount> EventDays::amounts(SeriesId series, Day day) const {
  if (!EventSeries::is_one(series)) return chunk_.amounts(series, day);
  return users_of(series, day).amounts;
}

std::uint64_t EventDays::event_count(SeriesId series, Day day, BitSpan users) const {
  const DayUsers& all = users_of(series, day);
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < all.places.size(); ++i) {
    if (has_user(users, all.places[i])) count += all.counts[i];
  }
  return count;
}

BitSpan EventDays::users_with(SeriesId series, DayRange days, EventBounds bounds,
                              std::uint64_t* scratch) const {
  if (sums_.empty()) {
    memory_.take(word_count() * 64 * sizeof(std::uint32_t), QuestionNeed::kHistory);
    sums_.assign(word_count() * 64, 0);
  }
  for (Day day = days.first; day <= days.last; day = day + 1) {
    const DayUsers& users = users_of(series, day);
    for (std::size_t i = 0; i < users.places.size(); ++i) {
      std::uint32_t& sum = sums_[users.places[i]];
      // A sum stops at the largest number, which is more than any question asks for.
      sum += std::min(users.counts[i], std::numeric_limits<std::uint32_t>::max() - sum);
    }
  }
  std::fill_n(scratch, word_count(), std::uint64_t{0});
  bool has_any = false;
  for (Day day = days.first; day <= days.last; day = day + 1) {
    for (const std::uint32_t place : users_of(series, day).places) {
      const std::uint32_t sum = std::exchange(sums_[place], 0);
      // A user of several days has a sum on the first of them only.
      if (sum == 0 || sum < bounds.least || sum > bounds.most) continue;
      scratch[place / 64] |= std::uint64_t{1} << (place % 64);
      has_any = true;
    }
  }
  return has_any ? BitSpan{scratch, word_count()} : BitSpan{};
}

const EventDays::DayUsers& EventDays::users_of(SeriesId series, Day day) const {
  static const DayUsers kNobody;
  if (!scope_.days.contains(day)) return kNobody;
  if (!is_read_) read();
  return days_[EventSeries::number_of(series)][static_cast<std::size_t>(day - scope_.days.first)];
}

void EventDays::read() const {
  const std::size_t count = series_.selectors().size();
  const auto days = static_cast<std::size_t>(scope_.days.size());
  memory_.take(count * days * sizeof(DayUsers), QuestionNeed::kHistory);
  days_.assign(count, std::vector<DayUsers>(days));
  for (std::size_t first = 0; first < count; first += kStepsMax) read_pass(first);
  is_read_ = true;
}

// Reads the history for as many series as one reading can tell apart, from `first` on.
void EventDays::read_pass(std::size_t first) const {
  const std::vector<EventSelector>& all = series_.selectors();
  const std::size_t count = std::min<std::size_t>(all.size() - first, kStepsMax);
  StepSelectors selectors;
  const auto begin = all.begin() + static_cast<std::ptrdiff_t>(first);
  selectors.steps.assign(begin, begin + static_cast<std::ptrdiff_t>(count));
  selectors.begin = scope_.begin;
  selectors.end = std::min(scope_.axis.start_of(scope_.days.last + 1), scope_.end);
  selectors.tells_amounts = scope_.tells_amounts;
  StepEvents seen(selectors, account_);
  QuestionPace pace(account_);
  UserCursor cursor =
      chunk_.history([&](std::size_t run, const LogBlock& block) { seen.open(run, block); });
  const std::uint32_t first_place = chunk_.first_ordinal();
  const std::size_t place_count = word_count() * 64;
  for (bool is_there = cursor.seek(first_place); is_there; is_there = cursor.next()) {
    const std::uint32_t place = cursor.ordinal() - first_place;
    if (place >= place_count) break;
    pace.step();
    const std::span<const StepEvent> events = seen.of_user(cursor);
    // These are the day of the event before, and its instants.
    Day day{0};
    TimeUs day_begin = 0, day_end = 0;
    for (std::size_t i = 0; i < events.size(); ++i) {
      const StepEvent& event = events[i];
      if (event.time < day_begin || event.time >= day_end) {
        day = scope_.axis.day_of(event.time);
        day_begin = scope_.axis.start_of(day);
        day_end = scope_.axis.start_of(day + 1);
        day = std::max(day, scope_.days.first);
      }
      const auto number = static_cast<std::size_t>(day - scope_.days.first);
      for (std::uint32_t rest = event.steps; rest != 0; rest &= rest - 1) {
        const auto step = static_cast<std::size_t>(std::countr_zero(rest));
        add(days_[first + step][number], place, scope_.tells_amounts ? seen.amount_of(i) : 0);
      }
    }
  }
}

void EventDays::add(DayUsers& users, std::uint32_t place, Amount amount) const {
  if (users.places.empty() || users.places.back() != place) {
    if (users.places.size() == users.places.capacity()) {
      constexpr std::size_t kFirstUsers = 16;
      const std::size_t more = std::max(users.places.size(), kFirstUsers);
      const std::size_t user_bytes =
          sizeof(std::uint32_t) + (scope_.tells_amounts ? sizeof(std::uint32_t) : 0);
      memory_.take(more * user_bytes, QuestionNeed::kHistory);
      users.places.reserve(users.places.size() + more);
    }
    users.places.push_back(place);
    if (scope_.tells_amounts) users.counts.push_back(0);
  }
  if (!scope_.tells_amounts) return;
  ++users.counts.back();
  if (amount == 0) return;
  if (!users.amounts.empty() && users.amounts.back().place == place) {
    Amount sum = 0;
    if (!__builtin_add_overflow(users.amounts.back().amount, amount, &sum)) {
      users.amounts.back().amount = sum;
      return;
    }
  }
  take_for(memory_, users.amounts, 1, QuestionNeed::kHistory);
  users.amounts.push_back({static_cast<std::uint16_t>(place), amount});
}

}  // namespace rollcall
