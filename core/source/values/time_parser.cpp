#include "core/source/values/time_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>

#include "core/base/digits.h"
#include "core/time/calendar.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

bool is_digit(char c) { return '0' <= c && c <= '9'; }
bool is_blank(char c) { return c == ' ' || c == '\t'; }
std::uint32_t digit(char c) { return static_cast<std::uint32_t>(c - '0'); }

std::uint32_t days_of_month(std::int32_t year, std::uint32_t month) {
  constexpr std::uint8_t kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : kDays[month - 1];
}

// Holds what is left of a text, taken from the front.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  bool at_end() const { return text_.empty(); }

  bool take(char c) {
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }

  bool take_any(std::string_view chars) {
    if (text_.empty() || chars.find(text_[0]) == std::string_view::npos) return false;
    text_.remove_prefix(1);
    return true;
  }

  // `lower` is in lower case and matches any case.
  bool take_word(std::string_view lower) {
    if (text_.size() < lower.size()) return false;
    for (std::size_t i = 0; i < lower.size(); ++i) {
      if ((text_[i] | 0x20) != lower[i]) return false;
    }
    text_.remove_prefix(lower.size());
    return true;
  }

  void skip_blanks() {
    while (!text_.empty() && is_blank(text_[0])) text_.remove_prefix(1);
  }

  // Takes a number of `digits_min` to `digits_max` digits, as many as there are.
  bool take_number(std::size_t digits_min, std::size_t digits_max, std::uint32_t& number) {
    std::size_t size = 0;
    std::uint32_t value = 0;
    while (size < digits_max && size < text_.size() && is_digit(text_[size])) {
      value = value * 10 + digit(text_[size++]);
    }
    if (size < digits_min) return false;
    text_.remove_prefix(size);
    number = value;
    return true;
  }

  // Takes one digit or more of a fraction, cut off to microseconds.
  bool take_fraction(std::uint32_t& microsecond) {
    std::size_t size = 0;
    std::uint32_t value = 0;
    for (; size < text_.size() && is_digit(text_[size]); ++size) {
      if (size < 6) value = value * 10 + digit(text_[size]);
    }
    if (size == 0) return false;
    for (std::size_t missing = size; missing < 6; ++missing) value *= 10;
    text_.remove_prefix(size);
    microsecond = value;
    return true;
  }

  // Takes Z, UTC, +02, +0200 or +02:00.
  bool take_offset(std::int64_t& offset_us) {
    offset_us = 0;
    if (take_word("utc") || take_word("z")) return true;
    const bool negative = !text_.empty() && text_[0] == '-';
    if (!take_any("+-")) return false;
    std::uint32_t hours = 0, minutes = 0;
    if (!take_number(2, 2, hours)) return false;
    const bool colon = take(':');
    if (!take_number(2, 2, minutes) && colon) return false;
    if (hours > 23 || minutes > 59) return false;
    offset_us = (hours * 60 + minutes) * 60 * kUsPerSecond;
    if (negative) offset_us = -offset_us;
    return true;
  }

  bool take_month_name(std::uint32_t& month) {
    constexpr std::string_view kMonths[] = {"january",   "february", "march",    "april",
                                            "may",       "june",     "july",     "august",
                                            "september", "october",  "november", "december"};
    for (std::uint32_t i = 0; i < 12; ++i) {
      if (take_word(kMonths[i]) || take_word(kMonths[i].substr(0, 3))) {
        month = i + 1;
        return true;
      }
    }
    return false;
  }

 private:
  std::string_view text_;
};

// Returns the form of YYYYMMDD and what may follow, HHMMSS at most, if `digits` read as such a date
// of the years 1900 to 2199, and "" if not.
std::string_view date_form_of(std::string_view digits) {
  std::uint64_t number = 0;
  if (!parse_short_digits(digits, number)) return {};
  const auto take = [&number] {
    const std::uint64_t two_digits = number % 100;
    number /= 100;
    return two_digits;
  };
  std::string_view form;
  switch (digits.size()) {
    case 8:
      form = "%Y%m%d";
      break;
    case 10:
      form = "%Y%m%d%H";
      break;
    case 12:
      form = "%Y%m%d%H%M";
      break;
    case 14:
      form = "%Y%m%d%H%M%S";
      break;
    default:
      return {};
  }
  if (digits.size() >= 14 && take() > 59) return {};  // seconds
  if (digits.size() >= 12 && take() > 59) return {};  // minutes
  if (digits.size() >= 10 && take() > 23) return {};  // hours
  const std::uint64_t day = take(), month = take();
  const bool is_date =
      1 <= day && day <= 31 && 1 <= month && month <= 12 && 1900 <= number && number < 2200;
  return is_date ? form : std::string_view();
}

