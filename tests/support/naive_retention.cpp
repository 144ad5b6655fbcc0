#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/naive_kinds.h"

namespace rollcall::testing {

namespace {

// A column of the table has the periods `first` to `last` after the cohort's own.
struct PeriodGroup {
  std::int32_t first = 0;
  std::int32_t last = 0;
};

std::vector<PeriodGroup> columns_of(const RetentionQuery& ask) {
  std::vector<PeriodGroup> columns{{0, 0}};
  if (!ask.brackets.empty()) {
    for (const std::int32_t size : ask.brackets) {
      const std::int32_t first = columns.back().last + 1;
      columns.push_back({first, first + size - 1});
    }
    return columns;
  }
  const std::int32_t periods = ask.periods.value_or(ask.period == Period::kDay ? 14 : 12);
  for (std::int32_t k = 1; k <= periods; ++k) columns.push_back({k, k});
  return columns;
}

Cell column_label(const RetentionQuery& ask, PeriodGroup column) {
  if (ask.brackets.empty()) return std::int64_t{column.first};
  if (column.first == column.last) return std::to_string(column.first);
  return std::to_string(column.first) + "-" + std::to_string(column.last);
}

// How long a rolling period is, in minutes.
std::int64_t rolling_minutes(Period period) {
  constexpr std::int64_t kDay = 24 * 60;
  switch (period) {
    case Period::kMinute:
      return 1;
    case Period::kHour:
      return 60;
    case Period::kWeek:
      return 7 * kDay;
    case Period::kFortnight:
      return 14 * kDay;
    case Period::kMonth:
      return 30 * kDay;
    default:
      return kDay;
  }
}

Cell mean_of(const std::vector<double>& numbers) {
  if (numbers.empty()) return {};
  double sum = 0;
  for (const double number : numbers) sum += number;
  return sum / static_cast<double>(numbers.size());
}

// What the cells of a column that are complete come to.
struct ColumnTotal {
  std::int64_t cohorts = 0;
  std::int64_t size = 0;
  std::int64_t users = 0;
  AmountSum value = 0;
  std::vector<double> rates;
  std::vector<double> by_active;
};

using Events = std::vector<std::size_t>;  // by index, in the order of time

// A user in a cohort.
struct Joined {
  std::size_t row = 0;
  TimeUs time = 0;  // of the user's first cohort event in the cohort's period
};

// What a user did in a period.
struct Visit {
  std::int64_t events = 0;
  AmountSum value = 0;
};
using Visits = std::map<std::int64_t, Visit>;  // by periods since the cohort's own

class Retention {
 public:
  Retention(const RetentionQuery& ask, const NaiveScope& scope, const NaiveRange& range,
            const std::optional<PropertyCondition>& cohort_value)
      : ask_(ask),
        scope_(scope),
        range_(range),
        columns_(columns_of(ask)),
        joining_(by_user(scope.events(ask.cohort_event))),
        returning_(by_user(scope.events(ask.return_event))) {
    if (range.periods.empty()) return;
    for (Day first = range.periods.front(); first <= scope.now.day;
         first = NaiveCalendar::shift(first, ask.period, 1)) {
      firsts_.push_back(first);
    }
    if (ask.first_of == RetentionQuery::FirstOf::kName) {
      Selector named = ask.cohort_event;
      named.where.clear();
      named_ = by_user(scope.events(named));
    }
    if (cohort_value) with_value_ = by_user(scope.with(*cohort_value).events(ask.cohort_event));
    cohorts_.resize(range.periods.size());
    for (const auto& [user, events] : joining_) {
      for (const Joined& joined : joined_by(user, events)) {
        cohorts_[joined.row].emplace_back(user, visits_of(user, joined));
      }
    }
  }

  NaiveTable table() {
    table_.keys = {"cohort", "period"};
    table_.columns = {{"cohort", ColumnType::kDate},
                      {"size", ColumnType::kCount},
                      {"period", ask_.brackets.empty() ? ColumnType::kInt : ColumnType::kString}};
    if (by_value()) {
      table_.columns.insert(table_.columns.end(), {{"value", ColumnType::kDecimal},
                                                   {"value_per_user", ColumnType::kRatio},
                                                   {"users", ColumnType::kCount},
                                                   {"value_per_active", ColumnType::kRatio}});
    } else {
      table_.columns.insert(table_.columns.end(),
                            {{"users", ColumnType::kCount}, {"rate", ColumnType::kRatio}});
    }
    table_.columns.push_back({"complete", ColumnType::kBool});
    totals_.resize(columns_.size());
    for (std::size_t row = 0; row < cohorts_.size(); ++row) {
      Users members;
      for (const auto& [user, visits] : cohorts_[row]) members.push_back(user);
      for (std::size_t c = 0; c < columns_.size(); ++c) {
        if (has_begun(row, c)) add_cell(row, members, c);
      }
    }
    if (ask_.summary != RetentionQuery::Summary::kNone && !range_.periods.empty()) add_summary();
    return table_;
  }

