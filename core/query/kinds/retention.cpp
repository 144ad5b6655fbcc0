// Retention asks which users of a cohort came back, period by period.
//
// Period sets are made once per chunk and shared by all cohorts. For a cohort whose users join
// once, everybody seen before is taken away from its period's set.
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "core/query/kinds/kind_rows.h"
#include "core/query/kinds/kind_table.h"
#include "core/query/plan/table_plan.h"
#include "core/query/text/explanation.h"
#include "core/query/text/query_validation.h"
#include "core/query/text/selector_json.h"

namespace rollcall {
namespace {

using Cohort = RetentionQuery::Cohort;
using Mode = RetentionQuery::Mode;
using Summary = RetentionQuery::Summary;
using Measure = RetentionQuery::Measure;
using BreakdownMatch = RetentionQuery::BreakdownMatch;

// This many cohorts are made before they meet the columns: a multiple of what the kernel takes at
// once, and few enough for a cache.
constexpr std::size_t kRowsTogether = 30;

// A column has the periods `first` to `last` after the cohort's own.
struct PeriodGroup {
  std::int32_t first = 0;
  std::int32_t last = 0;
};

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

// Returns the query with the number of periods that it leaves to us.
Query with_periods(Query query) {
  auto& ask = std::get<RetentionQuery>(query.ask);
  if (!ask.periods && ask.brackets.empty()) ask.periods = ask.period == Period::kDay ? 14 : 12;
  return query;
}

class RetentionPlan final : public TablePlan {
 public:
  RetentionPlan(const Query& query, const PlanContext& context, Scope scope, PeriodRange range,
                SeriesUnion cohort_events, SeriesUnion return_events,
                std::optional<SeriesUnion> cohort_value);

  // A row has these cells: its size, and its users of each column that may begin in time.
  std::size_t cells_per_row() const { return 1 + begun_count_; }
  std::size_t cell_count() const override { return range_.size() * cells_per_row(); }
  bool has_amounts() const override { return ask_.measure == Measure::kValue; }
  QueryResult finish(const Partial& counts) const override;
  std::vector<std::size_t> cells_of(std::size_t row, std::string_view column) const override;

 private:
  // A chunk has these sets: `returned` of each period from the first cohort's on, and, for
  // `on_or_after`, `later`, with those who returned in that period or after it.
  struct PeriodSets {
    std::vector<BitSpan> returned;
    std::vector<BitSpan> later;
  };

  void count(ChunkSets& sets, CellSink& sink) const override;
  // Says whether each column of a row is one set, which the rows before meet one column later.
  bool is_band() const {
    return !has_amounts() && ask_.brackets.empty() &&
           (ask_.mode == Mode::kOn || ask_.mode == Mode::kOnOrAfter);
  }
  void count_band(std::size_t first_row, std::span<const BitSpan> cohorts,
                  const PeriodSets& periods, CellSink& sink) const;
  void count_row(std::size_t row, BitSpan cohort, const PeriodSets& periods, ChunkSets& sets,
                 CellSink& sink) const;
  // Holds the amounts of a row's users: those of the periods of each column, as the mode takes them
  // together.
  void count_amounts(std::size_t row, BitSpan cohort, const PeriodSets& periods, ChunkSets& sets,
                     CellSink& sink) const;
  // Returns the users' amounts, from the first period of `group` after the row's own to the last.
  AmountSum amount_of(std::size_t row, PeriodGroup group, BitSpan users,
                      const ChunkSets& sets) const;
  void add_measures(std::size_t cell, std::uint64_t size, bool complete, const Partial& counts,
                    std::vector<Cell>& row) const;
  void add_summary(const Partial& counts, QueryResult& result) const;

  Day first_day(std::size_t row) const {
    return calendar_.first_day(range_.first + static_cast<std::int32_t>(row));
  }
  bool has_begun(std::size_t row, PeriodGroup group) const {
    return static_cast<std::int64_t>(row) + group.first <= last_index_ - range_.first;
  }
  bool is_complete(std::size_t row, PeriodGroup group) const {
    const std::int64_t index = range_.first + static_cast<std::int64_t>(row) + group.last;
    return index <= last_index_ &&
           timeframe_.has_ended(calendar_.last_day(static_cast<std::int32_t>(index)));
  }
  Cell label(PeriodGroup group) const;

