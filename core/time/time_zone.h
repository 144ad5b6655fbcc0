// Converts instants to civil days of one IANA time zone, and back.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/dates.h"
#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

// These are the hours of the longest civil day, plus one.
inline constexpr std::size_t kDayHoursMax = 26;

inline constexpr std::int64_t kUsPerSecond = 1'000'000;
inline constexpr std::int64_t kUsPerMinute = 60 * kUsPerSecond;
inline constexpr std::int64_t kUsPerHour = 60 * kUsPerMinute;
inline constexpr std::int64_t kUsPerDay = 24 * kUsPerHour;

// Is a range of instants [begin, end) that all lie in one hour of one civil day.
struct HourSpan {
  TimeUs begin = 0;
  TimeUs end = 0;
  Day day;
  std::uint32_t hour = 0;  // whole hours since the day's first instant
};

// Tells that in instants [begin, end) local time is UTC plus `offset_us`.
struct OffsetSpan {
  TimeUs begin = 0;
  TimeUs end = 0;
  std::int64_t offset_us = 0;
};

// Any thread may use it, because it never changes after `find`.
class TimeZone {
 public:
  // Makes UTC.
  TimeZone();
  // Finds a zone by its IANA name.
  //   kInvalidArgument  this machine's time zone database has no such zone; the text has the
  //                     nearest name
  //   kUnsupported      the database is missing or cannot be read
  static Result<TimeZone> find(std::string_view name);

  // Checks that the name means the same zone on every machine, unlike "localtime". An existing
  // store with another name can still be used.
  //   kInvalidArgument  it does not
  static Status check_portable(std::string_view name);

  const std::string& name() const { return name_; }

  // Returns the civil date at an instant.
  Day day_of(TimeUs time) const;
  // Returns the day and hour of an instant, with the surrounding instants that share them: the
  // whole hour, unless a clock change cuts it.
  HourSpan hour_at(TimeUs time) const;
  // Returns how far local clocks are from UTC at an instant, and when they came and cease to be.
  OffsetSpan offset_at(TimeUs time) const;
  // Counts whole hours since the day's first instant: 0..22, 0..23 or 0..24, depending on the
  // length of the day. A zone that once crossed the date line eastwards lived one date twice; hours
  // stop at 24 even then.
  static constexpr std::uint32_t kHourMax = 24;
  static std::uint32_t hour_of_day(std::int64_t us_since_start) {
    const auto us = static_cast<std::uint64_t>(us_since_start);
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(us / kUsPerHour, kHourMax));
  }

  // Returns the first instant of a civil date, which is the first that exists if clocks jump over
  // midnight.
  TimeUs start_of(Day day) const;
  // Returns the last whole second of a civil date: start_of(day + 1) minus one second.
  TimeUs last_second_of(Day day) const { return start_of(day + 1) - kUsPerSecond; }
  // Returns up to when events until `time` may make the data known; a bare date counts to its end.
  TimeUs known_until_max(TimeUs time) const { return std::max(time, last_second_of(day_of(time))); }

  // Returns the instant at which local clocks show `us_of_day` past midnight of `day`. If there are
  // two, it returns the earlier one; if clocks skip it, it returns the instant as far past the
  // jump.
  TimeUs from_local(Day day, std::int64_t us_of_day) const;
  // Returns the same, but the instant of the jump if clocks skip it.
  TimeUs first_at(const LocalTime& time) const;

  // Returns start_of(day) if clocks do not change from then to the end of `day`, so that any of its
  // clock readings is that instant plus as many microseconds.
  std::optional<TimeUs> plain_start_of(Day day) const;

  // Returns the instant with the offset of local clocks, as in RFC 3339: its offsets have no
  // seconds, so that those of local mean times of old are cut to whole minutes.
  ZonedTime zoned(TimeUs time) const;
  // Formats as RFC 3339 with whole seconds: "2026-01-31T23:59:59Z", "2026-07-01T00:00:00+02:00".
  std::string format(TimeUs time) const;

 private:
  // From `begin` on, local time is UTC plus `offset_us`. Offsets ascend; the first begins before
  // year 1.
  struct Offset {
    TimeUs begin;
    std::int64_t offset_us;
  };
  std::size_t offset_index(TimeUs time) const;

  // Holds the instant of a reading of local clocks; the reading is in microseconds since
  // 1970-01-01T00:00 local time.
  struct Local {
    TimeUs time;         // as from_local
    TimeUs first_shown;  // as start_of
  };
  Local find_local(std::int64_t local_us) const;

  std::string name_;
  std::vector<Offset> offsets_;
};

}  // namespace rollcall
