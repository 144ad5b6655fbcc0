// This kind counts events, users and amounts per period, or per hour.
#include <fmt/format.h>

#include <algorithm>
#include <array>
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
#include "core/query/text/explanation.h"
#include "core/query/text/query_validation.h"
#include "core/query/text/selector_json.h"

namespace rollcall {
namespace {

// Returns the periods of the rows, or the days of the hours.
Period row_period(const CountsQuery& ask) { return ask.by_hour ? Period::kDay : ask.period; }

constexpr TimeUs kUsPerHour = 3600 * kUsPerSecond;

class CountsPlan final : public TablePlan {
 public:
  CountsPlan(const Query& query, const PlanContext& context, Scope scope, PeriodRange range,
             SeriesUnion events);

  std::size_t cell_count() const override { return ask_.by_hour ? 0 : range_.size(); }
  std::size_t tally_count() const override { return from_history_ ? range_.size() : 0; }
  QueryResult finish(const Partial& counts) const override;
  std::vector<std::size_t> cells_of(std::size_t row, std::string_view column) const override {
    if (ask_.by_hour || column != "users") return {};
    return {row};
  }

 private:
  void count(ChunkSets& sets, CellSink& sink) const override;
  void count_history(ChunkSets& sets, CellSink& sink) const;
  void add_period(std::size_t row, const Partial& counts, QueryResult& result) const;
  void add_hours(Day day, const Partial& counts, QueryResult& result) const;
  bool has_amounts() const override {
    return from_history_ || (among_.has_value() && !ask_.by_hour);
  }
  // Pages keep how often single users did something over all time, and not by day.
  bool knows_events() const { return from_history_ || !among_; }

