#include "core/query/text/date_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <system_error>

#include "core/query/text/instant_text.h"
#include "core/time/calendar.h"

namespace rollcall {
namespace {

using Unit = RelativeDate::Unit;

struct UnitName {
  std::string_view name;
  Unit unit;
};

constexpr std::array<UnitName, 6> kUnits = {{{"day", Unit::kDay},
                                             {"week", Unit::kWeek},
                                             {"fortnight", Unit::kFortnight},
                                             {"month", Unit::kMonth},
                                             {"quarter", Unit::kQuarter},
                                             {"year", Unit::kYear}}};
constexpr std::array<std::string_view, 7> kWeekdays = {
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};
constexpr std::int32_t kAgoMax = 1'000'000;

std::optional<Unit> find_unit(std::string_view name) {
  const auto unit =
      std::find_if(kUnits.begin(), kUnits.end(), [&](const UnitName& u) { return u.name == name; });
  if (unit == kUnits.end()) return {};
  return unit->unit;
}

std::string_view name_of(Unit unit) {
  return std::find_if(kUnits.begin(), kUnits.end(),
                      [&](const UnitName& u) { return u.unit == unit; })
      ->name;
}

// Reads "3 days ago" or "1 week ago".
std::optional<RelativeDate> parse_ago(std::string_view text) {
  constexpr std::string_view kEnd = " ago";
  if (!text.ends_with(kEnd)) return {};
  text.remove_suffix(kEnd.size());
  std::int32_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (error != std::errc() || count < 0 || count > kAgoMax || !text.starts_with(' ')) return {};
  text.remove_prefix(1);
  if (text.ends_with('s')) text.remove_suffix(1);
  const std::optional<Unit> unit = find_unit(text);
  if (!unit) return {};
  return RelativeDate{.unit = *unit, .ago = count};
}

std::optional<RelativeDate> parse_relative(std::string_view text) {
  if (text == "today") return RelativeDate{};
  if (text == "yesterday") return RelativeDate{.ago = 1};
  const bool is_last = text.starts_with("last ");
  if (!is_last && !text.starts_with("this ")) return parse_ago(text);
  text.remove_prefix(5);
  if (const auto unit = find_unit(text)) return RelativeDate{.unit = *unit, .ago = is_last ? 1 : 0};
  const auto* const weekday = std::find(kWeekdays.begin(), kWeekdays.end(), text);
  if (!is_last || weekday == kWeekdays.end()) return {};
  return RelativeDate{.unit = Unit::kWeekday,
                      .weekday = static_cast<std::int32_t>(weekday - kWeekdays.begin())};
}

DayRange within_calendar(DayRange days) {
  return {std::clamp(days.first, kDayMin, kDayMax), std::clamp(days.last, kDayMin, kDayMax)};
}

DayRange years_of(std::int32_t year) {
  year = std::clamp(year, 1, 9999);
  return {day_from_civil({.year = year, .month = 1, .day = 1}),
          day_from_civil({.year = year, .month = 12, .day = 31})};
}

Period period_of(Unit unit) {
  switch (unit) {
    case Unit::kWeek:
      return Period::kWeek;
    case Unit::kFortnight:
      return Period::kFortnight;
    case Unit::kMonth:
      return Period::kMonth;
    case Unit::kQuarter:
      return Period::kQuarter;
    case Unit::kDay:
    case Unit::kYear:
    case Unit::kWeekday:
      break;
  }
  return Period::kDay;
}

// Returns the day that lies `count` units before the one that holds `today`. The count is small
// enough for any calendar.
DayRange days_back(Unit unit, std::int32_t count, Day today, WeekStart week_start) {
  if (unit == Unit::kYear) return years_of(civil_from_day(today).year - count);
  const Calendar calendar(period_of(unit), week_start);
  return within_calendar(calendar.days(calendar.index_of(today) - count));
}

// The letters go by LastSpan::Unit.
constexpr std::string_view kSpanLetters = "dwmqy";

Unit unit_of(LastSpan::Unit unit) {
  constexpr std::array kUnitsOfSpans = {Unit::kDay, Unit::kWeek, Unit::kMonth, Unit::kQuarter,
                                        Unit::kYear};
  return kUnitsOfSpans[static_cast<std::size_t>(unit)];
}

}  // namespace

std::optional<DateText> parse_date_text(std::string_view text) {
  if (const auto day = parse_date(text)) return *day;
  if (const auto date = parse_relative(text)) return *date;
  return {};
}

std::string to_string(const DateText& date) {
  if (const Day* day = std::get_if<Day>(&date)) return to_string(*day);
  const auto [unit, ago, weekday] = std::get<RelativeDate>(date);
  if (unit == Unit::kWeekday) {
    return fmt::format("last {}", kWeekdays[static_cast<std::size_t>(weekday)]);
  }
  if (unit == Unit::kDay && ago <= 1) return ago == 0 ? "today" : "yesterday";
  if (ago <= 1) return fmt::format("{} {}", ago == 0 ? "this" : "last", name_of(unit));
  return fmt::format("{} {}s ago", ago, name_of(unit));
}

std::optional<RangeEnd> parse_range_end(std::string_view text) {
  if (const auto day = parse_date(text)) return *day;
  if (const auto date = parse_relative(text)) return *date;
  return parse_local_time(text);
}

std::string to_string(const RangeEnd& end) {
  if (const auto* time = std::get_if<LocalTime>(&end)) return to_string(*time);
  if (const auto* day = std::get_if<Day>(&end)) return to_string(*day);
  return to_string(DateText(std::get<RelativeDate>(end)));
}

std::optional<LastSpan> parse_last_span(std::string_view text) {
  LastSpan span;
  const char* const end = text.data() + text.size();
  const auto [letter, error] = std::from_chars(text.data(), end, span.count);
  if (error != std::errc() || end - letter != 1) return {};
  const std::size_t unit = kSpanLetters.find(*letter);
  if (unit == std::string_view::npos) return {};
  span.unit = static_cast<LastSpan::Unit>(unit);
  return span;
}

std::string to_string(LastSpan span) {
  return fmt::format("{}{}", span.count, kSpanLetters[static_cast<std::size_t>(span.unit)]);
}

DayRange days_of(const DateText& date, Day today, WeekStart week_start) {
  if (const Day* day = std::get_if<Day>(&date)) return {*day, *day};
  const auto [unit, ago, weekday] = std::get<RelativeDate>(date);
  if (unit != Unit::kWeekday) return days_back(unit, ago, today, week_start);
  // This is the first day of a week from Monday, moved to that weekday; it is the latest such day
  // before today.
  const Calendar weeks(Period::kWeek, WeekStart::kMonday);
  Day day = weeks.first_day(weeks.index_of(today)) + weekday;
  if (day >= today) day = day - 7;
  return within_calendar({day, day});
}

DayRange days_of(LastSpan span, Day today, WeekStart week_start) {
  return {days_back(unit_of(span.unit), span.count - 1, today, week_start).first, today};
}

}  // namespace rollcall
