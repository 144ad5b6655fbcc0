#include "core/time/time_zone.h"

#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <limits>

#include "core/time/calendar.h"
#include "core/time/floor_quotient.h"
#include "rollcall/answer.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

// No clock is further from UTC than this, so an instant is within this distance of its local
// reading.
constexpr std::int64_t kOffsetMaxUs = 26 * kUsPerHour;
constexpr TimeUs kTimeBegin = kDayMin.value * kUsPerDay;
constexpr TimeUs kTimeEnd = (kDayMax.value + 1) * kUsPerDay;

Day local_day(TimeUs time, std::int64_t offset_us) {
  return {static_cast<std::int32_t>(floor_quotient(time + offset_us, kUsPerDay))};
}

std::string offset_text(const ZonedTime& time) {
  if (!time.offset_minutes) return "Z";
  const std::int32_t minutes = std::abs(*time.offset_minutes);
  return fmt::format("{}{:02}:{:02}", *time.offset_minutes < 0 ? '-' : '+', minutes / 60,
                     minutes % 60);
}

// These names exist in some time zone databases, and each machine may set them up: its own zone,
// the rules of POSIX strings, a zone nobody has chosen yet, and all zones once more, without and
// with leap seconds.
bool is_of_the_machine(std::string_view name) {
  return name == "localtime" || name == "posixrules" || name == "Factory" ||
         name.starts_with("posix/") || name.starts_with("right/");
}

std::vector<std::string> zone_names() {
  std::vector<std::string> names;
  for (const date::time_zone& zone : date::get_tzdb().zones) {
    if (!is_of_the_machine(zone.name())) names.push_back(zone.name());
  }
  return names;
}

Status no_database(std::string_view name, std::string_view why) {
  return Status::unsupported(
      fmt::format("time zone: \"{}\": this machine's time zone database cannot be read ({}); "
                  "install tzdata",
                  name, why));
}

}  // namespace

TimeZone::TimeZone() : name_("UTC"), offsets_{{kTimeBegin - kUsPerDay * 366, 0}} {}

Result<TimeZone> TimeZone::find(std::string_view name) {
  TimeZone found;
  if (name == found.name_) return found;
  try {
    const date::tzdb& database = date::get_tzdb();
    if (database.zones.empty()) return no_database(name, "it has no zones");
    const auto zone = std::find_if(database.zones.begin(), database.zones.end(),
                                   [&](const date::time_zone& z) { return z.name() == name; });
    if (zone == database.zones.end()) {
      return Status::invalid_argument(
          fmt::format("time zone: unknown name: found {}{}, allowed: an IANA name such as "
                      "\"UTC\" or \"Europe/London\"",
                      quoted_excerpt(name), did_you_mean(name, zone_names())));
    }
    found.name_ = zone->name();
    std::vector<Offset> offsets;
    const TimeUs begin = found.offsets_.front().begin;
    for (TimeUs time = begin; time < kTimeEnd;) {
      const date::sys_info info =
          zone->get_info(date::sys_seconds(std::chrono::seconds(time / kUsPerSecond)));
      const std::int64_t offset_us = info.offset.count() * kUsPerSecond;
      if (offsets.empty() || offsets.back().offset_us != offset_us) {
        offsets.push_back({time, offset_us});
      }
      const std::int64_t end_s = info.end.time_since_epoch().count();
      if (end_s >= kTimeEnd / kUsPerSecond) break;
      time = end_s * kUsPerSecond;
    }
    found.offsets_ = std::move(offsets);
    return found;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    return no_database(name, error.what());
  }
}

Status TimeZone::check_portable(std::string_view name) {
  if (!is_of_the_machine(name)) return {};
  return Status::invalid_argument(
      fmt::format("time zone: \"{}\" is not the same on every machine (allowed: the name of the "
                  "zone itself, such as \"UTC\" or \"Europe/London\")",
                  name));
}

std::size_t TimeZone::offset_index(TimeUs time) const {
  const auto after = std::upper_bound(offsets_.begin(), offsets_.end(), time,
                                      [](TimeUs t, const Offset& o) { return t < o.begin; });
  return after == offsets_.begin() ? 0 : static_cast<std::size_t>(after - offsets_.begin()) - 1;
}

Day TimeZone::day_of(TimeUs time) const {
  return local_day(time, offsets_[offset_index(time)].offset_us);
}

