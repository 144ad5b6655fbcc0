#include "core/query/kinds/retention_table.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "core/query/kinds/kind_table.h"
#include "core/query/text/query_json.h"

namespace rollcall {
namespace {

std::vector<PeriodGroup> make_groups(const RetentionQuery& ask) {
  std::vector<PeriodGroup> groups = {{0, 0}};
  for (const std::int32_t size : ask.brackets) {
    const std::int32_t first = groups.back().last + 1;
    groups.push_back({first, first + size - 1});
  }
  const std::int32_t periods = ask.brackets.empty() ? *ask.periods : 0;
  for (std::int32_t k = 1; k <= periods; ++k) groups.push_back({k, k});
  return groups;
}

// Returns how long a rolling period is, in microseconds, or 0 where periods are civil.
std::int64_t window_of(const RetentionQuery& ask) {
  if (ask.windows == RetentionQuery::Windows::kCalendar) return 0;
  switch (ask.period) {
    case Period::kMinute:
      return kUsPerMinute;
    case Period::kHour:
      return kUsPerHour;
    case Period::kDay:
      return kUsPerDay;
    case Period::kWeek:
      return 7 * kUsPerDay;
    case Period::kFortnight:
      return 14 * kUsPerDay;
    case Period::kMonth:
      return 30 * kUsPerDay;
    case Period::kQuarter:
      break;  // the question was checked
  }
  return 0;
}

// Returns the query with the number of periods that it leaves to us.
Query with_periods(Query query) {
  auto& ask = std::get<RetentionQuery>(query.ask);
  if (!ask.periods && ask.brackets.empty()) ask.periods = ask.period == Period::kDay ? 14 : 12;
  return query;
}

}  // namespace

Result<RetentionScope> RetentionScope::resolve(const Query& query, const PlanContext& context) {
  RetentionScope resolved;
  resolved.query = with_periods(query);
  const auto& ask = std::get<RetentionQuery>(resolved.query.ask);
  ROLLCALL_ASSIGN_OR_RETURN(resolved.periods,
                            resolve_periods("retention", query, context, ask.period));
  const std::size_t column_count =
      ask.brackets.empty() ? static_cast<std::size_t>(*ask.periods) + 1 : ask.brackets.size() + 1;
  ROLLCALL_RETURN_IF_ERROR(check_cell_count("retention", 1, column_count));
  return resolved;
}

RetentionTable::RetentionTable(RetentionScope scope, const PlanContext& context)
    : TablePlan(scope.query, std::move(scope.periods.scope)),
      query_(std::move(scope.query)),
      ask_(std::get<RetentionQuery>(query_.ask)),
      calendar_(ask_.period, context.settings.week_start),
      range_(std::move(scope.periods.range)),
      last_index_(calendar_.index_of(timeframe_.last_day)),
      groups_(make_groups(ask_)),
      window_us_(window_of(ask_)),
      decimals_(context.settings.value_decimals),
      ended_index_(calendar_.index_of(timeframe_.last_ended_day + 1) - 1) {
  while (range_.size() > 0 && begun_count_ < groups_.size() &&
         has_begun(0, groups_[begun_count_])) {
    ++begun_count_;
  }
}

void RetentionTable::define_table(const PlanContext& context,
                                  const std::vector<std::string>& event_notes) {
  std::vector<std::string> notes = notes_of(query_);
  for (const std::string& note : event_notes) {
    if (std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(note);
  }
  define(fields_of(query_), context, &range_, std::move(notes));
  add_columns();
}

RetentionTable::Reach RetentionTable::reach_of(std::size_t row) const {
  const std::int64_t own = range_.first + static_cast<std::int64_t>(row);
  if (window_us_ != 0) {
    const Day last = calendar_.last_day(static_cast<std::int32_t>(own));
    const std::int64_t since_first = timeframe_.as_of_time - axis().start_of(first_day(row));
    const std::int64_t since_last = timeframe_.as_of_time - axis().last_second_of(last);
    return {.begun = since_first < 0 ? -1 : since_first / window_us_,
            .complete = since_last < 0 ? -1 : since_last / window_us_ - 1};
  }
  return {.begun = last_index_ - own, .complete = ended_index_ - own};
}

std::string_view RetentionTable::note_of_value() const {
  if (ask_.breakdown_match == BreakdownMatch::kBoth) {
    return "the value is that of both events: who joins is decided by events of the value alone";
  }
  if (window_us_ != 0) {
    return "the value is that of a cohort event at the instant with which the user's periods "
           "begin; "
           "return events count whatever theirs is";
  }
  return "the value is that of a cohort event in the cohort's period; return events count whatever "
         "theirs is";
}

std::vector<std::string> RetentionTable::notes_of(const Query& query) const {
  std::vector<std::string> notes;
  if (window_us_ == 0) {
    notes.push_back(
        "a cell is complete when its last period has ended at as_of; the rate of an incomplete one "
        "is null, and a cell that begins after as_of is left out");
  } else {
    notes.push_back(
        "a cell is complete when its last period has ended at as_of for those who join at the last "
        "instant of the row; the rate of an incomplete one is null, and a cell whose first period "
        "begins after as_of for all who are in the row is left out");
  }
  if (ask_.cohort == Cohort::kFirstInRange) {
    notes.push_back(
        "the range in which a user's first event counts is that from from to to, both as "
        "given here: whole periods");
  }
  if (ask_.first_of == RetentionQuery::FirstOf::kName) {
    notes.push_back("of several first events of one instant, one that matches makes the user join");
  }
  if (ask_.mode == Mode::kOnOrAfter) {
    notes.push_back("on_or_after counts returns up to as_of, also past the last period shown");
  }
  if (!ask_.brackets.empty() && ask_.mode == Mode::kStreak) {
    notes.push_back(
        "a streak goes on through a bracket when the user is seen in one of its periods");
  }
  if (!query.common.breakdown.empty()) notes.emplace_back(note_of_value());
  if (has_amounts()) {
    notes.push_back(
        "value is the sum of the amounts of return events in the periods of the cell; "
        "value_per_user divides it by size, all users of the cohort, returned or not, and "
        "value_per_active by users, those with a return event among them");
  }
  if (ask_.summary != Summary::kNone) {
    notes.push_back(
        "a summary row counts the complete cells of its column, and is left out where there are "
        "none");
  }
  return notes;
}

void RetentionTable::add_columns() {
  result_.columns = {{"cohort", axis().key_type()},
                     {"size", ColumnType::kCount},
                     {"period", ask_.brackets.empty() ? ColumnType::kInt : ColumnType::kString}};
  if (has_amounts()) {
    result_.columns.push_back({"value", ColumnType::kDecimal});
    result_.columns.push_back({"value_per_user", ColumnType::kRatio});
    result_.columns.push_back({"users", ColumnType::kCount});
    result_.columns.push_back({"value_per_active", ColumnType::kRatio});
    result_.pivot = Pivot{{"cohort"}, "size", "period", "value", "value_per_user", "cohort"};
  } else {
    result_.columns.push_back({"users", ColumnType::kCount});
    result_.columns.push_back({"rate", ColumnType::kRatio});
    result_.pivot = Pivot{{"cohort"}, "size", "period", "users", "rate", "cohort", true};
  }
  result_.columns.push_back({"complete", ColumnType::kBool});
}

Cell RetentionTable::label(PeriodGroup group) const {
  if (ask_.brackets.empty()) return std::int64_t{group.first};
  std::string text = std::to_string(group.first);
  if (group.first < group.last) text.append("-").append(std::to_string(group.last));
  return text;
}

void RetentionTable::add_measures(std::size_t cell, std::uint64_t size, bool complete,
                                  const Partial& counts, std::vector<Cell>& row) const {
  if (has_amounts()) {
    row.push_back(decimal_cell(counts.amounts[cell], decimals_));
    row.push_back(quotient_cell(counts.amounts[cell], decimals_, size, complete));
    row.push_back(count_cell(counts.cells[cell]));
    row.push_back(quotient_cell(counts.amounts[cell], decimals_, counts.cells[cell], complete));
  } else {
    row.push_back(count_cell(counts.cells[cell]));
    row.push_back(ratio_cell(counts.cells[cell], size, complete));
  }
  row.push_back(complete);
}

QueryResult RetentionTable::finish(const Partial& counts) const {
  QueryResult result = result_;
  for (std::size_t row = 0; row < range_.size(); ++row) {
    const std::size_t first = row * cells_per_row();
    const std::uint64_t size = counts.cells[first];
    for (std::size_t i = 0; i < groups_.size() && has_begun(row, groups_[i]); ++i) {
      add_row(result, key_of(first_day(row)), count_cell(size), label(groups_[i]));
      add_measures(first + 1 + i, size, is_complete(row, groups_[i]), counts, result.rows.back());
    }
  }
  if (ask_.summary != Summary::kNone && range_.size() > 0) add_summary(counts, result);
  return result;
}

void RetentionTable::add_summary(const Partial& counts, QueryResult& result) const {
  const Divisor scale = has_amounts() ? scale_of(decimals_) : 1;
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    // What no cohort has reached cannot be known, and is not 0. Later columns are not reached
    // either.
    if (!is_complete(0, groups_[i])) return;
    Partial pooled;  // of one cell
    pooled.cells.resize(1);
    pooled.amounts.resize(1);
    std::uint64_t size = 0;
    QuotientMean rates;
    QuotientMean by_active;
    for (std::size_t row = 0; row < range_.size() && is_complete(row, groups_[i]); ++row) {
      const std::size_t first = row * cells_per_row();
      const std::uint64_t cohort_size = counts.cells[first];
      const std::uint64_t users = counts.cells[first + 1 + i];
      const AmountSum amount = has_amounts() ? counts.amounts[first + 1 + i] : AmountSum{users};
      size += cohort_size;
      pooled.cells[0] += users;
      pooled.amounts[0] += amount;
      if (cohort_size != 0) rates.add(amount, scale * cohort_size);
      if (users != 0) by_active.add(amount, scale * users);
    }
    add_row(result, Cell(), count_cell(size), label(groups_[i]));
    std::vector<Cell>& row = result.rows.back();
    const std::size_t rate = row.size() + 1;
    add_measures(0, size, /*complete=*/true, pooled, row);
    if (ask_.summary != Summary::kMean) continue;
    if (rates.count() > 0) row[rate] = rates.value();
    if (has_amounts() && by_active.count() > 0) row[rate + 2] = by_active.value();
  }
}

std::vector<std::size_t> RetentionTable::cells_of(std::size_t row, std::string_view column) const {
  // Rows of the table are cells of the matrix that have begun, cohort by cohort; summaries follow.
  for (std::size_t cohort = 0; cohort < range_.size(); ++cohort) {
    std::size_t begun = 0;
    while (begun < groups_.size() && has_begun(cohort, groups_[begun])) ++begun;
    if (row >= begun) {
      row -= begun;
      continue;
    }
    const std::size_t first = cohort * cells_per_row();
    if (column == "size") return {first};
    if (column == "users") return {first + 1 + row};
    return {};
  }
  return {};
}

}  // namespace rollcall
