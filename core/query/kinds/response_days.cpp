#include "core/query/kinds/response_days.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace rollcall {

bool ResponseDays::add_run(TimeUs begin, std::span<const std::int32_t> horizons, TimeUs seen_end,
                           const TimeZone& zone) {
  const Day first = zone.day_of(begin);
  if (zone.start_of(first) != begin) return false;
  const Day end_of_seen = zone.day_of(seen_end - 1) + 1;
  std::vector<DayRange> days;
  Day next = first;
  for (const std::int32_t horizon : horizons) {
    const TimeUs end = begin + horizon * kUsPerDay;
    // A horizon that is not over has all that is known by now, wherever in a day it ends.
    Day end_day = end_of_seen;
    if (end < seen_end) {
      end_day = first + horizon;
      if (zone.start_of(end_day) != end) return false;
    }
    days.push_back({next, end_day - 1});
    next = end_day;
  }
  runs_.push_back(std::move(days));
  return true;
}

void ResponseDays::add_reads(DayRange data, ReadSet& reads) const {
  for (const std::vector<DayRange>& days : runs_) {
    const DayRange read = {std::max(days.front().first, data.first),
                           std::min(days.back().last, data.last)};
    if (read.empty()) continue;
    for (const SeriesUnion& events : measured_) {
      if (!events.series.empty()) reads.presence.push_back({events.series, read});
    }
    if (!amounts_.empty()) reads.amounts.push_back({amounts_, read});
  }
}

std::vector<BitSpan> ResponseDays::first_users(ChunkSets& sets, std::size_t run) const {
  const std::vector<DayRange>& days = runs_[run];
  std::vector<BitSpan> users(days.size() * kMeasures);
  for (std::size_t measure = 0; measure < kMeasures; ++measure) {
    if (measured_[measure].series.empty()) continue;
    MutableSet before = sets.make_set();
    before.clear();
    for (std::size_t horizon = 0; horizon < days.size(); ++horizon) {
      MutableSet first = sets.make_set();
      const std::size_t mark = sets.arena().mark();
      first.assign(sets.active(measured_[measure], days[horizon]));
      sets.arena().give_back_to(mark);
      first.remove(before.span());
      before.add(first.span());
      users[horizon * kMeasures + measure] = first.span();
    }
  }
  return users;
}

}  // namespace rollcall
