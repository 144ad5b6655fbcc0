// Churn: who was active in a base period, and not in the `window` periods after it. A gap of N days
// is a window of N periods of one day.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/query/plan/plans.h"
#include "core/query/plan/table_plan.h"

namespace rollcall {
namespace {

// A row's cells.
enum CellOfRow : std::size_t { kBase, kRetained, kChurned, kRecalled, kCellsPerRow };

class ChurnPlan final : public TablePlan {
 public:
  ChurnPlan(const Query& query, const PlanContext& context, Scope scope, const Calendar& calendar,
            PeriodRange range, SeriesUnion events);

  std::size_t cell_count() const override { return range_.size() * kCellsPerRow; }
  QueryResult finish(const Partial& counts) const override;
  std::vector<std::size_t> cells_of(std::size_t row, std::string_view column) const override;

 private:
  // Who is in a row's base, in its window, and active after that.
  struct RowSets {
    BitSpan base;
    BitSpan back;
    BitSpan later;
  };
  void count(ChunkSets& sets, CellSink& sink) const override;
  void count_only_row(ChunkSets& sets, CellSink& sink) const;
  static void add_row_cells(std::size_t row, const RowSets& users, MutableSet& churned,
                            CellSink& sink);

  const ChurnQuery ask_;
  const Calendar calendar_;
  const PeriodRange range_;
  const SeriesUnion events_;
  const std::int32_t last_index_;  // of the period that holds as_of
  const std::int32_t window_;      // in periods
  std::int32_t last_needed_ = -1;  // the last period that a row needs by itself
  LongUnion active_before_;        // for new users: who is not
  LongUnion active_after_;         // past last_needed_
  // Of a single row: its window, which is read as a whole.
  std::optional<LongUnion> only_window_;
};

std::int32_t window_of(const ChurnQuery& ask) {
  const auto* gap = std::get_if<ChurnQuery::GapDays>(&ask.rule);
  return gap != nullptr ? gap->days : std::get<ChurnQuery::NextPeriods>(ask.rule).count;
}

ChurnPlan::ChurnPlan(const Query& query, const PlanContext& context, Scope scope,
                     const Calendar& calendar, PeriodRange range, SeriesUnion events)
    : TablePlan(query, std::move(scope)),
      ask_(std::get<ChurnQuery>(query.ask)),
      calendar_(calendar),
      range_(range),
      events_(std::move(events)),
      last_index_(calendar_.index_of(timeframe_.last_day)),
      window_(window_of(ask_)) {
  if (range_.size() > 0) {
    last_needed_ = std::min(range_.last + window_ + 1, last_index_);
    const Day first_day = calendar_.first_day(range_.first);
    if (range_.size() == 1) {
      read_presence(events_, calendar_.days(range_.first));
      only_window_ = LongUnion::over(
          events_,
          {calendar_.first_day(range_.first + 1), calendar_.last_day(range_.last + window_)},
          timeframe_);
      only_window_->add_reads(reads_);
      last_needed_ = std::min(range_.last + window_, last_index_);
    } else {
      read_presence(events_, {first_day, calendar_.last_day(last_needed_)});
    }
    if (ask_.base == ChurnQuery::Base::kNew) {
      active_before_ = LongUnion::before(events_, first_day, timeframe_);
    }
    active_after_ = LongUnion::since(events_, calendar_.first_day(last_needed_ + 1), timeframe_);
    active_before_.add_reads(reads_);
    active_after_.add_reads(reads_);
  }
  std::vector<std::string> notes = {
      "a row is complete when the last day on which its users could come back has ended at as_of; "
      "the counts of an incomplete one are those so far, and its rate is null",
      "recalled users came back after that day, up to as_of"};
  notes.insert(notes.end(), events_.notes.begin(), events_.notes.end());
  define(query, context, &range_, std::move(notes));
  result_.columns = {{"date", ColumnType::kDate},      {"base", ColumnType::kCount},
                     {"retained", ColumnType::kCount}, {"churned", ColumnType::kCount},
                     {"rate", ColumnType::kRatio},     {"recalled", ColumnType::kCount},
                     {"complete", ColumnType::kBool}};
  result_.pivot = Pivot{.rows = {"date"}, .cells = "churned", .rate = "rate"};
}

void ChurnPlan::count(ChunkSets& sets, CellSink& sink) const {
  if (range_.size() == 0) return;
  if (only_window_) {
    count_only_row(sets, sink);
    return;
  }
  const std::vector<BitSpan> active =
      sets.active_by_period(events_, calendar_, range_.first, last_needed_);
  const auto active_in = [&](std::size_t i) { return i < active.size() ? active[i] : BitSpan{}; };
  // No window needs to reach past the last set.
  const std::size_t window = std::min(static_cast<std::size_t>(window_), active.size());

  // later[row]: active after the row's window.
  std::vector<BitSpan> later(
      active.begin() + static_cast<std::ptrdiff_t>(
                           std::min(static_cast<std::size_t>(window_) + 1, active.size())),
      active.end());
  sets.unite_with_later(later, sets.active(active_after_));
  later.resize(range_.size());

  SlidingUnion window_union(sets, window, range_.size() + window - 1);
  for (std::size_t i = 1; i < window; ++i) window_union.push(active_in(i));
  MutableSet newcomers = sets.make_set();
  MutableSet seen = sets.make_set();
  MutableSet churned = sets.make_set();
  seen.add(sets.active(active_before_));
  for (std::size_t row = 0; row < range_.size(); ++row) {
    window_union.push(active_in(row + window));
    BitSpan base = active[row];
    if (ask_.base == ChurnQuery::Base::kNew) {
      newcomers.assign(base);
      newcomers.remove(seen.span());
      seen.add(base);
      base = newcomers.span();
    }
    add_row_cells(row, {base, window_union.value(), later[row]}, churned, sink);
  }
}

void ChurnPlan::count_only_row(ChunkSets& sets, CellSink& sink) const {
  MutableSet newcomers = sets.make_set();
  MutableSet churned = sets.make_set();
  BitSpan base = sets.active(events_, calendar_.days(range_.first));
  if (ask_.base == ChurnQuery::Base::kNew) {
    newcomers.assign(base);
    newcomers.remove(sets.active(active_before_));
    base = newcomers.span();
  }
  add_row_cells(0, {base, sets.active(*only_window_), sets.active(active_after_)}, churned, sink);
}

void ChurnPlan::add_row_cells(std::size_t row, const RowSets& users, MutableSet& churned,
                              CellSink& sink) {
  if (users.base.empty()) return;
  churned.assign(users.base);
  churned.remove(users.back);
  const std::size_t cell = row * kCellsPerRow;
  sink.add(cell + kBase, users.base);
  sink.add_and(cell + kRetained, users.base, users.back);
  sink.add(cell + kChurned, churned.span());
  sink.add_and(cell + kRecalled, churned.span(), users.later);
}

QueryResult ChurnPlan::finish(const Partial& counted) const {
  const std::span<const std::uint64_t> cells = counted.cells;
  QueryResult result = result_;
  for (std::size_t row = 0; row < range_.size(); ++row) {
    const std::int32_t period = range_.first + static_cast<std::int32_t>(row);
    const bool complete = timeframe_.has_ended(calendar_.last_day(period + window_));
    const auto counts = cells.subspan(row * kCellsPerRow, kCellsPerRow);
    add_row(result, calendar_.first_day(period), count_cell(counts[kBase]),
            count_cell(counts[kRetained]), count_cell(counts[kChurned]),
            ratio_cell(counts[kChurned], counts[kBase], complete), count_cell(counts[kRecalled]),
            complete);
  }
  return result;
}

std::vector<std::size_t> ChurnPlan::cells_of(std::size_t row, std::string_view column) const {
  const std::size_t first = row * kCellsPerRow;
  if (column == "base") return {first + kBase};
  if (column == "retained") return {first + kRetained};
  if (column == "churned") return {first + kChurned};
  if (column == "recalled") return {first + kRecalled};
  return {};
}

}  // namespace

PlanResult make_churn_plan(const Query& query, const PlanContext& context) {
  const std::vector<PropertyCondition> conditions = conditions_of(query, context);
  const auto& ask = std::get<ChurnQuery>(query.ask);
  ROLLCALL_ASSIGN_OR_RETURN(
      SeriesUnion events, resolve_selector("churn: event", ask.event, conditions, context.catalog));
  ROLLCALL_ASSIGN_OR_RETURN(Scope scope, resolve_scope("churn", query, context));
  const Calendar calendar(*row_period(query), context.settings.week_start);
  ROLLCALL_ASSIGN_OR_RETURN(const PeriodRange range, resolve_range("churn", query.common, context,
                                                                   scope.timeframe, calendar));
  ROLLCALL_RETURN_IF_ERROR(check_cell_count("churn", range.size(), kCellsPerRow));
  return PlanResult(std::make_unique<ChurnPlan>(query, context, std::move(scope), calendar, range,
                                                std::move(events)));
}

}  // namespace rollcall
