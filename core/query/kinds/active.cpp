// This kind counts active users: distinct users per period, or per rolling window of days.
//
// Windows are counted in periods here: days, or hours.
#include <fmt/format.h>

#include <algorithm>
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

// Returns how many periods a window has, if there is one.
std::optional<std::int32_t> window_of(const ActiveQuery& ask) {
  constexpr std::int32_t kHoursOfDay = 24;
  if (!ask.window_days) return {};
  return *ask.window_days * (ask.period == Period::kHour ? kHoursOfDay : 1);
}

class ActivePlan final : public TablePlan {
 public:
  ActivePlan(const Query& query, const PlanContext& context, Scope scope, PeriodRange range,
             SeriesUnion events);

  std::size_t cell_count() const override { return range_.size() * cells_per_row(); }
  QueryResult finish(const Partial& counts) const override;
  std::vector<std::size_t> cells_of(std::size_t row, std::string_view column) const override;

 private:
  void count(ChunkSets& sets, CellSink& sink) const override;
  void count_days(ChunkSets& sets, CellSink& sink) const;
  void count_unions(ChunkSets& sets, CellSink& sink) const;
  void unite_rows();

  bool has_window() const { return ask_.window_days || ask_.ratio_to_window; }
  // A row has these cells: its users, and those of the window that they are divided by.
  std::size_t cells_per_row() const { return ask_.ratio_to_window ? 2 : 1; }
  std::int32_t longest_window() const {
    return std::max(window_of(ask_).value_or(1), ask_.ratio_to_window.value_or(1));
  }
  // Says whether a row has one day of the axis.
  bool has_single_days() const {
    return calendar_.period() == Period::kDay || is_by_clock(calendar_.period());
  }
  // Says whether reading every window by itself takes less than sliding one along.
  bool has_few_windows() const {
    constexpr std::size_t kSlidingPasses = 3;  // over a set, to push it and to take the value
    const auto window = static_cast<std::size_t>(longest_window());
    return range_.size() * window <= kSlidingPasses * (range_.size() + window);
  }
  // Returns the first day that a window of the first row needs.
  std::int32_t first_window_day() const;

  const ActiveQuery ask_;
  const Calendar calendar_;
  const PeriodRange range_;
  const SeriesUnion events_;
  // Holds the users of each cell. If it is empty, they are taken day by day, with windows that
  // slide along.
  std::vector<LongUnion> unions_;
  bool is_kept_ = false;  // its counts are, so that no users are read
  DayRange kept_;         // the days of the totals
};

ActivePlan::ActivePlan(const Query& query, const PlanContext& context, Scope scope,
                       PeriodRange range, SeriesUnion events)
    : TablePlan(query, std::move(scope)),
      ask_(std::get<ActiveQuery>(query.ask)),
      calendar_(ask_.period, context.settings.week_start),
      range_(std::move(range)),
      events_(std::move(events)) {
  if (range_.size() > 0) {
    const Day first = has_window() ? Day{first_window_day()} : calendar_.first_day(range_.first);
    const DayRange days = {first, calendar_.last_day(range_.last)};
    is_kept_ = !has_window() && keeps_counts(query, context, calendar_, events_);
    if (is_kept_) {
      kept_ = read_totals({events_.series, days});
    } else if (has_window() ? has_few_windows() : !has_single_days()) {
      unite_rows();
    } else {
      read_presence(events_, days);
    }
  }
  std::vector<std::string> notes = {note_of_complete_rows(ask_.period)};
  if (has_window())
    notes.push_back("a window reaches back before from; before the first event lies nobody");
  notes.insert(notes.end(), events_.notes.begin(), events_.notes.end());
  define(fields_of(query), context, &range_, std::move(notes));

  result_.columns = {{"date", axis().key_type()}, {"users", ColumnType::kCount}};
  if (ask_.ratio_to_window) result_.columns.push_back({"ratio", ColumnType::kRatio});
  result_.columns.push_back({"complete", ColumnType::kBool});
  result_.pivot =
      Pivot{.rows = {"date"}, .cells = "users", .rate = ask_.ratio_to_window ? "ratio" : ""};
}