// Numbers without a unit are times from the first of these to before the second.
constexpr TimeUs kGuessedMin = 631'152'000 * kUsPerSecond;    // 1990-01-01
constexpr TimeUs kGuessedEnd = 4'102'444'800 * kUsPerSecond;  // 2100-01-01

// These count units of 100 ns from the year 1, as .NET keeps times, for the years 2000 to 2059. As
// nanoseconds they would be of 1990, where hardly any event is.
constexpr std::int64_t kTicksMin = 630'822'816'000'000'000;
constexpr std::int64_t kTicksEnd = 649'757'376'000'000'000;
constexpr std::int64_t kTicksAt1970 = 621'355'968'000'000'000;

bool may_be_ticks(std::int64_t number) { return kTicksMin <= number && number < kTicksEnd; }

bool is_serial(TimeUnit unit) {
  return unit == TimeUnit::kExcelDays || unit == TimeUnit::kExcelDays1904;
}

// Returns the unit that a number would be in, by its size.
TimeUnit unit_of_size(std::int64_t number) {
  return number < 100'000'000'000           ? TimeUnit::kSeconds
         : number < 100'000'000'000'000     ? TimeUnit::kMilliseconds
         : number < 100'000'000'000'000'000 ? TimeUnit::kMicroseconds
                                            : TimeUnit::kNanoseconds;
}

// Spreadsheets keep six digits of a large number, so "1.76723E+12" may be any time within hours.
constexpr std::ptrdiff_t kMantissaDigits = 8;

std::ptrdiff_t digits_of_mantissa(std::string_view text) {
  const std::string_view mantissa = text.substr(0, text.find_first_of("eE"));
  return std::count_if(mantissa.begin(), mantissa.end(), is_digit);
}

// Returns "1767225600" for "1.7672256E9": the same number without its exponent. The result is ""
// for any other text.
std::string without_exponent(std::string_view text) {
  // This is more than any number of 64 bits takes, whole or floating.
  constexpr std::size_t kMantissaMax = 40, kExponentDigitsMax = 3;
  const std::size_t sign = text.find_first_of("eE");
  if (sign == std::string_view::npos || sign > kMantissaMax) return {};
  std::string_view mantissa = text.substr(0, sign);
  Cursor rest(text.substr(sign + 1));
  const bool shifts_left = text.substr(sign + 1).starts_with('-');
  rest.take_any("+-");
  std::uint32_t exponent = 0;
  if (!rest.take_number(1, kExponentDigitsMax, exponent) || !rest.at_end()) return {};

  std::string plain;
  if (mantissa.starts_with('-')) {
    plain = "-";
    mantissa.remove_prefix(1);
  }
  std::size_t point = mantissa.find('.');
  if (point == 0 || point + 1 == mantissa.size()) return {};
  std::string digits(mantissa.substr(0, point));
  if (point != std::string_view::npos) digits += mantissa.substr(point + 1);
  point = std::min(point, mantissa.size());
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string::npos) return {};
  if (shifts_left) {
    digits.insert(0, exponent, '0');
  } else {
    digits.append(exponent, '0');
    point += exponent;
  }
  const std::size_t leading = std::min(digits.find_first_not_of('0'), point - 1);
  plain += digits.substr(leading, point - leading);
  if (point < digits.size()) plain += "." + digits.substr(point);
  return plain;
}

