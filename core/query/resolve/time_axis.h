// Says what the days of a plan are. They are civil days, unless the question goes by hours or
// minutes: each "day" of its plan is one of these, so that kinds count and name them in the same
// way.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "core/time/clock_periods.h"
#include "core/time/time_zone.h"
#include "rollcall/answer.h"
#include "rollcall/types.h"

namespace rollcall {

class TimeAxis {
 public:
  TimeAxis() = default;  // has no zone yet
  // Makes the axis of civil days. The zone outlives it.
  explicit TimeAxis(const TimeZone& zone) : zone_(&zone) {}
  // Makes that of hours or minutes, the first of which (number 0 of `periods`) is Day{-origin}.
  TimeAxis(const TimeZone& zone, ClockPeriods periods, std::int64_t origin)
      : zone_(&zone), periods_(std::move(periods)), origin_(origin) {}

  bool is_by_clock() const { return periods_.has_value(); }
  // Returns the day that holds an instant. Hours and minutes too far from the others for a number
  // of their own share the least or the largest one.
  Day day_of(TimeUs time) const;
  TimeUs start_of(Day day) const;
  TimeUs last_second_of(Day day) const { return start_of(day + 1) - kUsPerSecond; }
  // Returns the key of a row of that day.
  Cell key_of(Day day) const;
  ColumnType key_type() const { return periods_ ? ColumnType::kTime : ColumnType::kDate; }

 private:
  const TimeZone* zone_ = nullptr;
  std::optional<ClockPeriods> periods_;
  std::int64_t origin_ = 0;
};

}  // namespace rollcall
