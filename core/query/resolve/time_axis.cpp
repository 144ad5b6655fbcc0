#include "core/query/resolve/time_axis.h"

#include <algorithm>
#include <limits>

namespace rollcall {

Day TimeAxis::day_of(TimeUs time) const {
  if (!periods_) return zone_->day_of(time);
  using Limits = std::numeric_limits<std::int32_t>;
  return {static_cast<std::int32_t>(
      std::clamp<std::int64_t>(periods_->index_of(time) - origin_, Limits::min(), Limits::max()))};
}

TimeUs TimeAxis::start_of(Day day) const {
  return periods_ ? periods_->start_of(origin_ + day.value) : zone_->start_of(day);
}

Cell TimeAxis::key_of(Day day) const {
  if (!periods_) return day;
  return zone_->zoned(start_of(day));
}

}  // namespace rollcall