  const CountsQuery ask_;
  const Calendar calendar_;
  const PeriodRange range_;
  const SeriesUnion events_;
  const bool from_history_;
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
      calendar_(row_period(std::get<CountsQuery>(query.ask)), context.settings.week_start),
      range_(range),
      events_(std::move(events)),
      from_history_(is_from_history(events_)),
      decimals_(context.settings.value_decimals),
      zone_(context.zone),
      counted_series_(counted_series(events_, context.catalog)) {
  if (range_.size() > 0) {
    const DayRange days = {calendar_.first_day(range_.first), calendar_.last_day(range_.last)};
    counted_ = {std::max(days.first, timeframe_.data.first),
                std::min(days.last, timeframe_.data.last)};
    if (knows_events() && !from_history_) read_totals({counted_series_, days, ask_.by_hour});
    has_kept_users_ = !ask_.by_hour && keeps_counts(query, context, calendar_, events_);
    if (from_history_) {
      const EventSeries& series = *context.events;
      selectors_.steps = {series.selectors()[EventSeries::number_of(events_.series.front())]};
      selectors_.begin = zone_.start_of(counted_.first);
      reads_.read_history(counted_.first);
      selectors_.end =
          std::min(zone_.start_of(counted_.last + 1), timeframe_.as_of_time + kUsPerSecond);
      selectors_.tells_amounts = true;
    } else if (has_kept_users_) {
      read_totals({events_.series, days});
    } else if (!ask_.by_hour) {
      read_presence(events_, days);
    }
    if (has_amounts() && !from_history_) reads_.amounts.push_back({counted_series_, counted_});
  }
  std::vector<std::string> notes = {
      ask_.by_hour ? "hours count from the first instant of the day; users are kept by day, so "
                     "that those of an hour are not known"
                   : "events_per_user and value_per_user are over the users of the row",
      "a row is complete when its last second has passed at as_of"};
  if (!knows_events()) {
    notes.push_back(ask_.by_hour
                        ? "events and amounts of an hour are kept for all users together, so that "
                          "those of the users of among are not known"
                        : "how often single users did something is not kept by day, so that the "
                          "events of the users of among are not known");
  }
  notes.insert(notes.end(), events_.notes.begin(), events_.notes.end());
  define(fields_of(query), context, &range_, std::move(notes));
  result_.columns = {{"date", ColumnType::kDate}};
  if (ask_.by_hour) result_.columns.push_back({"hour", ColumnType::kInt});
  const std::vector<Column> measures = {
      {"events", ColumnType::kCount},         {"users", ColumnType::kCount},
      {"value", ColumnType::kDecimal},        {"events_per_user", ColumnType::kRatio},
      {"value_per_user", ColumnType::kRatio}, {"complete", ColumnType::kBool}};
  result_.columns.insert(result_.columns.end(), measures.begin(), measures.end());
  result_.pivot = Pivot{.rows = {"date"},
                        .column = ask_.by_hour ? "hour" : "",
                        .cells = knows_events() ? "events" : "users"};
}

void CountsPlan::count(ChunkSets& sets, CellSink& sink) const {
  if (has_kept_users_) return;
  if (from_history_) return count_history(sets, sink);
  const std::size_t mark = sets.arena().mark();
  for (std::size_t row = 0; !ask_.by_hour && row < range_.size(); ++row) {
    const DayRange days = calendar_.days(range_.first + static_cast<std::int32_t>(row));
    const BitSpan users = sets.active(events_, days);
    sink.add(row, users);
    if (has_amounts()) sink.add_amount(row, sets.amount(counted_series_, days, users));
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
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (events[i].time >= row_end) {
        const std::int32_t period = calendar_.index_of(zone_.day_of(events[i].time));
        row = static_cast<std::size_t>(period - range_.first);
        row_end = zone_.start_of(calendar_.last_day(period) + 1);
        sink.add_user(row, place);
      }
      sink.add_tally(row, 1);
      sink.add_amount(row, seen.amount_of(i));
    }
  };
  sets.for_each_history([&](std::size_t run, const LogBlock& block) { seen.open(run, block); },
                        count_user);
}

QueryResult CountsPlan::finish(const Partial& counts) const {
  QueryResult result = result_;
  for (std::size_t row = 0; row < range_.size(); ++row) {
    if (ask_.by_hour) {
      const std::int32_t day = range_.first + static_cast<std::int32_t>(row);
      add_hours(calendar_.first_day(day), counts, result);
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
  add_row(result, days.first, knows_events() ? count_cell(total.events) : Cell(), count_cell(users),
          decimal_cell(total.value, decimals_),
          ratio_cell(total.events, users, complete && knows_events()),
          quotient_cell(total.value, decimals_, users, complete), complete);
}

void CountsPlan::add_hours(Day day, const Partial& counts, QueryResult& result) const {
  const TimeUs begin = zone_.start_of(day), end = zone_.start_of(day + 1);
  std::size_t hour = 0;
  for (TimeUs time = begin; time < end && time <= timeframe_.as_of_time; time += kUsPerHour) {
    EventTotal total;
    if (counted_.contains(day) && knows_events()) {
      const auto first = static_cast<std::size_t>(day - counted_.first) * kDayHoursMax;
      total = counts.totals[0][first + hour];
    }
    const TimeUs last_second = std::min(time + kUsPerHour, end) - kUsPerSecond;
    add_row(result, day, static_cast<std::int64_t>(hour),
            knows_events() ? count_cell(total.events) : Cell(), Cell(),
            knows_events() ? decimal_cell(total.value, decimals_) : Cell(), Cell(), Cell(),
            timeframe_.as_of_time >= last_second);
    ++hour;
  }
}

PlanResult plan(const CountsQuery& ask, const Query& query, const PlanContext& context) {
  // The history tells how often the users of `among` did something.
  const bool wants_history =
      context.settings.history && query.common.among.has_value() && !ask.by_hour;
  const auto resolve = wants_history ? resolve_in_history : resolve_selector;
  ROLLCALL_ASSIGN_OR_RETURN(SeriesUnion events, resolve("counts: event", ask.event,
                                                        conditions_of(query, context), context));
  if (ask.by_hour && TablePlan::is_from_history(events)) {
    return Status::invalid_argument(
        "counts: period: hours are those of the aggregates (allowed: conditions on one property, "
        "and an as_of at the end of a day)");
  }
  ROLLCALL_ASSIGN_OR_RETURN(Scope scope, resolve_scope("counts", query, context));
  ROLLCALL_ASSIGN_OR_RETURN(const PeriodRange range,
                            resolve_range("counts", query.common, context, scope.timeframe,
                                          Calendar(row_period(ask), context.settings.week_start)));
  ROLLCALL_RETURN_IF_ERROR(
      check_cell_count("counts", range.size(), ask.by_hour ? kDayHoursMax : 1));
  return PlanResult(
      std::make_unique<CountsPlan>(query, context, std::move(scope), range, std::move(events)));
}

// --- The row. ---

constexpr auto kCountsPeriodWords = [] {
  std::array<std::string_view, kWordsOf<kPeriodNames>.size() + 1> words = {"hour"};
  std::copy(kWordsOf<kPeriodNames>.begin(), kWordsOf<kPeriodNames>.end(), words.begin() + 1);
  return words;
}();
constexpr QueryField kCountsFields[] = {
    kEventField, field_of_word("period", "Period", "\"day\"", kCountsPeriodWords)};

Status parse(const QueryObject& object, CountsQuery& ask) {
  const FieldReader period = {
      "period", [&ask](const Json& value, const std::string& path) {
        ask.by_hour = is_text(value, "hour");
        return ask.by_hour ? Status() : read_word(value, path, "period", kPeriodNames, ask.period);
      }};
  return object.read({selector_field("event", ask.event), period});
}

JsonFields write(const CountsQuery& ask) {
  return {{"event", selector_json(ask.event)},
          {"period", ask.by_hour ? quote("hour") : word(kPeriodNames, ask.period)}};
}

Status check(const CountsQuery& ask) { return check_selector("event", ask.event); }

std::string describe(const CountsQuery& ask) {
  const std::string event = event_words(ask.event);
  if (ask.by_hour) {
    return fmt::format(
        "For each hour of each day: how often {} happened, and the sum of the amounts.", event);
  }
  return fmt::format(
      "{}: how often {} happened, to how many distinct users, and the sum of the "
      "amounts; both also for each of these users.",
      each_period(ask.period), event);
}

}  // namespace

const KindRow<CountsQuery>& row_of(std::type_identity<CountsQuery>) {
  static constexpr KindRow<CountsQuery> kRow = {
      .kind = {.name = "counts",
               .summary = "Events, users and amounts per period",
               .fields = kCountsFields,
               .chart = "events"},
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