  const RetentionQuery ask_;
  const Calendar calendar_;
  const PeriodRange range_;
  const SeriesUnion cohort_events_;
  const SeriesUnion return_events_;
  const std::vector<SeriesId> valued_events_;  // where their amounts are
  const std::uint32_t decimals_;
  // In a breakdown by the cohort event, users who join count where an event of the value lies in
  // the cohort's period.
  const std::optional<SeriesUnion> cohort_value_;
  const std::int32_t last_index_;  // of the period that holds as_of
  const std::vector<PeriodGroup> groups_;
  std::size_t begun_count_ = 0;     // columns that have begun for the first cohort at least
  std::int32_t last_returned_ = 0;  // the last period that a cell needs by itself
  LongUnion joined_before_;         // for first_ever: who cannot join any more
  LongUnion returned_after_;        // for on_or_after: past last_returned_
};

RetentionPlan::RetentionPlan(const Query& query, const PlanContext& context, Scope scope,
                             PeriodRange range, SeriesUnion cohort_events,
                             SeriesUnion return_events, std::optional<SeriesUnion> cohort_value)
    : TablePlan(query, std::move(scope)),
      ask_(std::get<RetentionQuery>(query.ask)),
      calendar_(ask_.period, context.settings.week_start),
      range_(range),
      cohort_events_(std::move(cohort_events)),
      return_events_(std::move(return_events)),
      valued_events_(counted_series(return_events_, context.catalog)),
      decimals_(context.settings.value_decimals),
      cohort_value_(std::move(cohort_value)),
      last_index_(calendar_.index_of(timeframe_.last_day)),
      groups_(make_groups(ask_)) {
  if (range_.size() > 0) {
    while (begun_count_ < groups_.size() && has_begun(0, groups_[begun_count_])) ++begun_count_;
    const std::int64_t last = static_cast<std::int64_t>(range_.last) + groups_.back().last;
    last_returned_ = static_cast<std::int32_t>(std::min<std::int64_t>(last, last_index_));
    const Day first_day = calendar_.first_day(range_.first);
    read_presence(return_events_, {first_day, calendar_.last_day(last_returned_)});
    if (!(cohort_events_ == return_events_)) {
      read_presence(cohort_events_, {first_day, calendar_.last_day(range_.last)});
    }
    if (cohort_value_) {
      read_presence(*cohort_value_, {first_day, calendar_.last_day(range_.last)});
    }
    if (ask_.cohort == Cohort::kFirstEver) {
      joined_before_ = LongUnion::before(cohort_events_, first_day, timeframe_);
    }
    if (ask_.mode == Mode::kOnOrAfter) {
      returned_after_ =
          LongUnion::since(return_events_, calendar_.first_day(last_returned_ + 1), timeframe_);
    }
    if (has_amounts()) {
      const Day last_day =
          ask_.mode == Mode::kOnOrAfter ? timeframe_.data.last : calendar_.last_day(last_returned_);
      reads_.amounts.push_back(
          {valued_events_,
           {std::max(first_day, timeframe_.data.first), std::min(last_day, timeframe_.data.last)}});
    }
    joined_before_.add_reads(reads_);
    returned_after_.add_reads(reads_);
  }

  std::vector<std::string> notes = {
      "a cell is complete when its last period has ended at as_of; the rate of an incomplete one "
      "is null, and a cell that begins after as_of is left out"};
  if (ask_.cohort == Cohort::kFirstInRange) {
    notes.push_back(
        "the range in which a user's first event counts is that from from to to, both as "
        "given here: whole periods");
  }
  if (ask_.mode == Mode::kOnOrAfter) {
    notes.push_back("on_or_after counts returns up to as_of, also past the last period shown");
  }
  if (!ask_.brackets.empty() && ask_.mode == Mode::kStreak) {
    notes.push_back(
        "a streak goes on through a bracket when the user is seen in one of its periods");
  }
  if (!query.common.breakdown.empty()) {
    notes.push_back(
        ask_.breakdown_match == BreakdownMatch::kCohort
            ? "the value is that of a cohort event in the cohort's period; return events "
              "count whatever theirs is"
            : "the value is that of both events: who joins is decided by events of the "
              "value alone");
  }
  if (has_amounts()) {
    notes.push_back(
        "value is the sum of the amounts of return events in the periods of the cell; "
        "value_per_user divides it by size, all users of the cohort, returned or not");
  }
  if (ask_.summary != Summary::kNone) {
    notes.push_back(
        "a summary row counts the complete cells of its column, and is left out where there are "
        "none");
  }
  for (const SeriesUnion* events : {&cohort_events_, &return_events_}) {
    for (const std::string& note : events->notes) {
      if (std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(note);
    }
  }
  define(fields_of(query), context, &range_, std::move(notes));

  result_.columns = {{"cohort", ColumnType::kDate},
                     {"size", ColumnType::kCount},
                     {"period", ask_.brackets.empty() ? ColumnType::kInt : ColumnType::kString}};
  if (has_amounts()) {
    result_.columns.push_back({"value", ColumnType::kDecimal});
    result_.columns.push_back({"value_per_user", ColumnType::kRatio});
    result_.pivot = Pivot{{"cohort"}, "size", "period", "value", "value_per_user", "cohort"};
  } else {
    result_.columns.push_back({"users", ColumnType::kCount});
    result_.columns.push_back({"rate", ColumnType::kRatio});
    result_.pivot = Pivot{{"cohort"}, "size", "period", "users", "rate", "cohort", true};
  }
  result_.columns.push_back({"complete", ColumnType::kBool});
}

void RetentionPlan::count(ChunkSets& sets, CellSink& sink) const {
  if (range_.size() == 0) return;
  PeriodSets periods;
  periods.returned = sets.active_by_period(return_events_, calendar_, range_.first, last_returned_);
  if (ask_.mode == Mode::kOnOrAfter) {
    periods.later = periods.returned;
    sets.unite_with_later(periods.later, sets.active(returned_after_));
  }

  const bool same_events = cohort_events_ == return_events_;
  MutableSet seen = sets.make_set();
  seen.add(sets.active(joined_before_));
  const std::size_t mark = sets.arena().mark();
  std::vector<BitSpan> cohorts;
  for (std::size_t row = 0; row < range_.size(); ++row) {
    MutableSet newcomers = sets.make_set();
    const std::size_t joined_mark = sets.arena().mark();
    const std::int32_t index = range_.first + static_cast<std::int32_t>(row);
    BitSpan cohort =
        same_events ? periods.returned[row] : sets.active(cohort_events_, calendar_.days(index));
    if (ask_.cohort != Cohort::kRecurring) {
      newcomers.assign(cohort);
      newcomers.remove(seen.span());
      seen.add(cohort);
      cohort = newcomers.span();
    }
    if (cohort_value_) {
      newcomers.assign(cohort);
      newcomers.keep(sets.active(*cohort_value_, calendar_.days(index)));
      cohort = newcomers.span();
    }
    if (!cohort.empty() && cohort.words == newcomers.span().words) {
      sets.arena().give_back_to(joined_mark);
    }
    cohorts.push_back(cohort);
    if (cohorts.size() < kRowsTogether && row + 1 < range_.size()) continue;
    const std::size_t first_row = row + 1 - cohorts.size();
    if (is_band()) {
      count_band(first_row, cohorts, periods, sink);
    } else {
      const std::size_t row_mark = sets.arena().mark();
      for (std::size_t i = 0; i < cohorts.size(); ++i) {
        if (has_amounts()) {
          count_amounts(first_row + i, cohorts[i], periods, sets, sink);
        } else {
          count_row(first_row + i, cohorts[i], periods, sets, sink);
        }
        sets.arena().give_back_to(row_mark);
      }
    }
    cohorts.clear();
    sets.arena().give_back_to(mark);
  }
}

void RetentionPlan::count_band(std::size_t first_row, std::span<const BitSpan> cohorts,
                               const PeriodSets& periods, CellSink& sink) const {
  const std::size_t first_cell = first_row * cells_per_row();
  for (std::size_t i = 0; i < cohorts.size(); ++i) {
    sink.add(first_cell + i * cells_per_row(), cohorts[i]);
  }
  const std::span columns(ask_.mode == Mode::kOn ? periods.returned : periods.later);
  sink.add_and_band({.first_cell = first_cell + 1,
                     .cells_per_row = cells_per_row(),
                     .width = begun_count_,
                     .rows = cohorts,
                     .columns = columns.subspan(first_row)});
}

void RetentionPlan::count_row(std::size_t row, BitSpan cohort, const PeriodSets& periods,
                              ChunkSets& sets, CellSink& sink) const {
  if (cohort.empty()) return;
  std::size_t cell = row * cells_per_row();
  sink.add(cell++, cohort);
  MutableSet group_set = sets.make_set();  // who returned in some period of the group
  MutableSet reached = sets.make_set();    // who returned up to the group; or whose streak goes on
  if (ask_.mode == Mode::kStreak) reached.assign(cohort);

  for (const PeriodGroup group : groups_) {
    if (!has_begun(row, group)) break;
    const std::size_t first = row + static_cast<std::size_t>(group.first);
    if (ask_.mode == Mode::kOnOrAfter) {
      sink.add_and(cell++, cohort, periods.later[first]);
      continue;
    }
    BitSpan returned = periods.returned[first];
    if (group.first < group.last) {
      const std::size_t last =
          std::min(row + static_cast<std::size_t>(group.last), periods.returned.size() - 1);
      group_set.clear();
      for (std::size_t i = first; i <= last; ++i) group_set.add(periods.returned[i]);
      returned = group_set.span();
    }
    switch (ask_.mode) {
      case Mode::kOn:
      case Mode::kOnOrAfter:
        sink.add_and(cell++, cohort, returned);
        break;
      case Mode::kOnOrBefore:
        reached.add(returned);
        sink.add_and(cell++, cohort, reached.span());
        break;
      case Mode::kStreak:
        reached.keep(returned);
        sink.add(cell++, reached.span());
        break;
    }
  }
}

AmountSum RetentionPlan::amount_of(std::size_t row, PeriodGroup group, BitSpan users,
                                   const ChunkSets& sets) const {
  const std::int32_t own = range_.first + static_cast<std::int32_t>(row);
  const std::int64_t last = std::min<std::int64_t>(std::int64_t{own} + group.last, last_index_);
  return sets.amount(
      valued_events_,
      {calendar_.first_day(own + group.first), calendar_.last_day(static_cast<std::int32_t>(last))},
      users);
}

void RetentionPlan::count_amounts(std::size_t row, BitSpan cohort, const PeriodSets& periods,
                                  ChunkSets& sets, CellSink& sink) const {
  if (cohort.empty()) return;
  std::size_t cell = row * cells_per_row();
  sink.add(cell++, cohort);
  MutableSet reached = sets.make_set();  // whose streak goes on
  MutableSet group_set = sets.make_set();
  reached.assign(cohort);
  AmountSum before = 0;  // of the columns before
  // This covers all columns and what comes after them.
  constexpr std::int32_t kEver = std::numeric_limits<std::int32_t>::max() / 2;
  const AmountSum ever =
      ask_.mode == Mode::kOnOrAfter ? amount_of(row, {0, kEver}, cohort, sets) : 0;
  for (const PeriodGroup group : groups_) {
    if (!has_begun(row, group)) break;
    if (ask_.mode == Mode::kStreak) {
      const std::size_t first = row + static_cast<std::size_t>(group.first);
      const std::size_t last =
          std::min(row + static_cast<std::size_t>(group.last), periods.returned.size() - 1);
      group_set.assign_union(std::span(periods.returned).subspan(first, last - first + 1));
      reached.keep(group_set.span());
    }
    const AmountSum amount = amount_of(row, group, reached.span(), sets);
    switch (ask_.mode) {
      case Mode::kOn:
      case Mode::kStreak:
        sink.add_amount(cell++, amount);
        break;
      case Mode::kOnOrBefore:
        sink.add_amount(cell++, before + amount);
        break;
      case Mode::kOnOrAfter:
        sink.add_amount(cell++, ever - before);
        break;
    }
    before += amount;
  }
}

Cell RetentionPlan::label(PeriodGroup group) const {
  if (ask_.brackets.empty()) return std::int64_t{group.first};
  std::string text = std::to_string(group.first);
  if (group.first < group.last) text.append("-").append(std::to_string(group.last));
  return text;
}

void RetentionPlan::add_measures(std::size_t cell, std::uint64_t size, bool complete,
                                 const Partial& counts, std::vector<Cell>& row) const {
  if (has_amounts()) {
    row.push_back(decimal_cell(counts.amounts[cell], decimals_));
    row.push_back(quotient_cell(counts.amounts[cell], decimals_, size, complete));
  } else {
    row.push_back(count_cell(counts.cells[cell]));
    row.push_back(ratio_cell(counts.cells[cell], size, complete));
  }
  row.push_back(complete);
}

QueryResult RetentionPlan::finish(const Partial& counts) const {
  QueryResult result = result_;
  for (std::size_t row = 0; row < range_.size(); ++row) {
    const std::size_t first = row * cells_per_row();
    const std::uint64_t size = counts.cells[first];
    for (std::size_t i = 0; i < groups_.size() && has_begun(row, groups_[i]); ++i) {
      add_row(result, first_day(row), count_cell(size), label(groups_[i]));
      add_measures(first + 1 + i, size, is_complete(row, groups_[i]), counts, result.rows.back());
    }
  }
  if (ask_.summary != Summary::kNone && range_.size() > 0) add_summary(counts, result);
  return result;
}

void RetentionPlan::add_summary(const Partial& counts, QueryResult& result) const {
  const Divisor scale = has_amounts() ? scale_of(decimals_) : 1;
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    // Columns that no cohort has reached cannot be known, and are not 0. Later columns are not
    // reached either.
    if (!is_complete(0, groups_[i])) return;
    Partial pooled;  // of one cell
    pooled.cells.resize(1);
    pooled.amounts.resize(1);
    std::uint64_t size = 0;
    QuotientMean rates;
    for (std::size_t row = 0; row < range_.size() && is_complete(row, groups_[i]); ++row) {
      const std::size_t first = row * cells_per_row();
      const std::uint64_t cohort_size = counts.cells[first];
      const std::uint64_t users = counts.cells[first + 1 + i];
      const AmountSum amount = has_amounts() ? counts.amounts[first + 1 + i] : AmountSum{users};
      size += cohort_size;
      pooled.cells[0] += users;
      pooled.amounts[0] += amount;
      if (cohort_size != 0) rates.add(amount, scale * cohort_size);
    }
    add_row(result, Cell(), count_cell(size), label(groups_[i]));
    std::vector<Cell>& row = result.rows.back();
    const std::size_t rate = row.size() + 1;
    add_measures(0, size, /*complete=*/true, pooled, row);
    if (ask_.summary == Summary::kMean && rates.count() > 0) row[rate] = rates.value();
  }
}

std::vector<std::size_t> RetentionPlan::cells_of(std::size_t row, std::string_view column) const {
  // The rows of the table are the cells of the matrix that have begun, cohort by cohort; summaries
  // follow.
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

PlanResult plan(const RetentionQuery&, const Query& query, const PlanContext& context) {
  const Query in_force = with_periods(query);
  const auto& ask = std::get<RetentionQuery>(in_force.ask);
  const bool by_cohort = context.value != nullptr && ask.breakdown_match == BreakdownMatch::kCohort;
  const auto resolve = [&](std::string_view field, const Selector& selector, bool with_value) {
    return resolve_selector(
        field, selector, with_value ? conditions_of(query, context) : query.common.where, context);
  };
  ROLLCALL_ASSIGN_OR_RETURN(SeriesUnion cohort_events,
                            resolve("retention: cohort_event", ask.cohort_event, !by_cohort));
  ROLLCALL_ASSIGN_OR_RETURN(SeriesUnion return_events,
                            resolve("retention: return_event", ask.return_event, !by_cohort));
  std::optional<SeriesUnion> cohort_value;
  if (by_cohort) {
    ROLLCALL_ASSIGN_OR_RETURN(
        cohort_value, resolve("retention: cohort_event", ask.cohort_event, /*with_value=*/true));
  }
  ROLLCALL_ASSIGN_OR_RETURN(Scope scope, resolve_scope("retention", query, context));
  ROLLCALL_ASSIGN_OR_RETURN(const PeriodRange range,
                            resolve_range("retention", query.common, context, scope.timeframe,
                                          Calendar(ask.period, context.settings.week_start)));
  const std::size_t column_count =
      ask.brackets.empty() ? static_cast<std::size_t>(*ask.periods) + 1 : ask.brackets.size() + 1;
  ROLLCALL_RETURN_IF_ERROR(check_cell_count("retention", 1, column_count));
  auto plan = std::make_unique<RetentionPlan>(in_force, context, std::move(scope), range,
                                              std::move(cohort_events), std::move(return_events),
                                              std::move(cohort_value));
  ROLLCALL_RETURN_IF_ERROR(check_cell_count("retention", range.size(), plan->cells_per_row()));
  return PlanResult(std::move(plan));
}

// --- The row. ---

constexpr std::array<Spelling<Cohort>, 3> kCohortNames = {
    {{"first_ever", Cohort::kFirstEver},
     {"first_in_range", Cohort::kFirstInRange},
     {"recurring", Cohort::kRecurring}}};

constexpr std::array<Spelling<Mode>, 4> kModeNames = {{{"on", Mode::kOn},
                                                       {"on_or_after", Mode::kOnOrAfter},
                                                       {"on_or_before", Mode::kOnOrBefore},
                                                       {"streak", Mode::kStreak}}};

constexpr std::array<Spelling<Summary>, 3> kSummaryNames = {
    {{"pooled", Summary::kPooled}, {"mean", Summary::kMean}, {"none", Summary::kNone}}};

constexpr std::array<Spelling<Measure>, 2> kMeasureNames = {
    {{"users", Measure::kUsers}, {"value", Measure::kValue}}};

constexpr std::array<Spelling<BreakdownMatch>, 2> kBreakdownMatchNames = {
    {{"cohort", BreakdownMatch::kCohort}, {"both", BreakdownMatch::kBoth}}};

constexpr std::int32_t kPeriodsMax = std::numeric_limits<std::int32_t>::max();

constexpr std::string_view kBothEvents[] = {"cohort_event", "return_event"};
constexpr std::string_view kPeriodsField[] = {"periods"};

constexpr QueryField kRetentionFields[] = {
    {.name = "event",
     .type = FieldType::kEvent,
     .meaning = "Event of both kinds",
     .stands_for = kBothEvents},
    field_of_event("cohort_event", "Event that makes a user join"),
    field_of_event("return_event", "Event that counts as coming back"),
    field_of_word("cohort", "When a user joins", "\"first_ever\"", kWordsOf<kCohortNames>),
    field_of_word("mode", "When a user counts as back", "\"on\"", kWordsOf<kModeNames>),
    kPeriodField,
    field_of_integer("periods", "Columns after the first: unless given, 14 for days, else 12", 0,
                     kPeriodsMax),
    {.name = "brackets",
     .type = FieldType::kIntegers,
     .meaning = "Sizes of column groups, such as 1,2,4",
     .min = 1,
     .max = kPeriodsMax,
     .excludes = kPeriodsField},
    field_of_word("summary", "How the last row sums up", "\"pooled\"", kWordsOf<kSummaryNames>),
    field_of_word("measure", "What a cell holds: users, or the amounts of their return events",
                  "\"users\"", kWordsOf<kMeasureNames>),
    {.name = "breakdown_match",
     .type = FieldType::kWord,
     .meaning = "Whose value counts in a breakdown: the cohort event's, or both events'",
     .default_json = "\"cohort\"",
     .words = kWordsOf<kBreakdownMatchNames>,
     .needs = "breakdown"}};

Status parse(const QueryObject& object, RetentionQuery& ask) {
  if (object.has("event") && (object.has("cohort_event") || object.has("return_event"))) {
    return object.fault("event: stands for cohort_event and return_event: give either, found both");
  }
  const FieldReader event = {
      "event", [&ask](const Json& value, const std::string& path) -> Status {
        ROLLCALL_RETURN_IF_ERROR(read_selector(value, path, ask.cohort_event));
        ask.return_event = ask.cohort_event;
        return {};
      }};
  const FieldReader brackets = {"brackets", [&ask](const Json& value, const std::string& path) {
                                  return !value.is_array() || value.empty()
                                             ? unexpected(path, "a list of whole numbers", value)
                                             : read_integers(value, path, ask.brackets);
                                }};
  return object.read({event, selector_field("cohort_event", ask.cohort_event),
                      selector_field("return_event", ask.return_event),
                      word_field("cohort", kCohortNames, ask.cohort),
                      word_field("period", kPeriodNames, ask.period),
                      optional_integer_field("periods", ask.periods),
                      word_field("mode", kModeNames, ask.mode), brackets,
                      word_field("summary", kSummaryNames, ask.summary),
                      word_field("measure", kMeasureNames, ask.measure),
                      word_field("breakdown_match", kBreakdownMatchNames, ask.breakdown_match)});
}

JsonFields write(const RetentionQuery& ask) {
  JsonFields fields = {{"cohort_event", selector_json(ask.cohort_event)},
                       {"return_event", selector_json(ask.return_event)},
                       {"cohort", word(kCohortNames, ask.cohort)},
                       {"period", word(kPeriodNames, ask.period)}};
  if (ask.periods) fields.emplace_back("periods", std::to_string(*ask.periods));
  fields.emplace_back("mode", word(kModeNames, ask.mode));
  if (!ask.brackets.empty()) fields.emplace_back("brackets", integer_list(ask.brackets));
  fields.emplace_back("summary", word(kSummaryNames, ask.summary));
  fields.emplace_back("measure", word(kMeasureNames, ask.measure));
  return fields;
}

JsonFields write_of_breakdown(const RetentionQuery& ask) {
  return {{"breakdown_match", word(kBreakdownMatchNames, ask.breakdown_match)}};
}

Status check(const RetentionQuery& ask) {
  ROLLCALL_RETURN_IF_ERROR(check_selector("cohort_event", ask.cohort_event));
  ROLLCALL_RETURN_IF_ERROR(check_selector("return_event", ask.return_event));
  if (ask.periods) {
    ROLLCALL_RETURN_IF_ERROR(check_whole_number("periods", *ask.periods, 0, kPeriodsMax));
    if (!ask.brackets.empty()) {
      return Status::invalid_argument("brackets: stand for periods: give either, found both");
    }
  }
  std::int64_t sum = 0;
  for (const std::int32_t size : ask.brackets) {
    ROLLCALL_RETURN_IF_ERROR(check_whole_number("brackets: a size", size, 1, kPeriodsMax));
    sum += size;
    ROLLCALL_RETURN_IF_ERROR(check_whole_number("brackets: their sum", sum, 1, kPeriodsMax));
  }
  return {};
}

std::string describe(const RetentionQuery& ask) {
  const std::string period = to_string(ask.period);
  std::string text;
  switch (ask.cohort) {
    case Cohort::kFirstEver:
      text = fmt::format("Users join the cohort of the {} of their first ever {}.", period,
                         event_noun(ask.cohort_event));
      break;
    case Cohort::kFirstInRange:
      text = fmt::format("Users join the cohort of the {} of their first {} within the range.",
                         period, event_noun(ask.cohort_event));
      break;
    case Cohort::kRecurring:
      text = fmt::format("Users join the cohort of every {} in which they have {}.", period,
                         event_words(ask.cohort_event));
      break;
  }
  const std::string event = event_words(ask.return_event);
  switch (ask.mode) {
    case Mode::kOn:
      text += fmt::format(" A cell counts those of them with {} in the {} so many {}s later.",
                          event, period, period);
      break;
    case Mode::kOnOrAfter:
      text += fmt::format(
          " A cell counts those of them with {} in the {} so many {}s later, or in "
          "any after it.",
          event, period, period);
      break;
    case Mode::kOnOrBefore:
      text += fmt::format(
          " A cell counts those of them with {} in any {} from the cohort's own to "
          "the one so many {}s later.",
          event, period, period);
      break;
    case Mode::kStreak:
      text += fmt::format(
          " A cell counts those of them with {} in every {} from the cohort's own "
          "to the one so many {}s later.",
          event, period, period);
      break;
  }
  if (!ask.brackets.empty()) text += fmt::format(" Columns are groups of {}s.", period);
  if (ask.measure == Measure::kValue) {
    text +=
        " What is shown is the sum of the amounts of those return events, in all and for each "
        "user of the cohort, returned or not.";
  }
  return text;
}

}  // namespace

const KindRow<RetentionQuery>& row_of(std::type_identity<RetentionQuery>) {
  static constexpr KindRow<RetentionQuery> kRow = {
      .kind = {.name = "retention",
               .summary = "Who came back: cohorts by period",
               .fields = kRetentionFields},
      .parse = parse,
      .write = write,
      .write_of_breakdown = write_of_breakdown,
      .check = check,
      .describe = describe,
      .plan = plan,
      .row_period = own_period,
      .ranked_event = [](const RetentionQuery& ask) -> const Selector& {
        return ask.cohort_event;
      }};
  return kRow;
}

}  // namespace rollcall
