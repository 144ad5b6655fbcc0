// This kind counts events, users and amounts per period.
//
// Without history, hours are those of the day's totals, which count from its first instant and do
// not know their users.
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
#include "core/query/sequence/step_events.h"
#include "core/query/sets/user_sums.h"
#include "core/query/text/explanation.h"
#include "core/query/text/query_validation.h"
#include "core/query/text/selector_json.h"

namespace rollcall {
namespace {

// Is an hour of a day in totals by hour.
struct HourOfDay {
  Day day;
  std::size_t hour = 0;
};

// Returns which hour of a day is the period that begins at `begin`, before `end`. If it is none,
// because clocks do not change by whole hours, the result is not set.
std::optional<HourOfDay> find_hour(const TimeZone& zone, TimeUs begin, TimeUs end) {
  const Day day = zone.day_of(begin);
  const TimeUs since_start = begin - zone.start_of(day);
  const auto hour = static_cast<std::size_t>(since_start / kUsPerHour);
  const bool is_last = end == zone.start_of(day + 1);
  const bool is_whole = is_last || (end - begin == kUsPerHour && hour < TimeZone::kHourMax);
  if (since_start % kUsPerHour != 0 || hour > TimeZone::kHourMax || !is_whole) return {};
  return HourOfDay{day, hour};
}

class CountsPlan final : public TablePlan {
 public:
  CountsPlan(const Query& query, const PlanContext& context, Scope scope, PeriodRange range,
             SeriesUnion events);

  // The users of the rows come first, and then their payers.
  std::size_t cell_count() const override {
    if (has_hour_totals_) return 0;
    return ask_.payers ? 2 * range_.size() : range_.size();
  }
  std::size_t tally_count() const override { return from_history_ ? range_.size() : 0; }
  QueryResult finish(const Partial& counts) const override;
  std::vector<std::size_t> cells_of(std::size_t row, std::string_view column) const override {
    if (has_hour_totals_) return {};
    if (column == "users") return {row};
    if (column == "payers") return {payers_cell(row)};
    return {};
  }

 private:
  void count(ChunkSets& sets, CellSink& sink) const override;
  void count_history(ChunkSets& sets, CellSink& sink) const;
  void add_period(std::size_t row, const Partial& counts, QueryResult& result) const;
  DayRange hour_days() const;  // of totals by hour
  void add_hour(std::size_t row, const Partial& counts, QueryResult& result) const;
  bool has_amounts() const override {
    return from_history_ || (among_.has_value() && !has_hour_totals_);
  }
  bool has_payers() const { return ask_.payers && !has_hour_totals_; }
  std::size_t payers_cell(std::size_t row) const { return range_.size() + row; }
  // Pages keep how often single users did something over all time, and not by day.
  bool knows_events() const { return from_history_ || !among_; }

