// This is civil time for the oracle, by Hinnant's library alone: an independent reading of
// core/time/time_zone.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rollcall/answer.h"
#include "rollcall/types.h"

namespace rollcall::testing {

inline constexpr std::int64_t kUsOfSecond = 1'000'000;

class NaiveZone {
 public:
  // The name is an IANA name that exists.
  explicit NaiveZone(std::string name) : name_(std::move(name)) {}

  Day day_of(TimeUs time) const;
  TimeUs start_of(Day day) const;        // the first instant that shows this date
  TimeUs last_second_of(Day day) const;  // the last whole second that shows it
  // The instant at which clocks on the wall show this time of that day; the earlier of two.
  TimeUs from_local(Day day, std::int64_t us_of_day) const;
  // What clocks on the wall show, and how far they are from UTC.
  struct Reading {
    Day day;
    std::size_t hour = 0;  // 0 to 23
    std::int64_t offset_seconds = 0;

    friend bool operator==(const Reading&, const Reading&) = default;
  };
  Reading reading_at(TimeUs time) const;
  // Returns the first instant of the civil period that holds `time`, and of the one after it. The
  // period is an hour or a minute long unless clocks are changed.
  TimeUs period_start(TimeUs time, TimeUs length) const;
  TimeUs next_period(TimeUs time, TimeUs length) const;
  ZonedTime zoned(TimeUs time) const;
  std::string format(TimeUs time) const;         // RFC 3339, whole seconds; "Z" in the zone UTC
  std::string format_minute(TimeUs time) const;  // the same without the seconds

 private:
  std::string name_;
};

// Returns "2026-01-31T10:00:00.000001Z".
std::string exact_time_text(TimeUs time);

// Turns "2026-01-31" into a day, or returns nothing.
std::optional<Day> read_date(std::string_view text);

// Reads "2026-01-31T10:00:00Z", with an offset, or without one in the zone's own time; a fraction
// of the second may follow. It returns nothing for any other text.
std::optional<TimeUs> read_time(std::string_view text, const NaiveZone& zone);

}  // namespace rollcall::testing
