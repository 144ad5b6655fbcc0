// Churn asks who was active in a base period, and not in the `window` periods after it. A gap of N
// days is a window of N periods of one day.
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
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

// Returns the periods of the rows, which are those of the rule.
Period row_period(const ChurnQuery& ask) {
  const auto* next = std::get_if<ChurnQuery::NextPeriods>(&ask.rule);
  return next == nullptr ? Period::kDay : next->period;
}

// A row has these cells.
enum CellOfPeriod : std::size_t { kBase, kRetained, kChurned, kRecalled, kCellsPerPeriod };

class ChurnPlan final : public TablePlan {
 public:
  ChurnPlan(const Query& query, const PlanContext& context, Scope scope, const Calendar& calendar,
            PeriodRange range, SeriesUnion events);

  std::size_t cell_count() const override { return range_.size() * kCellsPerPeriod; }
  QueryResult finish(const Partial& counts) const override;
  std::vector<std::size_t> cells_of(std::size_t row, std::string_view column) const override;

 private:
  // Holds who is in a row's base, in its window, and active after that.
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
  // Is the window of a single row, which is read as a whole.
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
  define(fields_of(query), context, &range_, std::move(notes));
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

  // later[row] has the users who are active after the row's window.
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
  const std::size_t cell = row * kCellsPerPeriod;
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
    const auto counts = cells.subspan(row * kCellsPerPeriod, kCellsPerPeriod);
    add_row(result, calendar_.first_day(period), count_cell(counts[kBase]),
            count_cell(counts[kRetained]), count_cell(counts[kChurned]),
            ratio_cell(counts[kChurned], counts[kBase], complete), count_cell(counts[kRecalled]),
            complete);
  }
  return result;
}

std::vector<std::size_t> ChurnPlan::cells_of(std::size_t row, std::string_view column) const {
  const std::size_t first = row * kCellsPerPeriod;
  if (column == "base") return {first + kBase};
  if (column == "retained") return {first + kRetained};
  if (column == "churned") return {first + kChurned};
  if (column == "recalled") return {first + kRecalled};
  return {};
}

PlanResult plan(const ChurnQuery& ask, const Query& query, const PlanContext& context) {
  const std::vector<PropertyCondition> conditions = conditions_of(query, context);
  ROLLCALL_ASSIGN_OR_RETURN(SeriesUnion events,
                            resolve_selector("churn: event", ask.event, conditions, context));
  ROLLCALL_ASSIGN_OR_RETURN(Scope scope, resolve_scope("churn", query, context));
  const Calendar calendar(row_period(ask), context.settings.week_start);
  ROLLCALL_ASSIGN_OR_RETURN(const PeriodRange range, resolve_range("churn", query.common, context,
                                                                   scope.timeframe, calendar));
  ROLLCALL_RETURN_IF_ERROR(check_cell_count("churn", range.size(), kCellsPerPeriod));
  return PlanResult(std::make_unique<ChurnPlan>(query, context, std::move(scope), calendar, range,
                                                std::move(events)));
}

// --- The row. ---

constexpr std::array<Spelling<ChurnQuery::Base>, 2> kBaseNames = {
    {{"active", ChurnQuery::Base::kActive}, {"new", ChurnQuery::Base::kNew}}};

constexpr std::string_view kGapDays[] = {"gap_days"};
constexpr QueryField kChurnFields[] = {
    kEventField,
    field_of_word("base", "Who can churn: all that are active in the period, or its newcomers",
                  "\"active\"", kWordsOf<kBaseNames>),
    {.name = "gap_days",
     .type = FieldType::kInteger,
     .meaning = "Churned: away for N days",
     .default_json = "7",
     .min = 1,
     .max = kSpanDaysMax,
     .place = "rule.gap_days"},
    {.name = "rule_period",
     .type = FieldType::kWord,
     .meaning = "Churned: away for the whole next period",
     .words = kWordsOf<kPeriodNames>,
     .place = "rule.period",
     .excludes = kGapDays},
    {.name = "rule_count",
     .type = FieldType::kInteger,
     .meaning = "The same for the next N of these periods",
     .min = 1,
     .max = kSpanDaysMax,
     .place = "rule.count",
     .needs = "rule_period"}};