std::int32_t ActivePlan::first_window_day() const {
  return std::min(range_.first,
                  std::max(range_.first - longest_window() + 1, timeframe_.data.first.value));
}

void ActivePlan::unite_rows() {
  const auto add = [&](DayRange days) {
    take_read(events_);
    unions_.push_back(LongUnion::over(events_, days, timeframe_));
    unions_.back().add_reads(reads_);
  };
  for (std::int32_t period = range_.first; period <= range_.last; ++period) {
    const Day last = calendar_.last_day(period);
    const std::int32_t window = window_of(ask_).value_or(1);
    add(has_window() ? DayRange{last - window + 1, last} : calendar_.days(period));
    if (ask_.ratio_to_window) add({last - *ask_.ratio_to_window + 1, last});
  }
}

void ActivePlan::count(ChunkSets& sets, CellSink& sink) const {
  if (range_.size() == 0 || is_kept_) return;
  if (unions_.empty()) {
    count_days(sets, sink);
  } else {
    count_unions(sets, sink);
  }
}

void ActivePlan::count_days(ChunkSets& sets, CellSink& sink) const {
  const std::int32_t first = first_window_day();
  const auto make_window = [&](std::optional<std::int32_t> days) {
    std::optional<SlidingUnion> window;
    if (days) {
      window.emplace(sets, static_cast<std::size_t>(*days),
                     static_cast<std::size_t>(range_.last - first + 1));
    }
    return window;
  };
  std::optional<SlidingUnion> users = make_window(window_of(ask_));
  std::optional<SlidingUnion> divisor = make_window(ask_.ratio_to_window);

  const std::size_t mark = sets.arena().mark();
  for (std::int32_t day = first; day <= range_.last; ++day) {
    const BitSpan active = sets.active(events_, {Day{day}, Day{day}});
    if (users) users->push(active);
    if (divisor) divisor->push(active);
    if (day >= range_.first) {
      const std::size_t cell = static_cast<std::size_t>(day - range_.first) * cells_per_row();
      sink.add(cell, users ? users->value() : active);
      if (divisor) sink.add(cell + 1, divisor->value());
    }
    sets.arena().give_back_to(mark);
  }
}

void ActivePlan::count_unions(ChunkSets& sets, CellSink& sink) const {
  const std::size_t mark = sets.arena().mark();
  for (std::size_t cell = 0; cell < unions_.size(); ++cell) {
    sink.add(cell, sets.active(unions_[cell]));
    sets.arena().give_back_to(mark);
  }
}

QueryResult ActivePlan::finish(const Partial& counted) const {
  const std::span<const std::uint64_t> cells = counted.cells;
  QueryResult result = result_;
  for (std::size_t row = 0; row < range_.size(); ++row) {
    const std::int32_t period = range_.first + static_cast<std::int32_t>(row);
    const bool complete = timeframe_.has_ended(calendar_.last_day(period));
    const auto counts = cells.subspan(row * cells_per_row(), cells_per_row());
    const Day date = calendar_.first_day(period);
    const std::uint64_t users =
        kept_.contains(date) ? counted.totals[0][static_cast<std::size_t>(date - kept_.first)].users
                             : counts[0];
    if (ask_.ratio_to_window) {
      add_row(result, key_of(date), count_cell(users), ratio_cell(users, counts[1], complete),
              complete);
    } else {
      add_row(result, key_of(date), count_cell(users), complete);
    }
  }
  return result;
}

std::vector<std::size_t> ActivePlan::cells_of(std::size_t row, std::string_view column) const {
  if (column != "users") return {};
  return {row * cells_per_row()};
}

PlanResult plan(const ActiveQuery& ask, const Query& query, const PlanContext& context) {
  const std::vector<PropertyCondition> conditions = conditions_of(query, context);
  ROLLCALL_ASSIGN_OR_RETURN(SeriesUnion events,
                            resolve_selector("active: event", ask.event, conditions, context));
  if (is_by_clock(ask.period)) {
    ROLLCALL_RETURN_IF_ERROR(check_history("active: period", context));
  }
  const ClockReach reach{.periods_before = window_of(ask).value_or(1) - 1};
  ROLLCALL_ASSIGN_OR_RETURN(PeriodScope periods,
                            resolve_periods("active", query, context, ask.period, reach));
  ROLLCALL_RETURN_IF_ERROR(
      check_cell_count("active", periods.range.size(), ask.ratio_to_window ? 2 : 1));
  return PlanResult(std::make_unique<ActivePlan>(query, context, std::move(periods.scope),
                                                 std::move(periods.range), std::move(events)));
}

