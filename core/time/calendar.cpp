#include "core/time/calendar.h"

#include <array>

#include "core/time/floor_quotient.h"

namespace rollcall {
namespace {

// Years begin in March here, so that the day a leap year adds is their last; 400 years are an era.
constexpr std::int32_t kDaysPerEra = 146'097;
constexpr std::int32_t kDaysToEpoch = 719'468;  // from 0000-03-01 to 1970-01-01

constexpr bool is_leap(std::int32_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

constexpr std::uint32_t days_in_month(std::int32_t year, std::uint32_t month) {
  constexpr std::array<std::uint32_t, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : kDays[month - 1];
}

// Is the first day of week 0 and of fortnight 0.
constexpr std::int32_t week_origin(WeekStart week_start) {
  return week_start == WeekStart::kMonday ? 4 : 3;  // 1970-01-05, 1970-01-04
}

constexpr std::int32_t weeks_per(Period period) { return period == Period::kFortnight ? 2 : 1; }

constexpr std::int32_t months_per(Period period) { return period == Period::kQuarter ? 3 : 1; }

}  // namespace

CivilDate civil_from_day(Day day) {
  const std::int32_t shifted = day.value + kDaysToEpoch;
  const std::int32_t era = floor_quotient(shifted, kDaysPerEra);
  const std::int32_t day_of_era = shifted - era * kDaysPerEra;
  const std::int32_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int32_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int32_t month_from_march = (5 * day_of_year + 2) / 153;
  const std::int32_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  return {.year = era * 400 + year_of_era + (month <= 2 ? 1 : 0),
          .month = static_cast<std::uint32_t>(month),
          .day = static_cast<std::uint32_t>(day_of_year - (153 * month_from_march + 2) / 5 + 1)};
}

Day day_from_civil(CivilDate date) {
  const std::int32_t month = static_cast<std::int32_t>(date.month);
  const std::int32_t year = date.year - (month <= 2 ? 1 : 0);
  const std::int32_t era = floor_quotient(year, 400);
  const std::int32_t year_of_era = year - era * 400;
  const std::int32_t month_from_march = month > 2 ? month - 3 : month + 9;
  const std::int32_t day_of_year =
      (153 * month_from_march + 2) / 5 + static_cast<std::int32_t>(date.day) - 1;
  const std::int32_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return {era * kDaysPerEra + day_of_era - kDaysToEpoch};
}

std::optional<Day> parse_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto read_digits = [&](std::size_t begin,
                               std::size_t count) -> std::optional<std::uint32_t> {
    std::uint32_t number = 0;
    for (const char c : text.substr(begin, count)) {
      if (c < '0' || c > '9') return std::nullopt;
      number = number * 10 + static_cast<std::uint32_t>(c - '0');
    }
    return number;
  };
  const auto year = read_digits(0, 4), month = read_digits(5, 2), day = read_digits(8, 2);
  if (!year || !month || !day) return std::nullopt;
  const auto signed_year = static_cast<std::int32_t>(*year);
  if (signed_year < 1 || *month < 1 || *month > 12) return std::nullopt;
  if (*day < 1 || *day > days_in_month(signed_year, *month)) return std::nullopt;
  return day_from_civil({.year = signed_year, .month = *month, .day = *day});
}

std::int32_t Calendar::index_of(Day day) const {
  switch (period_) {
    case Period::kDay:
    case Period::kHour:
    case Period::kMinute:
      return day.value;
    case Period::kWeek:
    case Period::kFortnight:
      return floor_quotient(day.value - week_origin(week_start_), 7 * weeks_per(period_));
    case Period::kMonth:
    case Period::kQuarter:
      break;
  }
  const CivilDate date = civil_from_day(day);
  const std::int32_t month = (date.year - 1970) * 12 + static_cast<std::int32_t>(date.month) - 1;
  return floor_quotient(month, months_per(period_));
}

Day Calendar::first_day(std::int32_t index) const {
  switch (period_) {
    case Period::kDay:
    case Period::kHour:
    case Period::kMinute:
      return {index};
    case Period::kWeek:
    case Period::kFortnight:
      return {index * 7 * weeks_per(period_) + week_origin(week_start_)};
    case Period::kMonth:
    case Period::kQuarter:
      break;
  }
  const std::int32_t month = index * months_per(period_);
  const std::int32_t year = floor_quotient(month, 12);
  return day_from_civil(
      {.year = 1970 + year, .month = static_cast<std::uint32_t>(month - year * 12 + 1), .day = 1});
}

std::string to_string(Day day) {
  const CivilDate date = civil_from_day(day);
  const auto padded = [](std::string digits, std::size_t width) {
    return digits.size() < width ? std::string(width - digits.size(), '0') + digits : digits;
  };
  return padded(std::to_string(date.year), 4) + '-' + padded(std::to_string(date.month), 2) + '-' +
         padded(std::to_string(date.day), 2);
}

}  // namespace rollcall