Status read_rule(const Json& value, const std::string& path, ChurnQuery& ask) {
  if (!value.is_object() || value.contains("gap_days") == value.contains("period")) {
    return unexpected(
        path, R"({"gap_days": N}, {"period": "week"} or {"period": "month", "count": 3})", value);
  }
  if (value.contains("gap_days")) {
    ChurnQuery::GapDays gap;
    const FieldReader days = {"gap_days", [&gap](const Json& json, const std::string& at) {
                                return read_integer(json, at, gap.days);
                              }};
    ROLLCALL_RETURN_IF_ERROR(read_fields(value, path, {days}));
    ask.rule = gap;
    return {};
  }
  ChurnQuery::NextPeriods next;
  const FieldReader count = {"count", [&next](const Json& json, const std::string& at) {
                               return read_integer(json, at, next.count);
                             }};
  ROLLCALL_RETURN_IF_ERROR(
      read_fields(value, path, {word_field("period", kPeriodNames, next.period), count}));
  ask.rule = next;
  return {};
}

Status parse(const QueryObject& object, ChurnQuery& ask) {
  const FieldReader rule = {"rule", [&ask](const Json& value, const std::string& path) {
                              return read_rule(value, path, ask);
                            }};
  return object.read(
      {selector_field("event", ask.event), word_field("base", kBaseNames, ask.base), rule});
}

JsonFields write(const ChurnQuery& ask) {
  JsonFields rule;
  if (const auto* gap = std::get_if<ChurnQuery::GapDays>(&ask.rule)) {
    rule = {{"gap_days", std::to_string(gap->days)}};
  } else {
    const auto& next = std::get<ChurnQuery::NextPeriods>(ask.rule);
    rule = {{"period", word(kPeriodNames, next.period)}, {"count", std::to_string(next.count)}};
  }
  return {{"event", selector_json(ask.event)},
          {"base", word(kBaseNames, ask.base)},
          {"rule", to_object(rule)}};
}

Status check(const ChurnQuery& ask) {
  ROLLCALL_RETURN_IF_ERROR(check_selector("event", ask.event));
  if (const auto* gap = std::get_if<ChurnQuery::GapDays>(&ask.rule)) {
    return check_whole_number("rule: gap_days", gap->days, 1, kSpanDaysMax);
  }
  const auto& next = std::get<ChurnQuery::NextPeriods>(ask.rule);
  ROLLCALL_RETURN_IF_ERROR(check_days_or_longer("rule: period", next.period));
  return check_whole_number("rule: count", next.count, 1, kSpanDaysMax);
}

std::string describe(const ChurnQuery& ask) {
  const auto* gap = std::get_if<ChurnQuery::GapDays>(&ask.rule);
  const auto [period, count] = gap != nullptr ? ChurnQuery::NextPeriods{Period::kDay, gap->days}
                                              : std::get<ChurnQuery::NextPeriods>(ask.rule);
  const std::string base =
      ask.base == ChurnQuery::Base::kNew
          ? fmt::format("users whose first ever {} lies", event_noun(ask.event))
          : fmt::format("users with {}", event_words(ask.event));
  return fmt::format(
      "{}: the {} in it are its base; those with such an event in {} after it are retained, the "
      "others have churned, and those of them who came back later, up to as_of, are recalled.",
      each_period(period), base, periods_words(count, period));
}

}  // namespace

const KindRow<ChurnQuery>& row_of(std::type_identity<ChurnQuery>) {
  static constexpr std::string_view kExamples[] = {
      R"({"kind": "churn", "rule": {"gap_days": 7}, "last": "30d"})",
      R"({"kind": "churn", "rule": {"period": "week"}, )"
      R"("members": {"where": {"date": "2026-01-12"}, "of": "churned"}})"};
  static constexpr KindRow<ChurnQuery> kRow = {.kind = {.name = "churn",
                                                        .summary = "Who stopped coming",
                                                        .fields = kChurnFields,
                                                        .examples = kExamples,
                                                        .chart = "rate"},
                                               .parse = parse,
                                               .write = write,
                                               .check = check,
                                               .describe = describe,
                                               .plan = plan,
                                               .row_period = row_period,
                                               .ranked_event = own_event};
  return kRow;
}

}  // namespace rollcall
