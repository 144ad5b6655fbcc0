#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/naive_kinds.h"

namespace rollcall::testing {

namespace {

// Returns "1.80" with six decimals as 1800000.
AmountSum amount_of(const std::string& text, std::uint32_t decimals) {
  const std::size_t point = std::min(text.find('.'), text.size());
  std::string digits = text.substr(0, point);
  std::string fraction = point < text.size() ? text.substr(point + 1) : "";
  fraction.resize(decimals, '0');
  AmountSum amount = 0;
  for (const char digit : digits + fraction) {
    if (digit != '+') amount = 10 * amount + (digit - '0');
  }
  return amount;
}

// What a user's events are worth, and what they cost.
struct DayAmounts {
  AmountSum value = 0;
  AmountSum cost = 0;
};

struct LtvUser {
  NaiveUser user = 0;
  Day first;
  std::map<Day, DayAmounts> days;

  // Returns the value from the first day on, and all costs, through so many days after it.
  DayAmounts through(std::int32_t late) const {
    DayAmounts sums;
    for (const auto& [day, amounts] : days) {
      if (day - first > late) continue;
      if (day >= first) sums.value += amounts.value;
      sums.cost += amounts.cost;
    }
    return sums;
  }
};

Cell amount_ratio(AmountSum a, AmountSum b, bool complete) {
  if (b == 0 || !complete) return {};
  return static_cast<double>(static_cast<long double>(a) / static_cast<long double>(b));
}

Cell mean_of_cells(const std::vector<Cell>& cells) {
  double sum = 0;
  int count = 0;
  for (const Cell& cell : cells) {
    if (const double* number = std::get_if<double>(&cell)) {
      sum += *number;
      ++count;
    }
  }
  if (count == 0) return {};
  return sum / count;
}

class Ltv {
 public:
  Ltv(const LtvQuery& ask, const NaiveScope& scope, const NaiveRange& range,
      const std::optional<PropertyCondition>& value)
      : ask_(ask), scope_(scope), range_(range), calendar_(scope.data.calendar) {
    if (ask.cost) read_cost(value);
    cohorts_.resize(range.periods.size());
    const std::map<NaiveUser, Day> firsts = first_days();
    DaysByUser with_value;
    if (value) with_value = scope.with(*value).days_by_user(ask.cohort_event);
    std::map<NaiveUser, std::map<Day, DayAmounts>> amounts = amounts_by_user();
    for (const auto& [user, first] : firsts) {
      const auto row = row_of(first);
      if (!row) continue;
      if (value && !any_day_in(with_value[user], range.periods[*row], last_of(*row))) continue;
      cohorts_[*row].push_back({user, first, amounts[user]});
    }
  }

  NaiveTable table() {
    table_.keys = {"cohort", "day"};
    table_.columns = {{"cohort", ColumnType::kDate}, {"size", ColumnType::kCount},
                      {"day", ColumnType::kInt},     {"value", ColumnType::kDecimal},
                      {"ltv", ColumnType::kRatio},   {"payers", ColumnType::kCount},
                      {"arppu", ColumnType::kRatio}};
    if (ask_.cost) {
      table_.columns.insert(table_.columns.end(), {{"cost", ColumnType::kDecimal},
                                                   {"cost_per_user", ColumnType::kRatio},
                                                   {"ltv_to_cost", ColumnType::kRatio},
                                                   {"payback_day", ColumnType::kInt}});
    }
    table_.columns.push_back({"complete", ColumnType::kBool});
    for (std::size_t row = 0; row < cohorts_.size(); ++row) {
      const Cell payback = payback_of(row);
      for (const std::int32_t late : ask_.horizons) {
        if (range_.periods[row] + late > scope_.now.day) continue;
        Numbers numbers = numbers_of(row, late);
        add_row(range_.periods[row], std::move(numbers), late, ended(row, late), payback);
      }
    }
    if (ask_.summary != LtvQuery::Summary::kNone) {
      for (const std::int32_t late : ask_.horizons) add_summary(late);
    }
    return std::move(table_);
  }

 private:
  struct Numbers {
    NaiveCell size, payers;
    std::int64_t size_count = 0, payer_count = 0;
    AmountSum value = 0, cost = 0;
  };

  void read_cost(const std::optional<PropertyCondition>& value) {
    const std::uint32_t decimals = scope_.data.settings.value_decimals;
    if (const auto* all = std::get_if<LtvQuery::CostPerUser>(&*ask_.cost)) {
      per_user_ = amount_of(all->amount, decimals);
    }
    if (const auto* events = std::get_if<LtvQuery::CostOfEvents>(&*ask_.cost)) {
      const std::vector<std::size_t> found = scope_.events(events->event);
      cost_events_ = std::set<std::size_t>(found.begin(), found.end());
    }
    if (const auto* by_value = std::get_if<LtvQuery::CostByValue>(&*ask_.cost)) {
      const bool is_rest = !value || value->test == PropertyCondition::Test::kNoneOf;
      const std::string label = is_rest ? "$other" : value->values[0];
      for (const auto& [name, amount] : by_value->amounts) {
        if (name == label) per_user_ = amount_of(amount, decimals);
      }
    }
  }

  bool knows_cost() const { return per_user_ || cost_events_; }
  Day last_of(std::size_t row) const {
    return calendar_.last_day(range_.periods[row], ask_.period);
  }
  bool ended(std::size_t row, std::int32_t late) const {
    return scope_.now.ended(last_of(row) + late);
  }
  std::optional<std::size_t> row_of(Day day) const {
    for (std::size_t row = 0; row < range_.periods.size(); ++row) {
      if (range_.periods[row] <= day && day <= last_of(row)) return row;
    }
    return std::nullopt;
  }

