#include "core/query/question/breakdown.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "core/query/kinds/history_ranking.h"
#include "core/query/kinds/kind_table.h"
#include "core/query/plan/table_plan.h"
#include "core/query/resolve/timeframe.h"

namespace rollcall {
namespace {

// Counts distinct users by value of a property, on some days.
class RankingPlan final : public TablePlan {
 public:
  // `labels` are the values, by cell.
  RankingPlan(const Query& query, const PlanContext& context, Scope scope, DayRange days,
              std::vector<std::string> labels, std::vector<SeriesUnion> values)
      : TablePlan(query, std::move(scope)),
        days_(days),
        labels_(std::move(labels)),
        values_(std::move(values)) {
    define(fields_of(query), context, nullptr, {});
    for (const SeriesUnion& value : values_) read_presence(value, days_);
  }

  std::size_t cell_count() const override { return values_.size(); }
  QueryResult finish(const Partial&) const override { return result_; }
  std::vector<std::size_t> cells_of(std::size_t, std::string_view) const override { return {}; }

 private:
  void write_identity(ByteWriter& writer) const override {
    writer.text("ranking");
    writer.zigzag(days_.first.value);
    writer.zigzag(days_.last.value);
    for (const std::string& label : labels_) writer.text(label);
  }
  void count(ChunkSets& sets, CellSink& sink) const override {
    const std::size_t mark = sets.arena().mark();
    for (std::size_t i = 0; i < values_.size(); ++i) {
      sink.add(i, sets.active(values_[i], days_));
      sets.arena().give_back_to(mark);
    }
  }

  const DayRange days_;
  const std::vector<std::string> labels_;
  const std::vector<SeriesUnion> values_;
};

bool has_times(const QueryCommon& common) {
  const auto is_time = [](const std::optional<RangeEnd>& end) {
    return end && std::holds_alternative<LocalTime>(*end);
  };
  return is_time(common.from) || is_time(common.to);
}

}  // namespace

Result<Breakdown> Breakdown::make(const Query& query, const PlanContext& context) {
  Breakdown breakdown;
  breakdown.property_ = query.common.breakdown;
  breakdown.limit_ = static_cast<std::size_t>(query.common.breakdown_limit);
  const PlanContext own = planning_context(query, context);
  const auto take = [&breakdown](Ranking ranking) {
    breakdown.values_ = std::move(ranking.values);
    breakdown.ranking_ = std::move(ranking.plan);
    return std::move(breakdown);
  };
  ROLLCALL_ASSIGN_OR_RETURN(std::optional<Ranking> of_kind, make_ranking(query, context));
  if (of_kind) return take(*std::move(of_kind));

  const std::string_view kind = kind_of(query);
  const std::optional<Period> period = row_period(query);
  if (period && is_by_clock(*period) && context.settings.history) {
    ROLLCALL_ASSIGN_OR_RETURN(const PeriodScope rows, resolve_periods(kind, query, own, *period));
    const TimeAxis& axis = rows.scope.axis;
    const InstantRange range = rows.range.size() == 0
                                   ? InstantRange{}
                                   : InstantRange{axis.start_of({rows.range.first}),
                                                  axis.start_of(Day{rows.range.last} + 1)};
    ROLLCALL_ASSIGN_OR_RETURN(Ranking ranking, make_history_ranking(query, own, range));
    return take(std::move(ranking));
  }
  if (period && is_by_clock(*period) && has_times(query.common)) {
    // All that is known of the users of hours is those of their days.
    ROLLCALL_RETURN_IF_ERROR(
        check_history(fmt::format("{}: breakdown: a range with times of day", kind), context));
  }
  ROLLCALL_ASSIGN_OR_RETURN(
      const SeriesUnion events,
      resolve_selector(fmt::format("{}: breakdown", kind), ranked_event(query),
                       conditions_of(query, context), own));
  ROLLCALL_ASSIGN_OR_RETURN(Scope scope, resolve_scope(kind, query, own));
  DayRange days = scope.timeframe.data;
  if (period) {
    const Calendar calendar(is_by_clock(*period) ? Period::kDay : *period,
                            context.settings.week_start);
    ROLLCALL_ASSIGN_OR_RETURN(const PeriodRange range, resolve_range(kind, query.common, context,
                                                                     scope.timeframe, calendar));
    days = range.size() == 0
               ? DayRange{}
               : DayRange{calendar.first_day(range.first), calendar.last_day(range.last)};
  }

  if (TablePlan::is_from_history(events)) {
    const InstantRange range = days.empty() ? InstantRange{}
                                            : InstantRange{context.zone.start_of(days.first),
                                                           context.zone.start_of(days.last + 1)};
    ROLLCALL_ASSIGN_OR_RETURN(Ranking ranking, make_history_ranking(query, own, range));
    return take(std::move(ranking));
  }
  std::map<std::string_view, SeriesUnion> series_by_value;
  for (const SeriesId id : events.series) {
    const SeriesCatalog::Series& series = context.catalog.series(id);
    const std::string& value = context.catalog.values(series.dimension).values()[series.value];
    SeriesUnion& of_value = series_by_value[value];
    of_value.has_bounds = false;
    of_value.series.push_back(id);
  }
  std::vector<SeriesUnion> unions;
  for (auto& [value, of_value] : series_by_value) {
    breakdown.values_.emplace_back(value);
    unions.push_back(std::move(of_value));
  }
  breakdown.ranking_ = std::make_unique<RankingPlan>(query, context, std::move(scope), days,
                                                     breakdown.values_, std::move(unions));
  return breakdown;
}

std::vector<BreakdownValue> Breakdown::values(const Partial& ranked) const {
  // The largest come first, and of those that are as large the smaller in bytes.
  using Ranked = std::pair<std::uint64_t, std::string_view>;
  const auto comes_before = [](const Ranked& a, const Ranked& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  };
  std::vector<Ranked> largest;  // a heap, at most limit_ of them
  bool has_other = false;
  const auto rank = [&](std::string_view value, std::uint64_t users) {
    if (users == 0) return;
    if (value == kOtherName) {
      has_other = true;
      return;
    }
    largest.emplace_back(users, value);
    std::push_heap(largest.begin(), largest.end(), comes_before);
    if (largest.size() <= limit_) return;
    has_other = true;
    std::pop_heap(largest.begin(), largest.end(), comes_before);
    largest.pop_back();
  };
  for (std::size_t i = 0; i < values_.size(); ++i) rank(values_[i], ranked.cells[i]);
  for (const auto& [text, users] : ranked.texts) rank(text, users);
  std::ranges::sort(largest, {}, &Ranked::second);
  std::vector<BreakdownValue> shown;
  PropertyCondition rest = {property_, PropertyCondition::Test::kNoneOf, {}};
  for (const auto& [users, value] : largest) {
    const std::string label(value);
    shown.push_back({label, {property_, PropertyCondition::Test::kAnyOf, {label}}});
    rest.values.push_back(label);
  }
  if (has_other) shown.push_back({std::string(kOtherName), std::move(rest)});
  return shown;
}

}  // namespace rollcall
