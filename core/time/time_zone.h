// Instants to civil days of one IANA time zone, and back.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

// Hours of the longest civil day, and one to spare.
inline constexpr std::size_t kDayHoursMax = 26;

inline constexpr std::int64_t kUsPerSecond = 1'000'000;
inline constexpr std::int64_t kUsPerHour = 3600 * kUsPerSecond;
inline constexpr std::int64_t kUsPerDay = 24 * kUsPerHour;

// Instants [begin, end) that all lie in one hour of one civil day.
struct HourSpan {
  TimeUs begin = 0;
  TimeUs end = 0;
  Day day;
  std::uint32_t hour = 0;  // whole hours since the day's first instant
};

// Immutable after `find`; any thread may use it.
class TimeZone {
 public:
  // UTC.
  TimeZone();
  //   kInvalidArgument  this machine's time zone database has no such zone; the text has the
  //                     nearest name
  //   kUnsupported      the database is missing or cannot be read
  static Result<TimeZone> find(std::string_view name);

  // Whether the name stands for a zone, and not for what each machine takes it for. A store that
  // was made with another before is read on.
  //   kInvalidArgument  it does not
  static Status check_portable(std::string_view name);

  const std::string& name() const { return name_; }

  // The civil date at an instant.
  Day day_of(TimeUs time) const;
  // The day and hour of an instant, with the instants around it that share them: all of the hour,
  // unless a change of the clocks cuts it.
  HourSpan hour_at(TimeUs time) const;
  // Whole hours since the day's first instant: 0..22, 0..23 or 0..24 as the day is long. A zone
  // that once crossed the date line eastwards lived one date twice: no hour past 24 all the same.
  static constexpr std::uint32_t kHourMax = 24;
  static std::uint32_t hour_of_day(std::int64_t us_since_start) {
    const auto us = static_cast<std::uint64_t>(us_since_start);
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(us / kUsPerHour, kHourMax));
  }

  // The first instant of a civil date. Where the clocks jump over midnight: the first that exists.
  TimeUs start_of(Day day) const;
  // The last whole second of a civil date: start_of(day + 1) minus one second.
  TimeUs last_second_of(Day day) const { return start_of(day + 1) - kUsPerSecond; }
  // Up to when events until `time` may make the data known: that of a bare date to the date's end.
  TimeUs known_until_max(TimeUs time) const { return std::max(time, last_second_of(day_of(time))); }

  // The instant that clocks on the wall show as `us_of_day` past midnight of `day`; the earlier of
  // two, or, where the clocks skip it, as far past the jump.
  TimeUs from_local(Day day, std::int64_t us_of_day) const;

  // start_of(day), if the clocks do not change from then to the end of `day`: any of its readings
  // is that and so many microseconds.
  std::optional<TimeUs> plain_start_of(Day day) const;

  // RFC 3339 with whole seconds: "2026-01-31T23:59:59Z", "2026-07-01T00:00:00+02:00".
  std::string format(TimeUs time) const;

 private:
  // From `begin` on, local time is UTC plus `offset_us`. Ascending; the first begins before year 1.
  struct Offset {
    TimeUs begin;
    std::int64_t offset_us;
  };
  std::size_t offset_index(TimeUs time) const;

  // The instant of a reading of the clocks on the wall, in microseconds since 1970-01-01T00:00
  // there.
  struct Local {
    TimeUs time;         // as from_local
    TimeUs first_shown;  // as start_of
  };
  Local find_local(std::int64_t local_us) const;

  std::string name_;
  std::vector<Offset> offsets_;
};

}  // namespace rollcall