// Returns the date of a day's number. It is nullopt for the days 0 and 60 of the count from 1900,
// which never were; the latter stands for 1900-02-29.
std::optional<Day> day_of_serial(std::int32_t number, TimeUnit unit) {
  if (unit == TimeUnit::kExcelDays1904) return Day{day_from_civil({1904, 1, 1}).value + number};
  if (number == 0 || number == 60) return {};
  return Day{day_from_civil({1899, 12, 30}).value + number + (number < 60 ? 1 : 0)};
}

}  // namespace

TimeParser::TimeParser(TimeZone zone, TimeUnit unit, std::optional<std::string> format)
    : zone_(std::move(zone)), unit_(unit), format_(std::move(format)) {}

Status TimeParser::check_format(std::string_view format) {
  bool year = false, month = false, day = false, twelve_hours = false, half = false;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') continue;
    const char directive = ++i < format.size() ? format[i] : '\0';
    switch (directive) {
      case 'Y':
      case 'y':
        year = true;
        break;
      case 'm':
      case 'b':
        month = true;
        break;
      case 'd':
        day = true;
        break;
      case 'I':
        twelve_hours = true;
        break;
      case 'p':
        half = true;
        break;
      case 'H':
      case 'M':
      case 'S':
      case 'f':
      case 'z':
      case '%':
        break;
      default:
        return Status::invalid_argument(fmt::format(
            "time_format: unknown directive in {} at byte {}: allowed are %Y %y %m %b %d %H %I %p "
            "%M %S %f %z %%",
            quoted_excerpt(format), i));
    }
  }
  if (!year || !month || !day) {
    return Status::invalid_argument(
        fmt::format("time_format: {} names no {}: a time needs a year, a month and a day",
                    quoted_excerpt(format),
                    !year    ? "year (%Y)"
                    : !month ? "month (%m)"
                             : "day (%d)"));
  }
  if (twelve_hours != half) {
    return Status::invalid_argument(
        fmt::format("time_format: {}: %I and %p go together", quoted_excerpt(format)));
  }
  return {};
}

inline TimeFault TimeParser::parse_clock(std::string_view text, Civil& civil) {
  const char* const p = text.data();
  const bool separated = p[0] == 'T' || p[0] == ' ' || p[0] == 't';
  if (text.size() < 9 || !separated) return TimeFault::kNotATime;
  // Digits become their values, and colons become 0.
  const std::uint64_t digits = load_chars<std::uint64_t>(p + 1) ^ 0x30303a30303a3030;
  if (!bytes_at_most(digits, 0x0909000909000909)) return TimeFault::kNotATime;
  const std::uint64_t pairs = digits * 10 + (digits >> 8);
  civil.has_clock = true;
  civil.hour = static_cast<std::uint8_t>(pairs);
  civil.minute = static_cast<std::uint8_t>(pairs >> 24);
  civil.second = static_cast<std::uint8_t>(pairs >> 48);
  if (text.size() == 9) return TimeFault::kNone;

  std::int64_t offset_us = 0;
  if (text.size() > 10 || p[9] != 'Z') {
    Cursor rest(text.substr(9));
    if (rest.take('.') && !rest.take_fraction(civil.microsecond)) return TimeFault::kNotATime;
    if (rest.at_end()) return TimeFault::kNone;
    rest.take(' ');
    if (!rest.take_offset(offset_us) || !rest.at_end()) return TimeFault::kNotATime;
  }
  civil.offset_us = offset_us;
  return TimeFault::kNone;
}

inline TimeFault TimeParser::finish_on(Day date, const Civil& civil, ParsedTime& out) {
  if (!civil.has_such_clock()) return TimeFault::kNoSuchClock;
  const std::int64_t us_of_day =
      (civil.hour * 3600 + civil.minute * 60 + civil.second) * kUsPerSecond + civil.microsecond;
  out.whole_day = !civil.has_clock;
  out.date = date;
  out.time = civil.offset_us ? date.value * kUsPerDay + us_of_day - *civil.offset_us
             : out.whole_day ? zone_.start_of(date)
                             : from_local(date, us_of_day);
  // A whole day says that the data is known until it ends.
  const TimeUs last = out.whole_day ? zone_.last_second_of(date) : out.time;
  return kTimeMin <= out.time && last <= kTimeMax ? TimeFault::kNone : TimeFault::kOutOfRange;
}