 private:
  bool by_value() const { return ask_.measure == RetentionQuery::Measure::kValue; }
  bool is_rolling() const { return ask_.windows == RetentionQuery::Windows::kRolling; }
  std::int64_t window() const { return rolling_minutes(ask_.period) * 60 * kUsOfSecond; }
  TimeUs time_of(std::size_t event) const { return scope_.data.events[event].time; }

  std::map<NaiveUser, Events> by_user(const Events& events) const {
    std::map<NaiveUser, Events> users;
    for (const std::size_t i : events) users[scope_.data.user_of[i]].push_back(i);
    for (auto& [user, own] : users) {
      std::stable_sort(own.begin(), own.end(),
                       [&](std::size_t a, std::size_t b) { return time_of(a) < time_of(b); });
    }
    return users;
  }

  // The number of the civil period of an event, from the first row's; -1 before that.
  std::int64_t period_of(std::size_t event) const {
    const Day day = scope_.data.days[event];
    return std::upper_bound(firsts_.begin(), firsts_.end(), day) - firsts_.begin() - 1;
  }
  bool has_row(std::size_t event) const {
    const std::int64_t period = period_of(event);
    return period >= 0 && period < static_cast<std::int64_t>(range_.periods.size());
  }

  // `events` are the user's cohort events.
  std::vector<Joined> joined_by(NaiveUser user, const Events& events) const {
    std::vector<Joined> all;
    for (const std::size_t event : events) {
      if (ask_.cohort != RetentionQuery::Cohort::kFirstEver && !has_row(event)) continue;
      if (named_ && time_of(named_->at(user).front()) != time_of(event)) break;
      const auto row = static_cast<std::size_t>(period_of(event));
      const bool is_next = all.empty() || all.back().row != row;
      if (is_next) all.push_back({row, time_of(event)});
      if (ask_.cohort != RetentionQuery::Cohort::kRecurring) break;
    }
    std::vector<Joined> shown;
    for (const Joined& joined : all) {
      if (joined.row < range_.periods.size() && has_value(user, joined)) shown.push_back(joined);
    }
    return shown;
  }

  bool has_value(NaiveUser user, const Joined& joined) const {
    if (!with_value_) return true;
    const auto events = with_value_->find(user);
    if (events == with_value_->end()) return false;
    return std::any_of(events->second.begin(), events->second.end(), [&](std::size_t event) {
      if (is_rolling()) return time_of(event) == joined.time;
      return period_of(event) == static_cast<std::int64_t>(joined.row);
    });
  }

  Visits visits_of(NaiveUser user, const Joined& joined) const {
    Visits visits;
    const auto events = returning_.find(user);
    if (events == returning_.end()) return visits;
    for (const std::size_t event : events->second) {
      const TimeUs since = time_of(event) - joined.time;
      const std::int64_t period = is_rolling()
                                      ? since / window()
                                      : period_of(event) - static_cast<std::int64_t>(joined.row);
      if (period < 0 || (is_rolling() && since < 0)) continue;
      const bool from_event = ask_.value_from == RetentionQuery::ValueFrom::kCohortEvent;
      if (from_event && period == 0 && since < 0) continue;
      visits[period].events += 1;
      visits[period].value += scope_.data.events[event].value.value_or(0);
    }
    return visits;
  }

  bool has_begun(std::size_t row, std::size_t column) const {
    const Day cohort = range_.periods[row];
    const std::int32_t first = columns_[column].first;
    if (is_rolling()) return scope_.data.start_of(cohort) + first * window() <= scope_.now.time;
    return NaiveCalendar::shift(cohort, ask_.period, first) <= scope_.now.day;
  }
  bool is_complete(std::size_t row, std::size_t column) const {
    const NaiveCalendar& calendar = scope_.data.calendar;
    const Day cohort = range_.periods[row];
    const std::int32_t last = columns_[column].last;
    if (is_rolling()) {
      const Day last_day = calendar.last_day(cohort, ask_.period);
      return scope_.data.start_of(last_day + 1) - kUsOfSecond + (last + 1) * window() <=
             scope_.now.time;
    }
    return scope_.now.ended(
        calendar.last_day(NaiveCalendar::shift(cohort, ask_.period, last), ask_.period));
  }