  const CountsQuery ask_;
  const Calendar calendar_;
  const PeriodRange range_;
  const SeriesUnion events_;
  const bool from_history_;
  const bool has_hour_totals_;
  StepSelectors selectors_;  // from the history
  const std::uint32_t decimals_;
  const TimeZone zone_;
  const std::vector<SeriesId> counted_series_;
  DayRange counted_;             // the days of the totals
  bool has_kept_users_ = false;  // they are the second of the totals, and none are read
};

CountsPlan::CountsPlan(const Query& query, const PlanContext& context, Scope scope,
                       PeriodRange range, SeriesUnion events)
    : TablePlan(query, std::move(scope)),
      ask_(std::get<CountsQuery>(query.ask)),
      calendar_(ask_.period, context.settings.week_start),
      range_(std::move(range)),
      events_(std::move(events)),
      from_history_(is_from_history(events_)),
      has_hour_totals_(is_by_clock(ask_.period) && !from_history_),
      decimals_(context.settings.value_decimals),
      zone_(context.zone),
      counted_series_(counted_series(events_, context.catalog)) {
  if (range_.size() > 0) {
    const DayRange days = {calendar_.first_day(range_.first), calendar_.last_day(range_.last)};
    counted_ = {std::max(days.first, timeframe_.data.first),
                std::min(days.last, timeframe_.data.last)};
    if (has_hour_totals_) counted_ = hour_days();
    if (knows_events() && !from_history_) {
      read_totals({counted_series_, has_hour_totals_ ? counted_ : days, has_hour_totals_});
    }
    has_kept_users_ = keeps_counts(query, context, calendar_, events_);
    if (from_history_) {
      const EventSeries& series = *context.events;
      selectors_.steps = {series.selectors()[EventSeries::number_of(events_.series.front())]};
      selectors_.begin = axis().start_of(counted_.first);
      reads_.read_history(zone_.day_of(selectors_.begin),
                          series.reasons()[EventSeries::number_of(events_.series.front())]);
      selectors_.end =
          std::min(axis().start_of(counted_.last + 1), timeframe_.as_of_time + kUsPerSecond);
      selectors_.tells_amounts = true;
    } else if (has_kept_users_) {
      read_totals({events_.series, days});
    } else if (!has_hour_totals_) {
      read_presence(events_, days);
    }
    if (!from_history_ && (has_amounts() || has_payers())) {
      reads_.amounts.push_back({counted_series_, counted_});
    }
  }
  std::vector<std::string> notes = {
      has_hour_totals_ ? "without history, users are kept by day, so that those of an hour are not "
                         "known"
                       : "events_per_user and value_per_user are over the users of the row",
      "a row is complete when its last second has passed at as_of"};
  if (!knows_events()) {
    notes.push_back(has_hour_totals_
                        ? "events and amounts of an hour are kept for all users together, so that "
                          "those of the users of among are not known"
                        : "how often single users did something is not kept by day, so that the "
                          "events of the users of among are not known");
  }
  if (has_payers()) {
    notes.emplace_back(
        "payers are users whose amounts of the row sum to more than 0; value_per_payer divides "
        "value by them");
  }
  notes.insert(notes.end(), events_.notes.begin(), events_.notes.end());
  define(fields_of(query), context, &range_, std::move(notes));
  result_.columns = {{"date", axis().key_type()},
                     {"events", ColumnType::kCount},
                     {"users", ColumnType::kCount},
                     {"value", ColumnType::kDecimal},
                     {"events_per_user", ColumnType::kRatio},
                     {"value_per_user", ColumnType::kRatio}};
  if (ask_.payers) {
    result_.columns.insert(result_.columns.end(), {{"payers", ColumnType::kCount},
                                                   {"paying_rate", ColumnType::kRatio},
                                                   {"value_per_payer", ColumnType::kRatio}});
  }
  result_.columns.push_back({"complete", ColumnType::kBool});
  result_.pivot = Pivot{.rows = {"date"}, .cells = knows_events() ? "events" : "users"};
}

DayRange CountsPlan::hour_days() const {
  const Day first = zone_.day_of(axis().start_of({range_.first}));
  const Day last = zone_.day_of(axis().start_of({range_.last}));
  return {std::max(first, civil_days().first), std::min(last, civil_days().last)};
}

void CountsPlan::count(ChunkSets& sets, CellSink& sink) const {
  if (from_history_) return count_history(sets, sink);
  if (has_hour_totals_ || (has_kept_users_ && !has_payers())) return;
  std::optional<UserSums> sums;
  if (has_payers()) sums.emplace(sets, account());
  const std::size_t mark = sets.arena().mark();
  for (std::size_t row = 0; row < range_.size(); ++row) {
    const DayRange days = calendar_.days(range_.first + static_cast<std::int32_t>(row));
    if (!has_kept_users_) {
      const BitSpan users = sets.active(events_, days);
      sink.add(row, users);
      if (has_amounts()) sink.add_amount(row, sets.amount(counted_series_, days, users));
    }
    if (sums) sink.add(payers_cell(row), sums->payers(counted_series_, days));
    sets.arena().give_back_to(mark);
  }
}

void CountsPlan::count_history(ChunkSets& sets, CellSink& sink) const {
  if (range_.size() == 0 || counted_.empty()) return;
  StepEvents seen(selectors_, account());
  const auto count_user = [&](UserCursor& cursor, std::uint32_t place) {
    const std::span<const StepEvent> events = seen.of_user(cursor);
    std::size_t row = range_.size();  // that of the event before, until `row_end`
    TimeUs row_end = std::numeric_limits<TimeUs>::min();
    AmountSum sum = 0;  // of the row
    const auto end_row = [&] {
      if (has_payers() && sum > 0) sink.add_user(payers_cell(row), place);
      sum = 0;
    };
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (events[i].time >= row_end) {
        end_row();
        const std::int32_t period = calendar_.index_of(axis().day_of(events[i].time));
        row = static_cast<std::size_t>(period - range_.first);
        row_end = axis().start_of(calendar_.last_day(period) + 1);
        sink.add_user(row, place);
      }
      sink.add_tally(row, 1);
      sink.add_amount(row, seen.amount_of(i));
      sum += seen.amount_of(i);
    }
    end_row();
  };
  sets.for_each_history([&](std::size_t run, const LogBlock& block) { seen.open(run, block); },
                        count_user);
}

QueryResult CountsPlan::finish(const Partial& counts) const {
  QueryResult result = result_;
  for (std::size_t row = 0; row < range_.size(); ++row) {
    if (has_hour_totals_) {
      add_hour(row, counts, result);
    } else {
      add_period(row, counts, result);
    }
  }
  return result;
}

void CountsPlan::add_period(std::size_t row, const Partial& counts, QueryResult& result) const {
  EventTotal total;
  if (has_amounts()) total.value = counts.amounts[row];
  const DayRange days = calendar_.days(range_.first + static_cast<std::int32_t>(row));
  const std::uint64_t users =
      has_kept_users_ && counted_.contains(days.first)
          ? counts.totals[1][static_cast<std::size_t>(days.first - counted_.first)].users
          : counts.cells[row];
  const Day last = std::min(days.last, counted_.last);
  if (from_history_) {
    total.events = counts.tallies[row];
  }
  for (Day day = std::max(days.first, counted_.first);
       knows_events() && !from_history_ && day <= last; day = day + 1) {
    const EventTotal& of_day = counts.totals[0][static_cast<std::size_t>(day - counted_.first)];
    total.events += of_day.events;
    total.value += of_day.value;
  }
  const bool complete = timeframe_.has_ended(days.last);
  add_row(result, key_of(days.first), knows_events() ? count_cell(total.events) : Cell(),
          count_cell(users), decimal_cell(total.value, decimals_),
          ratio_cell(total.events, users, complete && knows_events()),
          quotient_cell(total.value, decimals_, users, complete));
  std::vector<Cell>& cells = result.rows.back();
  if (ask_.payers) {
    const std::uint64_t payers = counts.cells[payers_cell(row)];
    cells.push_back(count_cell(payers));
    cells.push_back(ratio_cell(payers, users, complete));
    cells.push_back(quotient_cell(total.value, decimals_, payers, complete));
  }
  cells.emplace_back(complete);
}

void CountsPlan::add_hour(std::size_t row, const Partial& counts, QueryResult& result) const {
  const Day period{range_.first + static_cast<std::int32_t>(row)};
  const HourOfDay hour = *find_hour(zone_, axis().start_of(period), axis().start_of(period + 1));
  EventTotal total;
  if (counted_.contains(hour.day) && knows_events()) {
    const auto first = static_cast<std::size_t>(hour.day - counted_.first) * kDayHoursMax;
    total = counts.totals[0][first + hour.hour];
  }
  add_row(result, key_of(period), knows_events() ? count_cell(total.events) : Cell(), Cell(),
          knows_events() ? decimal_cell(total.value, decimals_) : Cell());
  std::vector<Cell>& cells = result.rows.back();
  cells.resize(result.columns.size() - 1);  // no quotients, and no payers
  cells.emplace_back(timeframe_.has_ended(period));
}

// Checks that the totals of hours have all hours of the rows.
Status check_hours(const PeriodScope& periods, const PlanContext& context) {
  const TimeAxis& axis = periods.scope.axis;
  for (std::int32_t period = periods.range.first; period <= periods.range.last; ++period) {
    const TimeUs begin = axis.start_of({period});
    if (find_hour(context.zone, begin, axis.start_of(Day{period} + 1))) continue;
    return check_history(
        fmt::format("counts: period: \"hour\" of {}, whose clocks are not set by whole hours",
                    to_string(context.zone.day_of(begin))),
        context);
  }
  return {};
}

PlanResult plan(const CountsQuery& ask, const Query& query, const PlanContext& context) {
  if (ask.period == Period::kMinute) {
    ROLLCALL_RETURN_IF_ERROR(check_history("counts: period: \"minute\"", context));
  }
  // The history tells how often the users of `among` did something.
  const bool wants_history = context.settings.history && query.common.among.has_value();
  ROLLCALL_ASSIGN_OR_RETURN(
      SeriesUnion events,
      wants_history
          ? resolve_in_history("counts: event", ask.event, conditions_of(query, context), context,
                               "aggregates do not know how often the users of among did something")
          : resolve_selector("counts: event", ask.event, conditions_of(query, context), context));
  ROLLCALL_ASSIGN_OR_RETURN(PeriodScope periods,
                            resolve_periods("counts", query, context, ask.period));
  ROLLCALL_RETURN_IF_ERROR(check_cell_count("counts", periods.range.size(), ask.payers ? 2 : 1));
  if (is_by_clock(ask.period) && !TablePlan::is_from_history(events)) {
    ROLLCALL_RETURN_IF_ERROR(check_hours(periods, context));
  }
  return PlanResult(std::make_unique<CountsPlan>(query, context, std::move(periods.scope),
                                                 std::move(periods.range), std::move(events)));
}

// --- The row. ---

constexpr QueryField kCountsFields[] = {
    kEventField,
    kPeriodField,
    {.name = "payers",
     .type = FieldType::kFlag,
     .meaning = "Show who paid: users whose amounts sum to more than 0",
     .default_json = "false"}};

Status parse(const QueryObject& object, CountsQuery& ask) {
  return object.read({selector_field("event", ask.event),
                      word_field("period", kAllPeriodNames, ask.period),
                      flag_field("payers", ask.payers)});
}

JsonFields write(const CountsQuery& ask) {
  return {{"event", selector_json(ask.event)},
          {"period", word(kAllPeriodNames, ask.period)},
          {"payers", ask.payers ? "true" : "false"}};
}

Status check(const CountsQuery& ask) { return check_selector("event", ask.event); }

std::string describe(const CountsQuery& ask) {
  const std::string event = event_words(ask.event);
  return fmt::format(
      "{}: how often {} happened, to how many distinct users, and the sum of the "
      "amounts; both also for each of these users.{}",
      each_period(ask.period), event,
      ask.payers ? " Payers are those whose amounts sum to more than 0." : "");
}

}  // namespace

const KindRow<CountsQuery>& row_of(std::type_identity<CountsQuery>) {
  static constexpr std::string_view kExamples[] = {
      R"({"kind": "counts", "period": "week", "payers": true})"};
  static constexpr KindRow<CountsQuery> kRow = {
      .kind = {.name = "counts",
               .summary = "Events, users and amounts per period",
               .fields = kCountsFields,
               .examples = kExamples,
               .chart = "events"},
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
