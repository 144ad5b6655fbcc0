// Numbers the hours, or the minutes, that local clocks go through.
#pragma once

#include <cstdint>
#include <vector>

#include "core/time/time_zone.h"
#include "rollcall/dates.h"
#include "rollcall/types.h"

namespace rollcall {

// Such a period is a stretch of time in which local clocks show the same hour (minute) of the same
// day, and are not changed. Where they are set back, what they show twice makes two periods; what
// they skip makes none; and where they are changed within one, its parts are periods of their own.
class ClockPeriods {
 public:
  // Numbers the hours or minutes of a zone from 0, which holds `origin`, as far as `last`. The
  // numbers of instants before `origin` are below 0, and agree as long as clocks are not changed.
  ClockPeriods(const TimeZone& zone, Period period, TimeUs origin, TimeUs last);

  std::int64_t index_of(TimeUs time) const;
  TimeUs start_of(std::int64_t index) const;

 private:
  // In it, clocks are not changed.
  struct Stretch {
    TimeUs begin = 0;
    std::int64_t offset_us = 0;
    std::int64_t first_index = 0;   // of the period that it begins with, or that holds `origin`
    std::int64_t first_period = 0;  // the same, as periods since 1970-01-01T00:00 local time
  };

  std::int64_t period_us_;
  std::vector<Stretch> stretches_;  // ascending, at least one
};

}  // namespace rollcall