  // The periods that make the cell.
  PeriodGroup periods_of_cell(std::size_t column) const {
    PeriodGroup periods = columns_[column];
    if (ask_.mode == RetentionQuery::Mode::kOnOrAfter) {
      periods.last = std::numeric_limits<std::int32_t>::max();
    }
    if (ask_.mode == RetentionQuery::Mode::kOnOrBefore) periods.first = 0;
    return periods;
  }

  bool is_seen(const Visits& visits, PeriodGroup periods) const {
    return std::any_of(visits.begin(), visits.end(), [&](const auto& visit) {
      return visit.first >= periods.first && visit.first <= periods.last &&
             visit.second.events >= ask_.min_return_count;
    });
  }

  bool comes_back(const Visits& visits, std::size_t column) const {
    if (ask_.mode == RetentionQuery::Mode::kStreak) {
      for (std::size_t c = 0; c < column; ++c) {
        if (!is_seen(visits, columns_[c])) return false;
      }
    }
    return is_seen(visits, periods_of_cell(column));
  }

  static AmountSum value_in(const Visits& visits, PeriodGroup periods) {
    AmountSum sum = 0;
    for (const auto& [period, visit] : visits) {
      if (period >= periods.first && period <= periods.last) sum += visit.value;
    }
    return sum;
  }

  void add_cell(std::size_t row, const Users& members, std::size_t column) {
    Users back;
    AmountSum value = 0;
    for (const auto& [user, visits] : cohorts_[row]) {
      if (!comes_back(visits, column)) continue;
      back.push_back(user);
      value += value_in(visits, periods_of_cell(column));
    }
    const bool complete = is_complete(row, column);
    const Cell label = column_label(ask_, columns_[column]);
    const Cell rate = by_value() ? quotient(value, count(members), complete)
                                 : ratio(count(back), count(members), complete);
    const Cell by_active = quotient(value, count(back), complete);
    const Day cohort = range_.periods[row];
    if (by_value()) {
      table_.add_row(cohort, members, label, text(value), rate, back, by_active, complete);
    } else {
      table_.add_row(cohort, members, label, back, rate, complete);
    }
    if (!complete) return;
    totals_[column].cohorts += 1;
    totals_[column].size += count(members);
    totals_[column].users += count(back);
    totals_[column].value += value;
    if (!members.empty()) totals_[column].rates.push_back(std::get<double>(rate));
    if (!back.empty()) totals_[column].by_active.push_back(std::get<double>(by_active));
  }

  void add_summary() {
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      const ColumnTotal& total = totals_[c];
      if (total.cohorts == 0) continue;  // no cohort is known so far
      const bool is_mean = ask_.summary == RetentionQuery::Summary::kMean;
      const Cell label = column_label(ask_, columns_[c]);
      if (by_value()) {
        const Cell rate = is_mean ? mean_of(total.rates) : quotient(total.value, total.size, true);
        const Cell by_active =
            is_mean ? mean_of(total.by_active) : quotient(total.value, total.users, true);
        table_.add_row(std::monostate{}, total.size, label, text(total.value), rate, total.users,
                       by_active, true);
      } else {
        const Cell rate = is_mean ? mean_of(total.rates) : ratio(total.users, total.size, true);
        table_.add_row(std::monostate{}, total.size, label, total.users, rate, true);
      }
    }
  }

  Cell text(AmountSum value) const {
    return decimal_text(value, scope_.data.settings.value_decimals);
  }
  Cell quotient(AmountSum value, std::int64_t users, bool complete) const {
    return amount_per_user(value, scope_.data.settings.value_decimals, users, complete);
  }

  const RetentionQuery& ask_;
  const NaiveScope& scope_;
  const NaiveRange& range_;
  const std::vector<PeriodGroup> columns_;
  std::vector<Day> firsts_;  // of the periods from the first row's to that of now
  const std::map<NaiveUser, Events> joining_;
  const std::map<NaiveUser, Events> returning_;
  std::optional<std::map<NaiveUser, Events>> named_;       // where the first of a name counts
  std::optional<std::map<NaiveUser, Events>> with_value_;  // cohort events of the value asked for
  std::vector<std::vector<std::pair<NaiveUser, Visits>>> cohorts_;  // by row
  std::vector<ColumnTotal> totals_;
  NaiveTable table_;
};

}  // namespace

NaiveTable retention_table(const RetentionQuery& ask, const NaiveScope& scope,
                           const NaiveRange& range,
                           const std::optional<PropertyCondition>& cohort_value) {
  return Retention(ask, scope, range, cohort_value).table();
}

}  // namespace rollcall::testing