// --- The row. ---

constexpr QueryField kActiveFields[] = {
    kEventField, kPeriodField,
    field_of_integer("window_days", "Per day: users of the last N days; per hour: of 24 N hours", 1,
                     kSpanDaysMax),
    field_of_integer("ratio_to_window",
                     "Add users / users of the last N days, such as 30 for DAU/MAU", 1,
                     kSpanDaysMax)};

Status parse(const QueryObject& object, ActiveQuery& ask) {
  return object.read({selector_field("event", ask.event),
                      word_field("period", kAllPeriodNames, ask.period),
                      optional_integer_field("window_days", ask.window_days),
                      optional_integer_field("ratio_to_window", ask.ratio_to_window)});
}

JsonFields write(const ActiveQuery& ask) {
  JsonFields fields = {{"event", selector_json(ask.event)},
                       {"period", word(kAllPeriodNames, ask.period)}};
  if (ask.window_days) fields.emplace_back("window_days", std::to_string(*ask.window_days));
  if (ask.ratio_to_window) {
    fields.emplace_back("ratio_to_window", std::to_string(*ask.ratio_to_window));
  }
  return fields;
}

Status check(const ActiveQuery& ask) {
  ROLLCALL_RETURN_IF_ERROR(check_selector("event", ask.event));
  if (ask.window_days) {
    if (ask.period != Period::kDay && ask.period != Period::kHour) {
      return Status::invalid_argument(
          fmt::format("window_days: goes with the periods \"day\" and \"hour\" only, found \"{}\"",
                      to_string(ask.period)));
    }
    ROLLCALL_RETURN_IF_ERROR(check_whole_number("window_days", *ask.window_days, 1, kSpanDaysMax));
  }
  if (ask.ratio_to_window) {
    if (ask.period != Period::kDay) {
      return Status::invalid_argument(
          fmt::format("ratio_to_window: goes with the period \"day\" only, found \"{}\"",
                      to_string(ask.period)));
    }
    ROLLCALL_RETURN_IF_ERROR(
        check_whole_number("ratio_to_window", *ask.ratio_to_window, 1, kSpanDaysMax));
    if (ask.window_days && *ask.ratio_to_window < *ask.window_days) {
      return Status::invalid_argument(
          fmt::format("ratio_to_window: must not be less than window_days, found {} and {}",
                      *ask.ratio_to_window, *ask.window_days));
    }
  }
  return {};
}

std::string describe(const ActiveQuery& ask) {
  const std::string event = event_words(ask.event);
  std::string text =
      !ask.window_days
          ? fmt::format("{}: how many distinct users had {} in it.", each_period(ask.period), event)
      : ask.period == Period::kHour
          ? fmt::format(
                "For each hour: how many distinct users had {} in the {} hours that end with it.",
                event, *window_of(ask))
          : fmt::format(
                "For each day: how many distinct users had {} in the {} days that end on it.",
                event, *ask.window_days);
  if (ask.ratio_to_window) {
    text +=
        fmt::format(" The ratio divides that by the distinct users of the {} days that end there.",
                    *ask.ratio_to_window);
  }
  return text;
}

}  // namespace

const KindRow<ActiveQuery>& row_of(std::type_identity<ActiveQuery>) {
  static constexpr std::string_view kExamples[] = {
      R"({"kind": "active", "window_days": 7, "last": "30d"})",
      R"({"kind": "active", "period": "week", "breakdown": "channel"})"};
  static constexpr KindRow<ActiveQuery> kRow = {.kind = {.name = "active",
                                                         .summary = "Who was active: DAU, WAU, MAU",
                                                         .fields = kActiveFields,
                                                         .examples = kExamples,
                                                         .chart = "users"},
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
