#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "tests/support/naive_kinds.h"

namespace rollcall::testing {

namespace {

// Returns the number of the user, if there is one.
std::optional<NaiveUser> user_of(const std::string& id, const NaiveData& data) {
  for (NaiveUser user = 0; user < data.users.size(); ++user) {
    const UserId& known = data.users[user];
    const auto* number = std::get_if<std::uint64_t>(&known);
    if (number != nullptr ? std::to_string(*number) == id : std::get<std::string>(known) == id) {
      return user;
    }
  }
  return std::nullopt;
}

// Returns "2026-01-31T10:00", and seconds and their fraction if there are any, with the offset.
std::string moment_text(const NaiveZone& zone, TimeUs time) {
  const std::string whole = zone.format(time);  // 2026-01-31T10:00:00+01:00
  std::string text = whole.substr(0, 19);
  const TimeUs fraction = (time % 1'000'000 + 1'000'000) % 1'000'000;
  if (fraction != 0) text += fmt::format(".{:06}", fraction);
  if (fraction == 0 && text.ends_with(":00")) text.resize(16);
  return text + whole.substr(19);
}

std::string state_in(const std::set<Day>& days, const NaiveCalendar& calendar, Period period,
                     Day today) {
  const Day first = calendar.first_day(today, period);
  const bool is_active = any_day_in(days, first, calendar.last_day(today, period));
  const bool was_active = any_day_in(days, calendar.first_day(first - 1, period), first - 1);
  if (!is_active) return was_active ? "dormant" : "inactive";
  if (was_active) return "returning";
  return *days.begin() < first ? "resurrecting" : "new";
}

std::string favourite_of(const NaiveData& data, const std::vector<std::size_t>& events,
                         const std::string& property) {
  std::map<std::string, std::pair<std::size_t, TimeUs>> values;
  for (const std::size_t i : events) {
    auto& [count, last] = values[property_of(data.events[i], property)];
    last = count == 0 ? data.events[i].time : std::max(last, data.events[i].time);
    ++count;
  }
  std::string best;
  for (const auto& [value, seen] : values) {
    if (!value.empty() && (best.empty() || seen > values[best])) best = value;
  }
  return best;
}

std::string shortest(double number) {
  std::array<char, 32> text;
  const auto result = std::to_chars(text.data(), text.data() + text.size(), number);
  return {text.data(), result.ptr};
}

}  // namespace

Result<NaiveTable> profile_table(const ProfileQuery& ask, const QueryCommon& common,
                                 const NaiveScope& scope) {
  const NaiveData& data = scope.data;
  QueryCommon ranged = common;
  if (ask.year) {
    ranged.from = *read_date(fmt::format("{:04}-01-01", *ask.year));
    ranged.to = *read_date(fmt::format("{:04}-12-31", *ask.year));
  }
  ROLLCALL_ASSIGN_OR_RETURN(const std::optional<NaiveInstants> range,
                            resolve_instants(scope, ranged));
  const std::optional<NaiveUser> user = user_of(ask.user, data);
  std::vector<std::size_t> events;  // of the user, in the range
  std::map<NaiveUser, std::set<Day>> all_days;
  bool is_known = false;
  for (const std::size_t i : scope.events(Selector())) {
    const TimeUs time = data.events[i].time;
    const bool in_range = range && range->begin <= time && time < range->end;
    is_known = is_known || user == data.user_of[i];
    if (in_range && user == data.user_of[i]) events.push_back(i);
    if (in_range) all_days[data.user_of[i]].insert(data.days[i]);
  }
  if (!is_known) return Status::not_found("unknown user: " + ask.user);

  NaiveTable table;
  table.columns = {
      {"what", ColumnType::kString}, {"name", ColumnType::kString}, {"value", ColumnType::kString}};
  const auto add = [&](const std::string& what, const std::string& name, const std::string& value) {
    table.add_row(Cell(what), Cell(name), Cell(value));
  };
  const std::set<Day> days = all_days[*user];
  if (!days.empty()) {
    add("first_day", "", date_text(*days.begin()));
    add("last_day", "", date_text(*days.rbegin()));
  }
  std::size_t longest = 0, current = 0;
  for (const Day day : days) {
    std::size_t length = 0;
    while (days.contains(day - static_cast<std::int32_t>(length))) ++length;
    longest = std::max(longest, length);
    if (day == scope.now.day || day == scope.now.day - 1) current = length;
  }
  add("active_days", "", std::to_string(days.size()));
  add("current_streak", "", std::to_string(current));
  add("longest_streak", "", std::to_string(longest));

  std::map<std::string, std::int64_t> counts, months;
  std::map<std::string, AmountSum> sums;
  for (const std::size_t i : events) {
    ++counts[data.events[i].event];
    ++months[date_text(data.days[i]).substr(0, 8) + "01"];
    if (data.events[i].value.value_or(0) != 0) sums[data.events[i].event] += *data.events[i].value;
  }
  for (const auto& [name, count] : counts) add("events", name, std::to_string(count));
  for (const auto& [name, sum] : sums) {
    add("value", name, decimal_text(sum, data.settings.value_decimals));
  }
  std::map<std::string, std::string> favourites;
  for (const std::string& property : data.settings.properties()) {
    favourites[property] = favourite_of(data, events, property);
  }
  for (const auto& [property, value] : favourites) {
    if (!value.empty()) add("favourite", property, value);
  }
  const std::map<std::string, Period> periods = {
      {"day", Period::kDay}, {"week", Period::kWeek}, {"month", Period::kMonth}};
  for (const char* const name : {"day", "week", "month"}) {
    add("lifecycle", name, state_in(days, data.calendar, periods.at(name), scope.now.day));
  }
  if (ask.rfm && !events.empty()) {
    struct Numbers {
      Day last_day;
      std::int64_t events = 0;
      AmountSum value = 0;
    };
    std::map<NaiveUser, Numbers> all;
    for (const std::size_t i : scope.events(Selector())) {
      const TimeUs time = data.events[i].time;
      if (time < range->begin || time >= range->end) continue;
      Numbers& numbers = all.try_emplace(data.user_of[i], Numbers{data.days[i]}).first->second;
      numbers.last_day = std::max(numbers.last_day, data.days[i]);
      ++numbers.events;
      numbers.value += data.events[i].value.value_or(0);
    }
    const auto score = [&](auto number_of) {
      double worse = 0;
      for (const auto& [_, numbers] : all) {
        if (number_of(numbers) < number_of(all.at(*user))) worse += 1;
        if (number_of(numbers) == number_of(all.at(*user))) worse += 0.5;
      }
      return std::to_string(1 + static_cast<int>(5 * worse / static_cast<double>(all.size())));
    };
    add("rfm", "r", score([](const Numbers& numbers) { return numbers.last_day; }));
    add("rfm", "f", score([](const Numbers& numbers) { return numbers.events; }));
    add("rfm", "m", score([](const Numbers& numbers) { return numbers.value; }));
  }
  for (const auto& [month, count] : months) add("month", month, std::to_string(count));
  if (ask.year && !days.empty()) {
    std::int64_t fewer = 0, all = 0;
    for (const auto& [other, of_other] : all_days) {
      if (of_other.empty()) continue;
      fewer += of_other.size() < days.size();
      ++all;
    }
    add("rank", "percent", shortest(static_cast<double>(100 * fewer) / static_cast<double>(all)));
  }
  std::vector<std::tuple<TimeUs, std::string>> latest;
  for (const std::size_t i : events)
    latest.emplace_back(-data.events[i].time, data.events[i].event);
  std::ranges::sort(latest);
  for (std::size_t i = 0; i < latest.size() && i < static_cast<std::size_t>(ask.events); ++i) {
    const auto& [time, name] = latest[i];
    add("last_event", moment_text(data.zone, -time), name);
  }
  return table;
}

}  // namespace rollcall::testing
