#include "tests/support/naive_time.h"

#include <date/date.h>
#include <date/tz.h>

#include <chrono>
#include <sstream>

namespace rollcall::testing {

namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

date::local_days local(Day day) { return date::local_days{date::days{day.value}}; }

template <class DayPoint>
Day day_from(DayPoint point) {
  return Day{static_cast<std::int32_t>(point.time_since_epoch().count())};
}

// Returns whether all of `text` is a time point in this format.
template <class TimePoint>
bool read(std::string_view text, const char* format, TimePoint& time) {
  std::istringstream in{std::string(text)};
  in >> date::parse(format, time);
  return !in.fail() && in.peek() == std::istringstream::traits_type::eof();
}

}  // namespace

Day NaiveZone::day_of(TimeUs time) const {
  const date::sys_time<microseconds> instant{microseconds{time}};
  return day_from(date::floor<date::days>(date::locate_zone(name_)->to_local(instant)));
}

TimeUs NaiveZone::start_of(Day day) const {
  const auto midnight = date::locate_zone(name_)->to_sys(local(day), date::choose::earliest);
  return microseconds{midnight.time_since_epoch()}.count();
}

TimeUs NaiveZone::last_second_of(Day day) const {
  return start_of(day + 1) - microseconds{seconds{1}}.count();
}

TimeUs NaiveZone::from_local(Day day, std::int64_t us_of_day) const {
  const auto wall = local(day) + microseconds{us_of_day};
  const auto instant = date::locate_zone(name_)->to_sys(wall, date::choose::earliest);
  return instant.time_since_epoch().count();
}

NaiveZone::Reading NaiveZone::reading_at(TimeUs time) const {
  const date::sys_time<microseconds> instant{microseconds{time}};
  const auto* const zone = date::locate_zone(name_);
  const auto wall = zone->to_local(instant);
  const auto day = date::floor<date::days>(wall);
  const auto hour = date::floor<std::chrono::hours>(wall - day);
  return {day_from(day), static_cast<std::size_t>(hour.count()),
          zone->get_info(instant).offset.count()};
}

TimeUs NaiveZone::period_start(TimeUs time, TimeUs length) const {
  const auto* const zone = date::locate_zone(name_);
  const auto info = zone->get_info(date::sys_time<microseconds>{microseconds{time}});
  const microseconds offset = info.offset;
  const TimeUs wall = time + offset.count();
  const TimeUs since = (wall % length + length) % length;
  // Some changes are of other things than the time that clocks show.
  const TimeUs changed = microseconds{info.begin.time_since_epoch()}.count();
  if (changed <= time - since) return time - since;
  const bool is_other = zone->get_info(info.begin - seconds{1}).offset != info.offset;
  return is_other ? changed : time - since;
}

TimeUs NaiveZone::next_period(TimeUs time, TimeUs length) const {
  const auto* const zone = date::locate_zone(name_);
  const auto info = zone->get_info(date::sys_time<microseconds>{microseconds{time}});
  const TimeUs wall = time + microseconds{info.offset}.count();
  const TimeUs next = time + length - (wall % length + length) % length;
  const TimeUs changed = microseconds{info.end.time_since_epoch()}.count();
  if (next <= changed) return next;
  return zone->get_info(info.end).offset != info.offset ? changed : next;
}

ZonedTime NaiveZone::zoned(TimeUs time) const {
  if (name_ == "UTC") return {.time = time, .offset_minutes = {}};
  return {.time = time,
          .offset_minutes = static_cast<std::int32_t>(reading_at(time).offset_seconds / 60)};
}

std::string NaiveZone::format_minute(TimeUs time) const {
  const date::sys_seconds instant{std::chrono::floor<seconds>(microseconds{time})};
  return date::format(name_ == "UTC" ? "%FT%RZ" : "%FT%R%Ez", date::make_zoned(name_, instant));
}

std::string NaiveZone::format(TimeUs time) const {
  const date::sys_seconds instant{std::chrono::floor<seconds>(microseconds{time})};
  return date::format(name_ == "UTC" ? "%FT%TZ" : "%FT%T%Ez", date::make_zoned(name_, instant));
}

std::string exact_time_text(TimeUs time) {
  return date::format("%FT%TZ", date::sys_time<microseconds>{microseconds{time}});
}

std::optional<Day> read_date(std::string_view text) {
  date::sys_days day;
  if (!read(text, "%F", day)) return std::nullopt;
  return day_from(day);
}

std::optional<TimeUs> read_time(std::string_view text, const NaiveZone& zone) {
  date::sys_time<microseconds> instant;
  if (read(text, "%FT%TZ", instant) || read(text, "%FT%T%Ez", instant)) {
    return instant.time_since_epoch().count();
  }
  date::local_time<microseconds> wall;
  if (!read(text, "%FT%T", wall)) return std::nullopt;
  const date::local_days day = date::floor<date::days>(wall);
  return zone.from_local(day_from(day), (wall - day).count());
}

}  // namespace rollcall::testing
