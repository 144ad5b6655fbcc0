#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/naive_kinds.h"

namespace rollcall::testing {

namespace {

// A new user, who was seen long enough.
struct NewUser {
  TimeUs start = 0;
  std::vector<std::size_t> cohort_events;  // all that come at that instant
  bool is_back = false;
};

// The 2 x 2 table of those with and without, who came back or did not.
struct Fourfold {
  std::int64_t with_back = 0, with_gone = 0, without_back = 0, without_gone = 0;

  std::int64_t with() const { return with_back + with_gone; }
  std::int64_t without() const { return without_back + without_gone; }
};

// The bounds of a rate are where its distance from a rate that is assumed is 1.96 of the standard
// errors of that one: the roots of (n + z^2) p^2 - (2 x + z^2) p + x^2 / n.
std::pair<long double, long double> bounds_of(std::int64_t part, std::int64_t whole) {
  const long double z = 1.959963984540054L, x = static_cast<long double>(part),
                    n = static_cast<long double>(whole);
  const long double a = n + z * z, b = -(2 * x + z * z), c = x * x / n;
  const long double root = std::sqrt(b * b - 4 * a * c);
  return {(-b - root) / (2 * a), (-b + root) / (2 * a)};
}

void add_statistics(const Fourfold& table, std::vector<NaiveCell>& row) {
  row.emplace_back(ratio(table.with_back, table.with()));
  row.emplace_back(ratio(table.without_back, table.without()));
  if (table.with() == 0 || table.without() == 0) {
    row.insert(row.end(), 4, Cell());
    return;
  }
  const long double p = static_cast<long double>(table.with_back) / table.with();
  const long double q = static_cast<long double>(table.without_back) / table.without();
  const auto [p_low, p_high] = bounds_of(table.with_back, table.with());
  const auto [q_low, q_high] = bounds_of(table.without_back, table.without());
  const auto across = [](long double a, long double b) { return std::sqrt(a * a + b * b); };
  row.emplace_back(Cell(static_cast<double>(p - q)));
  row.emplace_back(Cell(static_cast<double>(p - q - across(p - p_low, q_high - q))));
  row.emplace_back(Cell(static_cast<double>(p - q + across(p_high - p, q - q_low))));
  const std::int64_t back = table.with_back + table.without_back;
  const std::int64_t gone = table.with_gone + table.without_gone;
  if (back == 0 || gone == 0) {
    row.emplace_back(Cell());
    return;
  }
  const std::int64_t cross =
      table.with_back * table.without_gone - table.with_gone * table.without_back;
  row.emplace_back(Cell(static_cast<double>(
      static_cast<long double>(cross) /
      std::sqrt(static_cast<long double>(table.with() * table.without() * back * gone)))));
}

// Returns whether the association of `a` is larger, by its exact square. Both are of the same
// users, so that what is common to both is left out.
bool is_larger(const Fourfold& a, const Fourfold& b) {
  const auto cross = [](const Fourfold& t) {
    return t.with_back * t.without_gone - t.with_gone * t.without_back;
  };
  const auto square = [&](const Fourfold& t) { return cross(t) * std::abs(cross(t)); };
  return square(a) * (b.with() * b.without()) > square(b) * (a.with() * a.without());
}

std::vector<std::pair<std::string, Selector>> candidates_of(const AhaQuery& ask,
                                                            const NaiveData& data) {
  std::vector<std::pair<std::string, Selector>> candidates;
  for (const Selector& candidate : ask.candidates) {
    candidates.emplace_back(event_text(candidate), candidate);
  }
  if (candidates.empty()) {
    const std::vector<std::string>& own = ask.cohort_event.names;
    for (const std::string& name : data.event_names) {
      const bool is_own = ask.cohort_event.match == Selector::Names::kAnyOf &&
                          std::find(own.begin(), own.end(), name) != own.end();
      if (is_own || name == "*") continue;
      Selector candidate;
      candidate.match = Selector::Names::kAnyOf;
      candidate.names = {name};
      candidates.emplace_back(event_text(candidate), candidate);
    }
  }
  std::sort(candidates.begin(), candidates.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  return candidates;
}

std::map<NaiveUser, NewUser> new_users(const AhaQuery& ask, const NaiveScope& scope, Day from,
                                       Day to) {
  const NaiveData& data = scope.data;
  std::map<NaiveUser, NewUser> users;
  for (const std::size_t event : scope.events(ask.cohort_event)) {
    const TimeUs time = data.events[event].time;
    NewUser& user = users[data.user_of[event]];
    if (user.cohort_events.empty() || time < user.start) {
      user.start = time;
      user.cohort_events.clear();
    }
    if (time == user.start) user.cohort_events.push_back(event);
  }
  const DaysByUser returns = scope.days_by_user(ask.return_event);
  for (auto& [number, user] : users) {
    const Day day = data.zone.day_of(user.start);
    const auto days = returns.find(number);
    user.is_back =
        days != returns.end() && any_day_in(days->second, day + ask.from_day, day + ask.to_day);
  }
  std::erase_if(users, [&](const auto& entry) {
    const Day day = data.zone.day_of(entry.second.start);
    return day < from || day > to || !scope.now.ended(day + ask.to_day);
  });
  return users;
}

// Returns how often each of the users did it within the time, besides the cohort event.
std::map<NaiveUser, std::int64_t> times_done(const Selector& candidate, const AhaQuery& ask,
                                             const NaiveScope& scope,
                                             const std::map<NaiveUser, NewUser>& users) {
  const NaiveData& data = scope.data;
  std::map<NaiveUser, std::int64_t> times;
  for (const std::size_t event : scope.events(candidate)) {
    const auto user = users.find(data.user_of[event]);
    if (user == users.end()) continue;
    const TimeUs time = data.events[event].time;
    const TimeUs start = user->second.start;
    if (start <= time && time <= start + ask.within.us) ++times[user->first];
  }
  for (auto& [user, number] : times) {
    const std::vector<std::size_t>& own = users.at(user).cohort_events;
    // Any of these may be the cohort event, and one that is no candidate leaves the most to count.
    if (std::all_of(own.begin(), own.end(),
                    [&](std::size_t event) { return matches(data.events[event], candidate); })) {
      --number;
    }
  }
  return times;
}

}  // namespace

Result<NaiveTable> aha_table(const AhaQuery& ask, const QueryCommon& common,
                             const NaiveScope& scope) {
  const NaiveData& data = scope.data;
  NaiveTable table;
  table.keys = {"event", "at_least"};
  table.columns = {{"event", ColumnType::kString},        {"at_least", ColumnType::kInt},
                   {"users", ColumnType::kCount},         {"share", ColumnType::kRatio},
                   {"retained_with", ColumnType::kRatio}, {"retained_without", ColumnType::kRatio},
                   {"difference", ColumnType::kRatio},    {"low", ColumnType::kRatio},
                   {"high", ColumnType::kRatio},          {"phi", ColumnType::kRatio},
                   {"complete", ColumnType::kBool}};
  ROLLCALL_ASSIGN_OR_RETURN(const std::optional<NaiveInstants> instants,
                            resolve_instants(scope, common));
  if (!instants) return table;
  // If not even the first day is long enough ago, nothing can be known.
  const Day first = std::max(instants->from, *std::min_element(data.days.begin(), data.days.end()));
  if (first > instants->to || !scope.now.ended(first + ask.to_day)) return table;

  const std::map<NaiveUser, NewUser> users = new_users(ask, scope, instants->from, instants->to);
  struct Row {
    Fourfold counts;
    std::vector<NaiveCell> cells;
  };
  std::vector<Row> rows;
  for (const auto& [text, candidate] : candidates_of(ask, data)) {
    const std::map<NaiveUser, std::int64_t> times = times_done(candidate, ask, scope, users);
    for (const std::int32_t at_least : ask.at_least) {
      Row row;
      Users with;
      for (const auto& [user, found] : users) {
        const auto number = times.find(user);
        const bool did = number != times.end() && number->second >= at_least;
        if (did) with.push_back(user);
        Fourfold& counts = row.counts;
        ++(did ? (found.is_back ? counts.with_back : counts.with_gone)
               : (found.is_back ? counts.without_back : counts.without_gone));
      }
      row.cells = {Cell(text), Cell(std::int64_t{at_least}), with,
                   ratio(count(with), static_cast<std::int64_t>(users.size()))};
      add_statistics(row.counts, row.cells);
      row.cells.emplace_back(Cell(true));
      rows.push_back(std::move(row));
    }
  }
  const auto phi = table.columns.size() - 2;
  const auto is_known = [&](const Row& row) {
    return !std::holds_alternative<std::monostate>(std::get<Cell>(row.cells[phi]));
  };
  std::stable_sort(rows.begin(), rows.end(), [&](const Row& a, const Row& b) {
    if (is_known(a) != is_known(b)) return is_known(a);
    return is_known(a) && is_larger(a.counts, b.counts);
  });
  for (Row& row : rows) table.rows.push_back(std::move(row.cells));
  return table;
}

}  // namespace rollcall::testing
