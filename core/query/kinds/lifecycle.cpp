// Lifecycle asks who is new in a period, who stays, who comes back, and who went.
#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <memory>
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

// A row has these cells, named as its columns.
enum State : std::size_t { kNew, kReturning, kResurrecting, kDormant, kActive, kStateCount };
constexpr std::string_view kCellNames[kStateCount] = {"new", "returning", "resurrecting", "dormant",
                                                      "active"};

class LifecyclePlan final : public TablePlan {
 public:
  LifecyclePlan(const Query& query, const PlanContext& context, Scope scope, PeriodRange range,
                SeriesUnion events);

  std::size_t cell_count() const override { return range_.size() * kStateCount; }
  QueryResult finish(const Partial& counts) const override;
  std::vector<std::size_t> cells_of(std::size_t row, std::string_view column) const override;

 private:
  void count(ChunkSets& sets, CellSink& sink) const override;

  const Calendar calendar_;
  const PeriodRange range_;
  const SeriesUnion events_;
  LongUnion active_before_;  // the first row's period
};

LifecyclePlan::LifecyclePlan(const Query& query, const PlanContext& context, Scope scope,
                             PeriodRange range, SeriesUnion events)
    : TablePlan(query, std::move(scope)),
      calendar_(std::get<LifecycleQuery>(query.ask).period, context.settings.week_start),
      range_(std::move(range)),
      events_(std::move(events)) {
  if (range_.size() > 0) {
    read_presence(events_,
                  {calendar_.first_day(range_.first - 1), calendar_.last_day(range_.last)});
    active_before_ = LongUnion::before(events_, calendar_.first_day(range_.first), timeframe_);
    active_before_.add_reads(reads_);
  }
  std::vector<std::string> notes = {
      "new: first ever event in the period; returning: here in the period before, too; "
      "resurrecting: not in the period before, but earlier; dormant: in the period before, and not "
      "in this one",
      "quick_ratio is (new + resurrecting) / dormant", note_of_complete_rows(calendar_.period())};
  notes.insert(notes.end(), events_.notes.begin(), events_.notes.end());
  define(fields_of(query), context, &range_, std::move(notes));
  result_.columns = {{"date", axis().key_type()}};
  for (const std::string_view name : kCellNames) {
    result_.columns.push_back({std::string(name), ColumnType::kCount});
  }
  result_.columns.push_back({"quick_ratio", ColumnType::kRatio});
  result_.columns.push_back({"complete", ColumnType::kBool});
  result_.pivot = Pivot{.rows = {"date"}, .cells = "active", .rate = "quick_ratio"};
}

void LifecyclePlan::count(ChunkSets& sets, CellSink& sink) const {
  if (range_.size() == 0) return;
  MutableSet seen = sets.make_set();
  MutableSet newcomers = sets.make_set();
  MutableSet resurrecting = sets.make_set();
  seen.assign(sets.active(active_before_));
  // active[row + 1] is that of the row.
  const std::vector<BitSpan> active =
      sets.active_by_period(events_, calendar_, range_.first - 1, range_.last);
  for (std::size_t row = 0; row < range_.size(); ++row) {
    const BitSpan before = active[row], now = active[row + 1];
    newcomers.assign(now);
    newcomers.remove(seen.span());
    resurrecting.assign(now);
    resurrecting.remove(before);
    resurrecting.remove(newcomers.span());
    seen.add(now);
    const std::size_t cell = row * kStateCount;
    sink.add(cell + kNew, newcomers.span());
    sink.add_and(cell + kReturning, before, now);
    sink.add(cell + kResurrecting, resurrecting.span());
    sink.add_andnot(cell + kDormant, before, now);
    sink.add(cell + kActive, now);
  }
}

QueryResult LifecyclePlan::finish(const Partial& counts) const {
  QueryResult result = result_;
  for (std::size_t row = 0; row < range_.size(); ++row) {
    const std::int32_t period = range_.first + static_cast<std::int32_t>(row);
    const bool complete = timeframe_.has_ended(calendar_.last_day(period));
    const auto cells = std::span(counts.cells).subspan(row * kStateCount, kStateCount);
    add_row(result, key_of(calendar_.first_day(period)), count_cell(cells[kNew]),
            count_cell(cells[kReturning]), count_cell(cells[kResurrecting]),
            count_cell(cells[kDormant]), count_cell(cells[kActive]),
            ratio_cell(cells[kNew] + cells[kResurrecting], cells[kDormant], complete), complete);
  }
  return result;
}

std::vector<std::size_t> LifecyclePlan::cells_of(std::size_t row, std::string_view column) const {
  for (std::size_t cell = 0; cell < kStateCount; ++cell) {
    if (column == kCellNames[cell]) return {row * kStateCount + cell};
  }
  return {};
}

PlanResult plan(const LifecycleQuery& ask, const Query& query, const PlanContext& context) {
  ROLLCALL_ASSIGN_OR_RETURN(
      SeriesUnion events,
      resolve_selector("lifecycle: event", ask.event, conditions_of(query, context), context));
  if (is_by_clock(ask.period)) {
    ROLLCALL_RETURN_IF_ERROR(check_history("lifecycle: period", context));
  }
  ROLLCALL_ASSIGN_OR_RETURN(PeriodScope periods,
                            resolve_periods("lifecycle", query, context, ask.period,
                                            {.periods_before = 1, .all_before = true}));
  ROLLCALL_RETURN_IF_ERROR(check_cell_count("lifecycle", periods.range.size(), kStateCount));
  return PlanResult(std::make_unique<LifecyclePlan>(query, context, std::move(periods.scope),
                                                    std::move(periods.range), std::move(events)));
}

// --- The row. ---

constexpr QueryField kLifecycleFields[] = {kEventField, kPeriodField};

Status parse(const QueryObject& object, LifecycleQuery& ask) {
  return object.read(
      {selector_field("event", ask.event), word_field("period", kAllPeriodNames, ask.period)});
}

JsonFields write(const LifecycleQuery& ask) {
  return {{"event", selector_json(ask.event)}, {"period", word(kAllPeriodNames, ask.period)}};
}

Status check(const LifecycleQuery& ask) { return check_selector("event", ask.event); }

std::string describe(const LifecycleQuery& ask) {
  return fmt::format(
      "{0}: users with {1} in it, by whether it is their first ever (new), they also had one in "
      "the "
      "{2} before (returning), or only earlier (resurrecting); dormant are those with one in the "
      "{2} "
      "before and none in this one.",
      each_period(ask.period), event_words(ask.event), to_string(ask.period));
}

}  // namespace

const KindRow<LifecycleQuery>& row_of(std::type_identity<LifecycleQuery>) {
  static constexpr std::string_view kExamples[] = {R"({"kind": "lifecycle", "period": "week"})"};
  static constexpr KindRow<LifecycleQuery> kRow = {
      .kind = {.name = "lifecycle",
               .summary = "Who is new, stays, comes back, or went",
               .fields = kLifecycleFields,
               .examples = kExamples,
               .chart = "active"},
      .parse = parse,
      .write = write,
      .check = check,
      .describe = describe,
      .plan = plan,
      .row_period = own_period,
      .ranked_event = own_event};
  return kRow;
}

}  // namespace rollcall