TimeFault TimeParser::parse_standard(std::string_view text, ParsedTime& out) {
  const char* const p = text.data();
  if (text.size() < 10 || p[4] != '-' || p[7] != '-') {
    const TimeFault fault = parse_plain_number(text, out);
    if (fault != TimeFault::kNotATime) return fault;
    const bool may_be_serial = unit_ == TimeUnit::kGuess && text.find(',') != text.npos;
    if (may_be_serial && parse_serial(text, out) == TimeFault::kNone) return TimeFault::kAmbiguous;
    const std::string plain = without_exponent(text);
    if (plain.empty()) return fault;
    const TimeFault of_plain = parse_plain_number(plain, out);
    const bool is_rounded = unit_ == TimeUnit::kGuess && digits_of_mantissa(text) < kMantissaDigits;
    return of_plain == TimeFault::kNone && is_rounded ? TimeFault::kAmbiguous : of_plain;
  }
  const auto year_and_month = load_chars<std::uint64_t>(p);
  const auto day_of_month = load_chars<std::uint16_t>(p + 8);
  KnownDate& date = dates_[(year_and_month ^ day_of_month * 0x0101u) * 0x9e3779b97f4a7c15u >> 56];
  const bool known = date.year_and_month == year_and_month && date.day_of_month == day_of_month;
  Civil civil;
  if (!known) {
    bool digits = true;
    for (const std::size_t i : {0u, 1u, 2u, 3u, 5u, 6u, 8u, 9u}) digits &= is_digit(p[i]);
    if (!digits) return TimeFault::kNotATime;
    civil.year = static_cast<std::int32_t>(digit(p[0]) * 1000 + digit(p[1]) * 100 +
                                           digit(p[2]) * 10 + digit(p[3]));
    civil.month = digit(p[5]) * 10 + digit(p[6]);
    civil.day = digit(p[8]) * 10 + digit(p[9]);
  }
  if (text.size() > 10) {
    const TimeFault fault = parse_clock(text.substr(10), civil);
    if (fault != TimeFault::kNone) return fault;
  }
  if (known) return finish_on(date.day, civil, out);
  const TimeFault fault = finish(civil, out);
  if (fault == TimeFault::kNone) {
    date = {year_and_month, day_of_month, out.date};
  }
  return fault;
}

// Holds what the directives of a format have read of a time.
class TimeParser::Directives {
 public:
  // Reads what the directive of that letter stands for. Returns false if it is not there.
  bool take(char directive, Cursor& rest) {
    bool taken = true;
    std::uint32_t number = 0;
    switch (directive) {
      case 'Y':
        taken = rest.take_number(4, 4, number);
        civil_.year = static_cast<std::int32_t>(number);
        break;
      case 'y':
        taken = rest.take_number(2, 2, number);
        civil_.year = static_cast<std::int32_t>(number < 69 ? 2000 + number : 1900 + number);
        break;
      case 'm':
        taken = rest.take_number(1, 2, civil_.month);
        break;
      case 'b':
        taken = rest.take_month_name(civil_.month);
        break;
      case 'd':
        taken = rest.take_number(1, 2, civil_.day);
        break;
      case 'H':
        civil_.has_clock = true;
        taken = rest.take_number(1, 2, civil_.hour);
        break;
      case 'I':
        civil_.has_clock = twelve_hours_ = true;
        taken = rest.take_number(1, 2, civil_.hour) && 1 <= civil_.hour && civil_.hour <= 12;
        break;
      case 'p':
        afternoon_ = rest.take_word("pm");
        taken = afternoon_ || rest.take_word("am");
        break;
      case 'M':
        civil_.has_clock = true;
        taken = rest.take_number(1, 2, civil_.minute);
        break;
      case 'S':
        civil_.has_clock = true;
        taken = rest.take_number(1, 2, civil_.second);
        break;
      case 'f':
        civil_.has_clock = true;
        taken = rest.take_fraction(civil_.microsecond);
        break;
      case 'z': {
        civil_.has_clock = true;
        std::int64_t offset_us = 0;
        taken = rest.take_offset(offset_us);
        civil_.offset_us = offset_us;
        break;
      }
      default:
        taken = rest.take('%');
        break;
    }
    return taken;
  }
  Civil civil() const {
    Civil civil = civil_;
    if (twelve_hours_) civil.hour = civil.hour % 12 + (afternoon_ ? 12 : 0);
    return civil;
  }

