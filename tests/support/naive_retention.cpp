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

// Holds what the cells of a column that are complete come to.
struct ColumnTotal {
  std::int64_t cohorts = 0;
  std::int64_t size = 0;
  std::int64_t users = 0;
  AmountSum value = 0;
  std::vector<double> rates;

  // The mean of the rates; null where there are none.
  Cell mean() const {
    if (rates.empty()) return {};
    double sum = 0;
    for (const double rate : rates) sum += rate;
    return sum / static_cast<double>(rates.size());
  }
};

class Retention {
 public:
  Retention(const RetentionQuery& ask, const NaiveScope& scope, const NaiveRange& range,
            const std::optional<PropertyCondition>& cohort_value)
      : ask_(ask),
        scope_(scope),
        range_(range),
        columns_(columns_of(ask)),
        joining_(scope.days_by_user(ask.cohort_event)) {
    if (cohort_value) with_value_ = scope.with(*cohort_value).days_by_user(ask.cohort_event);
    for (const std::size_t i : scope.events(ask.return_event)) {
      const NaiveUser user = scope.data.user_of[i];
      const Day day = scope.data.days[i];
      returning_[user].insert(day);
      amounts_[user][day] += scope.data.events[i].value.value_or(0);
    }
  }

  NaiveTable table() {
    const bool by_value = ask_.measure == RetentionQuery::Measure::kValue;
    table_.keys = {"cohort", "period"};
    table_.columns = {
        {"cohort", ColumnType::kDate},
        {"size", ColumnType::kCount},
        {"period", ask_.brackets.empty() ? ColumnType::kInt : ColumnType::kString},
        {by_value ? "value" : "users", by_value ? ColumnType::kDecimal : ColumnType::kCount},
        {by_value ? "value_per_user" : "rate", ColumnType::kRatio},
        {"complete", ColumnType::kBool}};
    totals_.resize(columns_.size());
    for (const Day cohort : range_.periods) {
      const Users members = members_of(cohort);
      for (std::size_t c = 0; c < columns_.size(); ++c) {
        if (first_day(cohort, c) <= scope_.now.day) add_cell(cohort, members, c);
      }
    }
    if (ask_.summary != RetentionQuery::Summary::kNone && !range_.periods.empty()) add_summary();
    return table_;
  }

 private:
  Day last_of_period(Day first) const { return scope_.data.calendar.last_day(first, ask_.period); }
  Day first_day(Day cohort, std::size_t column) const {
    return NaiveCalendar::shift(cohort, ask_.period, columns_[column].first);
  }
  Day last_day(Day cohort, std::size_t column) const {
    return last_of_period(NaiveCalendar::shift(cohort, ask_.period, columns_[column].last));
  }

  bool joins(const std::set<Day>& days, Day cohort) const {
    switch (ask_.cohort) {
      case RetentionQuery::Cohort::kFirstEver:
        return cohort <= *days.begin() && *days.begin() <= last_of_period(cohort);
      case RetentionQuery::Cohort::kFirstInRange:
        return any_day_in(days, cohort, last_of_period(cohort)) &&
               !any_day_in(days, range_.periods.front(), cohort - 1);
      case RetentionQuery::Cohort::kRecurring:
        return any_day_in(days, cohort, last_of_period(cohort));
    }
    return false;
  }

  Users members_of(Day cohort) const {
    Users members;
    for (const auto& [user, days] : joining_) {
      if (!joins(days, cohort)) continue;
      if (with_value_) {
        const auto found = with_value_->find(user);
        if (found == with_value_->end() ||
            !any_day_in(found->second, cohort, last_of_period(cohort))) {
          continue;
        }
      }
      members.push_back(user);
    }
    return members;
  }

  // Returns the days whose events make the cell.
  DayRange days_of_cell(Day cohort, std::size_t column) const {
    switch (ask_.mode) {
      case RetentionQuery::Mode::kOnOrAfter:
        return {first_day(cohort, column), scope_.now.day};
      case RetentionQuery::Mode::kOnOrBefore:
        return {cohort, last_day(cohort, column)};
      case RetentionQuery::Mode::kOn:
      case RetentionQuery::Mode::kStreak:
        break;
    }
    return {first_day(cohort, column), last_day(cohort, column)};
  }

  bool comes_back(NaiveUser user, Day cohort, std::size_t column) const {
    const auto days = returning_.find(user);
    if (days == returning_.end()) return false;
    if (ask_.mode == RetentionQuery::Mode::kStreak) {
      for (std::size_t c = 0; c < column; ++c) {
        if (!any_day_in(days->second, first_day(cohort, c), last_day(cohort, c))) return false;
      }
    }
    const DayRange cell = days_of_cell(cohort, column);
    return any_day_in(days->second, cell.first, cell.last);
  }

  AmountSum amount_in(NaiveUser user, DayRange days) const {
    AmountSum sum = 0;
    for (const auto& [day, amount] : amounts_.at(user)) {
      if (days.contains(day)) sum += amount;
    }
    return sum;
  }

  void add_cell(Day cohort, const Users& members, std::size_t column) {
    Users back;
    AmountSum value = 0;
    for (const NaiveUser user : members) {
      if (!comes_back(user, cohort, column)) continue;
      back.push_back(user);
      value += amount_in(user, days_of_cell(cohort, column));
    }
    const bool complete = scope_.now.ended(last_day(cohort, column));
    const Cell rate = rate_of(count(back), value, count(members), complete);
    const Cell label = column_label(ask_, columns_[column]);
    table_.add_row(cohort, members, label, what(back, value), rate, complete);
    if (!complete) return;
    totals_[column].cohorts += 1;
    totals_[column].size += count(members);
    totals_[column].users += count(back);
    totals_[column].value += value;
    if (!members.empty()) totals_[column].rates.push_back(std::get<double>(rate));
  }

  void add_summary() {
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      const ColumnTotal& total = totals_[c];
      if (total.cohorts == 0) continue;  // no cohort is known so far
      const bool is_mean = ask_.summary == RetentionQuery::Summary::kMean;
      const Cell rate =
          is_mean ? total.mean() : rate_of(total.users, total.value, total.size, true);
      const Cell sum =
          ask_.measure == RetentionQuery::Measure::kUsers ? Cell(total.users) : text(total.value);
      table_.add_row(std::monostate{}, total.size, column_label(ask_, columns_[c]), sum, rate,
                     true);
    }
  }

  Cell text(AmountSum value) const {
    return decimal_text(value, scope_.data.settings.value_decimals);
  }
  NaiveCell what(const Users& users, AmountSum value) const {
    return ask_.measure == RetentionQuery::Measure::kUsers ? NaiveCell(users)
                                                           : NaiveCell(text(value));
  }
  Cell rate_of(std::int64_t users, AmountSum value, std::int64_t size, bool complete) const {
    if (ask_.measure == RetentionQuery::Measure::kUsers) return ratio(users, size, complete);
    return amount_per_user(value, scope_.data.settings.value_decimals, size, complete);
  }

  const RetentionQuery& ask_;
  const NaiveScope& scope_;
  const NaiveRange& range_;
  const std::vector<PeriodGroup> columns_;
  const DaysByUser joining_;
  std::optional<DaysByUser> with_value_;  // the cohort events of the value asked for
  DaysByUser returning_;
  std::map<NaiveUser, std::map<Day, AmountSum>> amounts_;  // of return events
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
