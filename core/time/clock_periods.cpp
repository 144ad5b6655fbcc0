#include "core/time/clock_periods.h"

#include <algorithm>

#include "core/time/floor_quotient.h"

namespace rollcall {

ClockPeriods::ClockPeriods(const TimeZone& zone, Period period, TimeUs origin, TimeUs last)
    : period_us_(period == Period::kMinute ? kUsPerMinute : kUsPerHour) {
  std::int64_t index = 0;
  for (TimeUs time = origin;;) {
    const OffsetSpan span = zone.offset_at(time);
    const auto period_of = [&](TimeUs at) {
      return floor_quotient(at + span.offset_us, period_us_);
    };
    stretches_.push_back({.begin = span.begin,
                          .offset_us = span.offset_us,
                          .first_index = index,
                          .first_period = period_of(time)});
    if (span.end > last) return;
    index += period_of(span.end - 1) - stretches_.back().first_period + 1;
    time = span.end;
  }
}

std::int64_t ClockPeriods::index_of(TimeUs time) const {
  const auto after = std::ranges::upper_bound(stretches_, time, {}, &Stretch::begin);
  const Stretch& stretch = after == stretches_.begin() ? stretches_.front() : *(after - 1);
  return stretch.first_index + floor_quotient(time + stretch.offset_us, period_us_) -
         stretch.first_period;
}

TimeUs ClockPeriods::start_of(std::int64_t index) const {
  const auto after = std::ranges::upper_bound(stretches_, index, {}, &Stretch::first_index);
  const Stretch& stretch = after == stretches_.begin() ? stretches_.front() : *(after - 1);
  const std::int64_t period = stretch.first_period + index - stretch.first_index;
  return std::max(stretch.begin, period * period_us_ - stretch.offset_us);
}

}  // namespace rollcall