 private:
  Civil civil_;
  bool afternoon_ = false, twelve_hours_ = false;
};

TimeFault TimeParser::parse_formatted(std::string_view text, ParsedTime& out) {
  Cursor rest(text);
  Directives read;
  const std::string_view format = *format_;
  for (std::size_t i = 0; i < format.size(); ++i) {
    bool taken = true;
    if (is_blank(format[i])) {
      taken = rest.take_any(" \t");
      rest.skip_blanks();
    } else if (format[i] != '%') {
      taken = rest.take(format[i]);
    } else {
      taken = read.take(format[++i], rest);
    }
    if (!taken) return TimeFault::kNotATime;
  }
  if (!rest.at_end()) return TimeFault::kNotATime;
  return finish(read.civil(), out);
}

TimeFault TimeParser::parse_plain_number(std::string_view text, ParsedTime& out) {
  return is_serial(unit_) ? parse_serial(text, out) : parse_number(text, out);
}

TimeFault TimeParser::parse_number(std::string_view text, ParsedTime& out) const {
  std::size_t i = 0;
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) ++i;
  const std::size_t digits_begin = i;
  std::int64_t whole = 0;
  bool huge = false;  // past 64 bits
  if (std::uint64_t number = 0; parse_short_digits(text.substr(i), number)) {
    whole = static_cast<std::int64_t>(number);
    i = text.size();
  }
  for (; i < text.size() && is_digit(text[i]); ++i) {
    huge = huge || whole >= std::numeric_limits<std::int64_t>::max() / 10;
    if (!huge) whole = whole * 10 + static_cast<std::int64_t>(digit(text[i]));
  }
  const std::size_t digit_count = i - digits_begin;
  if (digit_count == 0) return TimeFault::kNotATime;
  std::uint32_t millionths = 0;
  if (i < text.size()) {
    Cursor rest(text.substr(i));
    if (!rest.take('.') || !rest.take_fraction(millionths) || !rest.at_end()) {
      return TimeFault::kNotATime;
    }
  }
  const bool guess = unit_ == TimeUnit::kGuess;
  // Numbers with leading zeros are likelier dates, such as YYMMDDHHMM.
  const bool leading_zero = digit_count > 1 && text[digits_begin] == '0';
  if (guess && (leading_zero || may_be_ticks(whole))) return TimeFault::kAmbiguous;
  TimeUnit unit = guess ? unit_of_size(whole) : unit_;
  if (unit == TimeUnit::kNanoseconds) {
    whole /= 1000;
    millionths = 0;
    unit = TimeUnit::kMicroseconds;
  }
  const std::int64_t us_per_unit = unit == TimeUnit::kSeconds        ? kUsPerSecond
                                   : unit == TimeUnit::kMilliseconds ? 1000
                                                                     : 1;
  if (huge || whole > kTimeMax / us_per_unit) return TimeFault::kOutOfRange;
  const std::int64_t fraction_us = millionths * us_per_unit / kUsPerSecond;
  out.time = whole * us_per_unit + fraction_us;
  if (negative) out.time = -out.time;
  out.whole_day = false;
  if (guess && (out.time < kGuessedMin || out.time >= kGuessedEnd)) {
    return TimeFault::kAmbiguous;
  }
  return kTimeMin <= out.time && out.time <= kTimeMax ? TimeFault::kNone : TimeFault::kOutOfRange;
}

