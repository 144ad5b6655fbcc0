#include "core/query/sets/chunk_sets.h"

#include <algorithm>
#include <limits>

#include "core/base/assert.h"
#include "core/pages/kept_unions.h"
#include "kernels/kernel_table.h"

namespace rollcall {
namespace {

// The first and last days of a chunk take as many bytes as this many bitsets.
constexpr std::int32_t kBoundsDays = 64;

DayRange intersection(DayRange a, DayRange b) {
  return {std::max(a.first, b.first), std::min(a.last, b.last)};
}

const kernels::KernelTable& active_kernels() {
  const kernels::KernelTable* table = kernels::active_table();
  ROLLCALL_ASSERT(table != nullptr);  // an engine without kernels does not open
  return *table;
}

}  // namespace

// ---- MutableSet ----

void MutableSet::assign(BitSpan set) {
  std::copy_n(set.words, set.word_count, words_);
  used_ = set.word_count;
}

void MutableSet::assign_union(std::span<const BitSpan> sets) {
  used_ = 0;
  for (const BitSpan set : sets) used_ = std::max(used_, set.word_count);
  kernels_->unite(sets.data(), sets.size(), words_, used_);
}

void MutableSet::add(BitSpan set) {
  const std::size_t both = std::min(used_, set.word_count);
  kernels_->or_into(words_, set.words, both);
  if (set.word_count > used_) {
    std::copy(set.words + used_, set.words + set.word_count, words_ + used_);
    used_ = set.word_count;
  }
}

void MutableSet::keep(BitSpan set) {
  used_ = std::min(used_, set.word_count);
  kernels_->and_into(words_, set.words, used_);
}

void MutableSet::remove(BitSpan set) {
  kernels_->andnot_into(words_, set.words, std::min(used_, set.word_count));
}

// ---- LongUnion ----

LongUnion::LongUnion(const SeriesUnion& events, DayRange days) : events_(events), days_(days) {
  if (events.has_bounds && days.size() >= kRunDaysMin) source_ = Source::kUnion;
}

LongUnion LongUnion::over(const SeriesUnion& events, DayRange days, const Timeframe& timeframe) {
  return {events, intersection(timeframe.data, days)};
}

LongUnion LongUnion::before(const SeriesUnion& events, Day day, const Timeframe& timeframe) {
  LongUnion result(events, intersection(timeframe.data, {kDayMin, day - 1}));
  if (events.has_bounds && result.days_.size() > kBoundsDays) result.source_ = Source::kFirstDay;
  return result;
}

LongUnion LongUnion::since(const SeriesUnion& events, Day day, const Timeframe& timeframe) {
  LongUnion result(events, intersection(timeframe.data, {day, kDayMax}));
  if (prefers_last_days(events, result.days_, timeframe)) result.source_ = Source::kLastDay;
  return result;
}

void LongUnion::add_reads(ReadSet& reads) const {
  if (days_.empty()) return;
  if (source_ == Source::kPresence) {
    reads.presence.push_back({events_.series, days_});
  } else if (source_ == Source::kUnion) {
    reads.unions.push_back({events_.series, days_});
  } else {
    reads.bounds.push_back({events_.series});
  }
}

bool prefers_last_days(const SeriesUnion& events, DayRange days, const Timeframe& timeframe) {
  return events.has_bounds && timeframe.knows_all && days.size() > kBoundsDays;
}

// ---- ChunkSets ----

ChunkSets::ChunkSets(const ChunkSource& chunk, SetArena& arena, DayRange data)
    : chunk_(chunk),
      arena_(arena),
      data_(data),
      kernels_(active_kernels()),
      scratch_(arena.take()) {}

BitSpan ChunkSets::active(const SeriesUnion& events, DayRange days) {
  const std::size_t mark = arena_.mark();
  MutableSet result = make_set();
  find(events.series, intersection(days, data_));
  return unite_found(mark, result);
}

BitSpan ChunkSets::unite(const SeriesUnion& events, DayRange days) {
  const std::size_t mark = arena_.mark();
  MutableSet result = make_set();
  for (const SeriesId series : events.series) {
    const ChunkSource::Union parts = chunk_.unite(series, days);
    for (const BitSpan set : parts.sets) {
      if (!set.empty()) found_.push_back(set);
    }
    find({&series, 1}, parts.rest);
  }
  return unite_found(mark, result);
}

void ChunkSets::find(std::span<const SeriesId> series, DayRange days) {
  std::uint64_t* buffer = nullptr;  // for the next set that has to be expanded
  for (const SeriesId id : series) {
    for (Day day = days.first; day <= days.last; day = day + 1) {
      if (buffer == nullptr) buffer = arena_.take();
      const BitSpan set = chunk_.presence(id, day, buffer);
      if (set.empty()) continue;
      found_.push_back(set);
      if (set.words == buffer) {
        has_expanded_ = true;
        buffer = nullptr;
      }
    }
  }
}

BitSpan ChunkSets::unite_found(std::size_t mark, MutableSet& result) {
  BitSpan united;
  if (found_.size() == 1 && !has_expanded_ && !limit_) {
    united = found_.front();
    arena_.give_back_to(mark);
  } else if (found_.empty()) {
    arena_.give_back_to(mark);
  } else {
    result.assign_union(found_);
    if (limit_) result.keep(*limit_);
    united = result.span();
    arena_.give_back_to(mark + 1);
  }
  found_.clear();
  has_expanded_ = false;
  return united;
}

std::vector<BitSpan> ChunkSets::active_by_period(const SeriesUnion& events,
                                                 const Calendar& calendar, std::int32_t first,
                                                 std::int32_t last) {
  std::vector<BitSpan> sets;
  for (std::int32_t period = first; period <= last; ++period) {
    sets.push_back(active(events, calendar.days(period)));
  }
  return sets;
}

template <class ColumnOf>
BitSpan ChunkSets::in_range(const SeriesUnion& events, DayRange days, ColumnOf column_of) {
  MutableSet result = make_set();
  for (const SeriesId series : events.series) {
    const ChunkSource::Bounds bounds = chunk_.bounds(series);
    kernels_.in_range_bits(column_of(bounds), days.first.value, days.last.value, scratch_,
                           bounds.size / 64);
    result.add({scratch_, bounds.size / 64});
  }
  if (limit_) result.keep(*limit_);
  return result.span();
}

BitSpan ChunkSets::with_first_day_in(const SeriesUnion& events, DayRange days) {
  return in_range(events, days, [](const ChunkSource::Bounds& bounds) { return bounds.first; });
}

BitSpan ChunkSets::with_last_day_in(const SeriesUnion& events, DayRange days) {
  return in_range(events, days, [](const ChunkSource::Bounds& bounds) { return bounds.last; });
}

BitSpan ChunkSets::active(const LongUnion& events) {
  if (events.days_.empty()) return {};
  switch (events.source_) {
    case LongUnion::Source::kPresence:
      return active(events.events_, events.days_);
    case LongUnion::Source::kUnion:
      return unite(events.events_, events.days_);
    case LongUnion::Source::kFirstDay:
      return with_first_day_in(events.events_, events.days_);
    case LongUnion::Source::kLastDay:
      break;
  }
  return with_last_day_in(events.events_, events.days_);
}

AmountSum ChunkSets::amount(const std::vector<SeriesId>& events, DayRange days,
                            BitSpan users) const {
  const DayRange read = intersection(days, data_);
  AmountSum sum = 0;
  if (users.empty()) return sum;
  for (Day day = read.first; day <= read.last; day = day + 1) {
    for (const SeriesId series : events) {
      sum += sum_of(chunk_.amounts(series, day), users);
    }
  }
  return sum;
}

std::uint64_t ChunkSets::event_count(SeriesId series, DayRange days, BitSpan users) const {
  const DayRange read = intersection(days, data_);
  std::uint64_t count = 0;
  for (Day day = read.first; day <= read.last; day = day + 1) {
    count += chunk_.event_count(series, day, users);
  }
  return count;
}

BitSpan ChunkSets::active_with(SeriesId series, DayRange days, ChunkSource::EventBounds bounds) {
  const BitSpan found = chunk_.users_with(series, intersection(days, data_), bounds, scratch_);
  if (found.empty()) return {};
  MutableSet result = make_set();
  result.assign(found);
  if (limit_) result.keep(*limit_);
  return result.span();
}

BitSpan ChunkSets::listed(const UserList& list) {
  MutableSet result = make_set();
  result.assign(chunk_.listed(list, scratch_));
  if (limit_) result.keep(*limit_);
  return result.span();
}

BitSpan ChunkSets::in_audience(const AudienceRead& read) {
  MutableSet result = make_set();
  result.assign(chunk_.in_audience(read, scratch_));
  if (limit_) result.keep(*limit_);
  return result.span();
}

void ChunkSets::unite_with_later(std::vector<BitSpan>& sets, BitSpan tail) {
  BitSpan later = tail;
  for (auto set = sets.rbegin(); set != sets.rend(); ++set) {
    if (set->empty()) {
      *set = later;
    } else if (!later.empty()) {
      MutableSet both = make_set();
      both.assign(*set);
      both.add(later);
      *set = both.span();
    }
    later = *set;
  }
}

// ---- SlidingUnion ----

SlidingUnion::SlidingUnion(ChunkSets& sets, std::size_t window, std::size_t push_count)
    : window_(window), prefix_(sets.make_set()), both_(sets.make_set()) {
  // Without a second block, nobody needs the suffixes of the first.
  if (push_count <= window) return;
  for (std::size_t i = 0; i < window; ++i) slots_.push_back(sets.make_set());
}

void SlidingUnion::push(BitSpan set) {
  if (pushed_ == window_) {
    for (std::size_t i = window_ - 1; i > 0; --i) slots_[i - 1].add(slots_[i].span());
    prefix_.clear();
    pushed_ = 0;
    has_last_block_ = true;
  }
  // The suffix that stood here belongs to a window that is over.
  if (!slots_.empty()) slots_[pushed_].assign(set);
  prefix_.add(set);
  ++pushed_;
}

BitSpan SlidingUnion::value() {
  if (!has_last_block_ || pushed_ == window_) return prefix_.span();
  const BitSpan parts[] = {prefix_.span(), slots_[pushed_].span()};
  both_.assign_union(parts);
  return both_.span();
}

}  // namespace rollcall