  std::map<NaiveUser, Day> first_days() const {
    std::map<NaiveUser, Day> firsts;
    for (const auto& [user, days] : scope_.days_by_user(ask_.cohort_event)) {
      for (const Day day : days) {
        if (ask_.cohort == LtvQuery::Cohort::kFirstInRange && !row_of(day)) continue;
        firsts.emplace(user, day);
        break;
      }
    }
    return firsts;
  }

  std::map<NaiveUser, std::map<Day, DayAmounts>> amounts_by_user() const {
    const NaiveData& data = scope_.data;
    std::map<NaiveUser, std::map<Day, DayAmounts>> amounts;
    for (const std::size_t i : scope_.events(ask_.value_event)) {
      if (cost_events_ && cost_events_->contains(i)) continue;
      amounts[data.user_of[i]][data.days[i]].value += data.events[i].value.value_or(0);
    }
    if (!cost_events_) return amounts;
    for (const std::size_t i : *cost_events_) {
      amounts[data.user_of[i]][data.days[i]].cost += data.events[i].value.value_or(0);
    }
    return amounts;
  }

  Numbers numbers_of(std::size_t row, std::int32_t late) const {
    Numbers numbers;
    Users all, payers;
    for (const LtvUser& user : cohorts_[row]) {
      const DayAmounts sums = user.through(late);
      all.push_back(user.user);
      if (sums.value > 0) payers.push_back(user.user);
      numbers.value += sums.value;
      numbers.cost += per_user_ ? *per_user_ : sums.cost;
    }
    numbers.size_count = count(all);
    numbers.payer_count = count(payers);
    numbers.size = std::move(all);
    numbers.payers = std::move(payers);
    return numbers;
  }

  Cell payback_of(std::size_t row) const {
    if (!knows_cost() || cohorts_[row].empty()) return {};
    const std::vector<Day>& days = scope_.data.days;
    const Day last = *std::max_element(days.begin(), days.end());
    // Nothing comes after the last day.
    for (std::int32_t late = 0; ended(row, late) && range_.periods[row] + late <= last; ++late) {
      const Numbers numbers = numbers_of(row, late);
      if (numbers.value >= numbers.cost) return std::int64_t{late};
    }
    return {};
  }

  std::vector<Cell> quotients_of(const Numbers& numbers, bool complete) const {
    const std::uint32_t decimals = scope_.data.settings.value_decimals;
    return {amount_per_user(numbers.value, decimals, numbers.size_count, complete),
            amount_per_user(numbers.value, decimals, numbers.payer_count, complete),
            amount_per_user(numbers.cost, decimals, numbers.size_count, complete),
            amount_ratio(numbers.value, numbers.cost, complete)};
  }

  void add_row(const Cell& cohort, Numbers numbers, std::int32_t late, bool complete,
               const Cell& payback, const std::optional<std::vector<Cell>>& means = {}) {
    const std::uint32_t decimals = scope_.data.settings.value_decimals;
    const std::vector<Cell> quotients = means ? *means : quotients_of(numbers, complete);
    std::vector<NaiveCell> row = {cohort,
                                  std::move(numbers.size),
                                  Cell(std::int64_t{late}),
                                  Cell(decimal_text(numbers.value, decimals)),
                                  quotients[0],
                                  std::move(numbers.payers),
                                  quotients[1]};
    if (knows_cost()) {
      row.insert(row.end(),
                 {Cell(decimal_text(numbers.cost, decimals)), quotients[2], quotients[3], payback});
    } else if (ask_.cost) {
      row.insert(row.end(), 4, Cell());
    }
    row.emplace_back(Cell(complete));
    table_.rows.push_back(std::move(row));
  }

  void add_summary(std::int32_t late) {
    Numbers all;
    std::vector<std::vector<Cell>> quotients(4);
    bool is_known = false;
    for (std::size_t row = 0; row < cohorts_.size(); ++row) {
      if (!ended(row, late)) continue;
      is_known = true;
      const Numbers numbers = numbers_of(row, late);
      all.size_count += numbers.size_count;
      all.payer_count += numbers.payer_count;
      all.value += numbers.value;
      all.cost += numbers.cost;
      const std::vector<Cell> of_row = quotients_of(numbers, true);
      for (std::size_t i = 0; i < of_row.size(); ++i) quotients[i].push_back(of_row[i]);
    }
    if (!is_known) return;
    all.size = Cell(all.size_count);
    all.payers = Cell(all.payer_count);
    std::optional<std::vector<Cell>> means;
    if (ask_.summary == LtvQuery::Summary::kMean) {
      means.emplace();
      for (const std::vector<Cell>& of_rows : quotients) means->push_back(mean_of_cells(of_rows));
    }
    add_row(Cell(), std::move(all), late, true, Cell(), means);
  }

  const LtvQuery& ask_;
  const NaiveScope& scope_;
  const NaiveRange& range_;
  const NaiveCalendar& calendar_;
  std::optional<AmountSum> per_user_;
  std::optional<std::set<std::size_t>> cost_events_;
  std::vector<std::vector<LtvUser>> cohorts_;  // by row
  NaiveTable table_;
};

}  // namespace

NaiveTable ltv_table(const LtvQuery& ask, const NaiveScope& scope, const NaiveRange& range,
                     const std::optional<PropertyCondition>& value) {
  return Ltv(ask, scope, range, value).table();
}

}  // namespace rollcall::testing
