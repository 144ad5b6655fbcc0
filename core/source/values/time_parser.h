// This header parses text into instants.
//
// clang-format off
// These are understood without a format:
//   2026-01-31T23:59:59.123456Z   RFC 3339; 'T' or one blank; offsets Z, UTC, +02, +0200, +02:00
//   2026-01-31 23:59:59.123       without an offset: local clocks in the time zone
//   2026-01-31                    a whole day; stands for its first instant
//   1769903999, 1769903999.123    Unix time. Unless a unit is declared, the size tells: below 10^11
//                                 seconds, below 10^14 milliseconds, below 10^17 microseconds, else
//                                 nanoseconds
//   46053.5                       days, if that unit is declared (see TimeUnit)
//   1.7672256E9                   any of these numbers with an exponent
// clang-format on
// Fractions finer than a microsecond are cut off; those of days are rounded to milliseconds, the
// finest that spreadsheets distinguish. While the unit is a guess, numbers are refused that would
// not be between 1990 and 2100, because spreadsheet days, years, dates without separators, and
// placeholders for "no time" are all likelier than an event of 1970. Numbers with leading zeros are
// refused as well, and so are those that would be nanoseconds of 1990 and may be .NET's ticks of
// today. Each number is judged by itself.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/time/time_zone.h"
#include "rollcall/reject_kind.h"
#include "rollcall/source_options.h"
#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

// This is the range that the engine takes, less a day at either end, so that local dates are in
// range as well.
inline constexpr TimeUs kTimeMin = (kDayMin.value + 1) * kUsPerDay;
inline constexpr TimeUs kTimeMax = kDayMax.value * kUsPerDay - 1;

enum class TimeFault : std::uint8_t {
  kNone,
  kNotATime,
  kNoSuchDate,   // 2023-02-29
  kNoSuchClock,  // 24:00, 23:59:60
  kOutOfRange,   // not between kTimeMin and kTimeMax, or a day that does not end there
  kAmbiguous,    // a number whose unit cannot be guessed: 44197, 2021, 0901311230, 0
};

struct ParsedTime {
  TimeUs time = 0;
  bool whole_day = false;  // the text was a date; `time` is the first instant of `date`
  Day date{0};             // only when whole_day
};

// One thread may use it at a time, because it remembers the days it has seen.
class TimeParser {
 public:
  // If `format` is set, it is the only form understood, and check_format must accept it.
  TimeParser(TimeZone zone, TimeUnit unit, std::optional<std::string> format);

  // Checks a format.
  //   kInvalidArgument  it has a directive other than %Y %y %m %b %d %H %I %p %M %S %f %z %%, or
  //                     lacks one that a date needs
  static Status check_format(std::string_view format);

  TimeFault parse(std::string_view text, ParsedTime& out) {
    return format_ ? parse_formatted(text, out) : parse_standard(text, out);
  }

  const TimeZone& zone() const { return zone_; }

  // Return what was wrong with `text`, for a rejected row: its kind, and the full text. `fault` is
  // not kNone.
  static RejectKind kind_of(TimeFault fault);
  HintedText explain(TimeFault fault, std::string_view text) const;

  // Returns `text`, quoted, for a row that a limit refused. A number is followed by the time as
  // which it was read. The hint names the form of a number that reads as a date without separators.
  HintedText describe(std::string_view text, TimeUs time) const;

 private:
  // Holds a date and a local clock reading, as far as they were given.
  struct Civil {
    std::int32_t year = 1970;
    std::uint32_t month = 1, day = 1;
    std::uint32_t hour = 0, minute = 0, second = 0, microsecond = 0;
    bool has_clock = false;
    std::optional<std::int64_t> offset_us;  // from UTC

    bool has_such_clock() const { return hour <= 23 && minute <= 59 && second <= 59; }
  };
  class Directives;
  // Holds a date that was parsed, by its ten characters.
  struct KnownDate {
    std::uint64_t year_and_month = 0;
    std::uint16_t day_of_month = 0;
    Day day{0};
  };
  struct CachedDay {
    Day day{kDayMin.value - 1};
    bool plain = false;  // without a clock change: every reading is `start` plus the time of day
    TimeUs start = 0;
  };

  TimeFault parse_standard(std::string_view text, ParsedTime& out);
  TimeFault parse_formatted(std::string_view text, ParsedTime& out);
  // Reads what follows a date: "T23:59:59", and a fraction and an offset if they are there.
  static TimeFault parse_clock(std::string_view text, Civil& civil);
  TimeFault parse_plain_number(std::string_view text, ParsedTime& out);
  TimeFault parse_number(std::string_view text, ParsedTime& out) const;
  TimeFault parse_serial(std::string_view text, ParsedTime& out);
  HintedText explain_ambiguous(std::string_view text) const;
  TimeFault finish(const Civil& civil, ParsedTime& out);
  // `date` is the date of `civil`.
  TimeFault finish_on(Day date, const Civil& civil, ParsedTime& out);
  TimeUs from_local(Day day, std::int64_t us_of_day);

  TimeZone zone_;
  TimeUnit unit_;
  std::optional<std::string> format_;
  std::array<CachedDay, 256> days_;   // by the low bits of the day
  std::array<KnownDate, 256> dates_;  // by a hash of the characters
};

}  // namespace rollcall