TimeFault TimeParser::parse_serial(std::string_view text, ParsedTime& out) {
  constexpr std::size_t kWholeDigits = 7;  // of days up to 9999
  const std::string_view whole = text.substr(0, text.find_first_of(".,"));
  std::uint64_t number = 0;
  if (!parse_short_digits(whole, number)) return TimeFault::kNotATime;
  // Where the comma is the decimal sign, it stands here, too. It may group the digits of fewer.
  constexpr std::size_t kGroupDigits = 3;
  const bool has_comma = whole.size() < text.size() && text[whole.size()] == ',';
  if (has_comma && whole.size() <= kGroupDigits) return TimeFault::kNotATime;
  // Ten digits tell milliseconds apart; more digits make no difference.
  std::string_view fraction = text.substr(std::min(whole.size() + 1, text.size()));
  const bool has_digits = fraction.find_first_not_of("0123456789") == std::string_view::npos;
  if (!has_digits || (fraction.empty() && whole.size() < text.size())) return TimeFault::kNotATime;
  constexpr std::size_t kFractionDigits = 10;
  std::int64_t tenths = 0;  // of a day, to that power
  for (std::size_t i = 0; i < kFractionDigits; ++i) {
    tenths =
        tenths * 10 + (i < fraction.size() ? static_cast<std::int64_t>(digit(fraction[i])) : 0);
  }
  if (whole.size() > kWholeDigits) return TimeFault::kOutOfRange;
  const std::optional<Day> found = day_of_serial(static_cast<std::int32_t>(number), unit_);
  if (!found) return TimeFault::kNoSuchDate;
  Day date = *found;
  if (tenths == 0) return finish_on(date, {}, out);

  constexpr std::int64_t kMsPerDay = 86'400'000, kTenthsPerDay = 10'000'000'000;
  std::int64_t ms = (tenths * kMsPerDay + kTenthsPerDay / 2) / kTenthsPerDay;
  if (ms == kMsPerDay) {
    ++date.value;
    ms = 0;
  }
  Civil civil;
  civil.has_clock = true;
  civil.hour = static_cast<std::uint32_t>(ms / 3'600'000);
  civil.minute = static_cast<std::uint32_t>(ms / 60'000 % 60);
  civil.second = static_cast<std::uint32_t>(ms / 1000 % 60);
  civil.microsecond = static_cast<std::uint32_t>(ms % 1000 * 1000);
  return finish_on(date, civil, out);
}

TimeFault TimeParser::finish(const Civil& civil, ParsedTime& out) {
  if (civil.month < 1 || civil.month > 12 || civil.day < 1 ||
      civil.day > days_of_month(civil.year, civil.month)) {
    return TimeFault::kNoSuchDate;
  }
  if (!civil.has_such_clock()) return TimeFault::kNoSuchClock;
  if (civil.year < 1) return TimeFault::kOutOfRange;
  return finish_on(day_from_civil({civil.year, civil.month, civil.day}), civil, out);
}

TimeUs TimeParser::from_local(Day day, std::int64_t us_of_day) {
  CachedDay& cached = days_[static_cast<std::uint32_t>(day.value) % days_.size()];
  if (cached.day != day) {
    const std::optional<TimeUs> start = zone_.plain_start_of(day);
    cached = {day, start.has_value(), start.value_or(0)};
  }
  return cached.plain ? cached.start + us_of_day : zone_.from_local(day, us_of_day);
}

RejectKind TimeParser::kind_of(TimeFault fault) {
  switch (fault) {
    case TimeFault::kNone:
    case TimeFault::kNotATime:
      break;
    case TimeFault::kNoSuchDate:
      return RejectKind::kTimeDate;
    case TimeFault::kNoSuchClock:
      return RejectKind::kTimeClock;
    case TimeFault::kOutOfRange:
      return RejectKind::kTimeOutOfRange;
    case TimeFault::kAmbiguous:
      return RejectKind::kTimeAmbiguous;
  }
  return RejectKind::kTimeMalformed;
}

HintedText TimeParser::explain(TimeFault fault, std::string_view text) const {
  const std::string found = quoted_excerpt(text);
  const auto plain = [&](std::string story) {
    return HintedText{std::move(story), hint_for(kind_of(fault))};
  };
  switch (fault) {
    case TimeFault::kNone:
      break;
    case TimeFault::kNotATime:
      if (format_) {
        return plain(fmt::format("time: not a time: {} (allowed: times of the form {})", found,
                                 quoted_excerpt(*format_)));
      }
      return plain(fmt::format(
          "time: not a time: {} (allowed: RFC 3339, YYYY-MM-DD HH:MM:SS[.fff], YYYY-MM-DD, Unix "
          "time; anything else when its form is given)",
          found));
    case TimeFault::kNoSuchDate:
      return plain(fmt::format("time: no such date: {}", found));
    case TimeFault::kNoSuchClock:
      return plain(
          fmt::format("time: no such time of day: {} (allowed: 00:00:00 to 23:59:59)", found));
    case TimeFault::kOutOfRange:
      return plain(
          fmt::format("time: out of range: {} (allowed: 0001-01-02 to 9999-12-30 in UTC)", found));
    case TimeFault::kAmbiguous:
      return explain_ambiguous(text);
  }
  return {};
}

HintedText TimeParser::describe(std::string_view text, TimeUs time) const {
  HintedText out{quoted_excerpt(text), {}};
  const bool is_number = !format_ && text.find_first_not_of("0123456789.+-eE") == text.npos &&
                         text.find('-', 1) == text.npos;
  if (!is_number) return out;
  out.text += fmt::format(", which was read as {}", zone_.format(time));
  if (const std::string_view form = date_form_of(text); !form.empty()) {
    out.text += ", though it reads as a date without separators";
    out.hint = OptionHint(Option::kTimeFormat, std::string(form));
  }
  return out;
}

HintedText TimeParser::explain_ambiguous(std::string_view text) const {
  const std::string_view whole = text.substr(0, text.find('.'));
  std::uint64_t number = 0;
  const bool is_short = parse_short_digits(whole, number);
  const bool ticks = !is_short && parse_canonical_integer(whole, number) &&
                     may_be_ticks(static_cast<std::int64_t>(number));
  constexpr std::string_view kUnits[] = {"", "seconds", "milliseconds", "microseconds",
                                         "nanoseconds"};
  HintedText out;
  std::string& story = out.text;
  story = fmt::format("time: ambiguous: {}", quoted_excerpt(text));
  TimeParser by_size(zone_, TimeUnit::kSeconds, std::nullopt);
  std::string_view unit = kUnits[static_cast<std::size_t>(TimeUnit::kSeconds)];
  if (is_short || ticks) {
    by_size.unit_ = unit_of_size(static_cast<std::int64_t>(number));
    unit = kUnits[static_cast<std::size_t>(by_size.unit_)];
  }
  ParsedTime time;
  if (by_size.parse(text, time) == TimeFault::kNone) {
    story += fmt::format(" in {} would be {}", unit, zone_.format(time.time));
  }
  story += " (a number without a unit is taken from 1990 to 2099";
  TimeParser serial(zone_, TimeUnit::kExcelDays, std::nullopt);
  const bool is_serial = serial.parse(text, time) == TimeFault::kNone && kGuessedMin <= time.time &&
                         time.time < kGuessedEnd;
  if (is_serial)
    story += fmt::format("; as days of a spreadsheet it is {}", zone_.format(time.time));
  if (text.find(',') == text.npos) {
    for (const char* const unix_unit : {"s", "ms", "us", "ns"}) {
      out.hint.or_else(Option::kTimeUnit, unix_unit);
    }
  }
  if (is_serial) out.hint.or_else(Option::kTimeUnit, "excel_days");
  if (const std::string_view form = date_form_of(text); !form.empty()) {
    story += "; it reads as a date without separators";
    out.hint.or_else(Option::kTimeFormat, std::string(form));
  }
  if (is_short && whole.size() == 4 && text.size() == 4) story += "; a year alone is no time";
  if (text.find_first_of("eE") != std::string_view::npos) {
    story += fmt::format("; with {} digits it may have been rounded", digits_of_mantissa(text));
  }
  if (ticks) {
    const std::int64_t us = (static_cast<std::int64_t>(number) - kTicksAt1970) / 10;
    story += fmt::format(
        "; as .NET ticks, of 100 ns from the year 1, it is {}: {} less, and divided "
        "by 10, it is a time in microseconds",
        zone_.format(us), kTicksAt1970);
  }
  if (whole.size() > 1 && whole.front() == '0') {
    story += "; leading zeros make it likelier a date without separators, which has a form";
    out.hint.or_else(Option::kTimeFormat);
  }
  story += ")";
  return out;
}

}  // namespace rollcall