HourSpan TimeZone::hour_at(TimeUs time) const {
  const std::size_t index = offset_index(time);
  const Day day = local_day(time, offsets_[index].offset_us);
  const TimeUs midnight = day.value * kUsPerDay - offsets_[index].offset_us;
  const TimeUs start = start_of(day);
  HourSpan span{midnight, midnight + kUsPerDay, day, hour_of_day(time - start)};
  if (index > 0) span.begin = std::max(span.begin, offsets_[index].begin);
  if (index + 1 < offsets_.size()) span.end = std::min(span.end, offsets_[index + 1].begin);
  const TimeUs hour_begin = start + span.hour * kUsPerHour;
  span.begin = std::max(span.begin, hour_begin);
  if (span.hour < kHourMax) span.end = std::min(span.end, hour_begin + kUsPerHour);
  return span;
}

OffsetSpan TimeZone::offset_at(TimeUs time) const {
  const std::size_t index = offset_index(time);
  const bool is_first = index == 0, is_last = index + 1 == offsets_.size();
  return {.begin = is_first ? std::numeric_limits<TimeUs>::min() : offsets_[index].begin,
          .end = is_last ? std::numeric_limits<TimeUs>::max() : offsets_[index + 1].begin,
          .offset_us = offsets_[index].offset_us};
}

TimeZone::Local TimeZone::find_local(std::int64_t local_us) const {
  std::size_t i = offset_index(local_us - kOffsetMaxUs);
  for (;; ++i) {
    const TimeUs time = local_us - offsets_[i].offset_us;
    // The reading is past the end of the interval before, and not yet in this one, because the
    // clocks skipped it.
    if (i > 0 && time < offsets_[i].begin) {
      return {local_us - offsets_[i - 1].offset_us, offsets_[i].begin};
    }
    if (i + 1 == offsets_.size() || time < offsets_[i + 1].begin) return {time, time};
  }
}

TimeUs TimeZone::start_of(Day day) const { return find_local(day.value * kUsPerDay).first_shown; }

TimeUs TimeZone::from_local(Day day, std::int64_t us_of_day) const {
  return find_local(day.value * kUsPerDay + us_of_day).time;
}

std::optional<TimeUs> TimeZone::plain_start_of(Day day) const {
  const TimeUs start = start_of(day);
  const std::size_t index = offset_index(start);
  const bool midnight = start + offsets_[index].offset_us == day.value * kUsPerDay;
  const bool changes = index != offset_index(start + kUsPerDay - 1);
  return midnight && !changes ? std::optional(start) : std::nullopt;
}

TimeUs TimeZone::first_at(const LocalTime& time) const {
  return find_local(time.day.value * kUsPerDay + time.us_of_day).first_shown;
}

ZonedTime TimeZone::zoned(TimeUs time) const {
  if (name_ == "UTC") return {.time = time, .offset_minutes = {}};
  return {.time = time,
          .offset_minutes =
              static_cast<std::int32_t>(offsets_[offset_index(time)].offset_us / kUsPerMinute)};
}

std::string TimeZone::format(TimeUs time) const {
  const ZonedTime zoned = this->zoned(time);
  // What is shown is the same instant with a whole number of minutes.
  const std::int64_t local_us = time + zoned.offset_minutes.value_or(0) * kUsPerMinute;
  const Day day = local_day(local_us, 0);
  const std::int64_t seconds = (local_us - day.value * kUsPerDay) / kUsPerSecond;
  return fmt::format("{}T{:02}:{:02}:{:02}{}", to_string(day), seconds / 3600, seconds / 60 % 60,
                     seconds % 60, offset_text(zoned));
}

std::string to_string(const ZonedTime& time) {
  const std::int64_t local_us = time.time + time.offset_minutes.value_or(0) * kUsPerMinute;
  const Day day = local_day(local_us, 0);
  return to_string(LocalTime{.day = day, .us_of_day = local_us - day.value * kUsPerDay}) +
         offset_text(time);
}

std::string to_string(const LocalTime& time) {
  const std::int64_t seconds = time.us_of_day / kUsPerSecond;
  const std::int64_t fraction_us = time.us_of_day % kUsPerSecond;
  std::string text =
      fmt::format("{}T{:02}:{:02}", to_string(time.day), seconds / 3600, seconds / 60 % 60);
  if (seconds % 60 != 0 || fraction_us != 0) text += fmt::format(":{:02}", seconds % 60);
  if (fraction_us != 0) text += fmt::format(".{:06}", fraction_us);
  return text;
}

}  // namespace rollcall
