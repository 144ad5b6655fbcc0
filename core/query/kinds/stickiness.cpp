// Stickiness asks on how many periods of the range users are active or, for each day, on how many
// days of the window that ends on it (L7, L28).
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
#include "core/query/sets/vertical_count.h"
#include "core/query/text/explanation.h"
#include "core/query/text/query_validation.h"
#include "core/query/text/segment_json.h"
#include "core/query/text/selector_json.h"

namespace rollcall {
namespace {

// Returns whether only the number of events of single users tells where they are active.
bool counts_events(const StickinessQuery& ask) {
  return ask.per_period &&
         !(ask.per_period->compare == Segment::Compare::kAtLeast && ask.per_period->times == 1);
}

ChunkSource::EventBounds bounds_of(const Segment::TimesTest& test) {
  const auto times = static_cast<std::uint32_t>(test.times);
  ChunkSource::EventBounds bounds;
  if (test.compare != Segment::Compare::kAtMost) bounds.least = times;
  if (test.compare != Segment::Compare::kAtLeast) bounds.most = times;
  return bounds;
}

// Returns how many rows steps of `step` periods make, of which the last may be short.
std::size_t step_count(const PeriodRange& range, std::int32_t step) {
  const auto periods = static_cast<std::size_t>(step);
  return (range.size() + periods - 1) / periods;
}

// The cells of a row hold users by how many of its periods they are active in, from 1.
class StickinessPlan final : public TablePlan {
 public:
  StickinessPlan(const Query& query, const PlanContext& context, Scope scope, PeriodRange range,
                 SeriesUnion events);

  std::size_t cell_count() const override {
    return ask_.window_days ? range_.size() * cells_per_window()
                            : step_count(range_, ask_.period_step);
  }
  QueryResult finish(const Partial& counts) const override;
  std::vector<std::size_t> cells_of(std::size_t row, std::string_view column) const override;

 private:
  void count(ChunkSets& sets, CellSink& sink) const override;
  std::vector<BitSpan> active_by_step(ChunkSets& sets) const;
  void finish_range(const Partial& counts, QueryResult& result) const;
  void finish_windows(const Partial& counts, QueryResult& result) const;

  std::size_t cells_per_window() const { return static_cast<std::size_t>(*ask_.window_days); }
  std::int32_t first_period() const { return range_.first - (ask_.window_days.value_or(1) - 1); }

  const StickinessQuery ask_;
  const Calendar calendar_;
  const PeriodRange range_;
  const SeriesUnion events_;
};

StickinessPlan::StickinessPlan(const Query& query, const PlanContext& context, Scope scope,
                               PeriodRange range, SeriesUnion events)
    : TablePlan(query, std::move(scope)),
      ask_(std::get<StickinessQuery>(query.ask)),
      calendar_(ask_.period, context.settings.week_start),
      range_(std::move(range)),
      events_(std::move(events)) {
  if (range_.size() > 0) {
    read_presence(events_, {calendar_.first_day(first_period()), calendar_.last_day(range_.last)});
  }
  tells_amounts_ = counts_events(ask_);
  std::vector<std::string> notes;
  if (ask_.window_days) {
    notes = {"a row is complete when its last day has ended at as_of",
             "a window reaches back before from; before the first event lies nobody",
             "the row without active_days holds all users of the window, and the mean of their "
             "active days"};
    result_.columns = {{"date", ColumnType::kDate},
                       {"active_days", ColumnType::kInt},
                       {"users", ColumnType::kCount},
                       {"mean", ColumnType::kRatio}};
    result_.pivot = Pivot{.rows = {"date"}, .column = "active_days", .cells = "users"};
  } else {
    notes = {"rows are complete when the range has ended at as_of, periods yet to come and all"};
    result_.columns = {{"active_periods", ColumnType::kInt},
                       {"users", ColumnType::kCount},
                       {"users_at_least", ColumnType::kCount}};
    result_.pivot = Pivot{.rows = {"active_periods"}, .cells = "users"};
  }
  if (counts_events(ask_)) {
    notes.push_back(
        "a period counts for users whose events in it, at least one, are as many as per_period "
        "asks for");
  }
  result_.columns.push_back({"complete", ColumnType::kBool});
  notes.insert(notes.end(), events_.notes.begin(), events_.notes.end());
  define(fields_of(query), context, &range_, std::move(notes));
}

void StickinessPlan::count(ChunkSets& sets, CellSink& sink) const {
  if (range_.size() == 0) return;
  const std::vector<BitSpan> active = active_by_step(sets);
  if (!ask_.window_days) {
    VerticalCount(sets, active).add_each(sink, 0);
    return;
  }
  const std::size_t mark = sets.arena().mark();
  for (std::size_t row = 0; row < range_.size(); ++row) {
    const std::span window = std::span(active).subspan(row, cells_per_window());
    VerticalCount(sets, window).add_each(sink, row * cells_per_window());
    sets.arena().give_back_to(mark);
  }
}

// Returns the users active in each period, or in each step of periods.
std::vector<BitSpan> StickinessPlan::active_by_step(ChunkSets& sets) const {
  std::vector<BitSpan> active;
  for (std::int32_t rest = range_.last - first_period() + 1; rest > 0; rest -= ask_.period_step) {
    const std::int32_t first = range_.last - rest + 1;
    const std::int32_t last = first + std::min(rest, ask_.period_step) - 1;
    const DayRange days = {calendar_.first_day(first), calendar_.last_day(last)};
    active.push_back(counts_events(ask_) ? sets.active_with(events_.series.front(), days,
                                                            bounds_of(*ask_.per_period))
                                         : sets.active(events_, days));
  }
  return active;
}

QueryResult StickinessPlan::finish(const Partial& counts) const {
  QueryResult result = result_;
  if (ask_.window_days) {
    finish_windows(counts, result);
  } else {
    finish_range(counts, result);
  }
  return result;
}

void StickinessPlan::finish_range(const Partial& counts, QueryResult& result) const {
  if (range_.size() == 0) return;
  const bool complete = range_.has_ended;
  std::uint64_t at_least = 0;
  for (const std::uint64_t users : counts.cells) at_least += users;
  for (std::size_t i = 0; i < counts.cells.size(); ++i) {
    add_row(result, static_cast<std::int64_t>(i) + 1, count_cell(counts.cells[i]),
            count_cell(at_least), complete);
    at_least -= counts.cells[i];
  }
}

void StickinessPlan::finish_windows(const Partial& counts, QueryResult& result) const {
  for (std::size_t row = 0; row < range_.size(); ++row) {
    const std::int32_t day = range_.first + static_cast<std::int32_t>(row);
    const Day date = calendar_.first_day(day);
    const bool complete = timeframe_.has_ended(date);
    std::uint64_t users = 0, active_days = 0;
    for (std::size_t i = 0; i < cells_per_window(); ++i) {
      const std::uint64_t exactly = counts.cells[row * cells_per_window() + i];
      add_row(result, date, static_cast<std::int64_t>(i) + 1, count_cell(exactly), Cell(),
              complete);
      users += exactly;
      active_days += (i + 1) * exactly;
    }
    add_row(result, date, Cell(), count_cell(users), ratio_cell(active_days, users, complete),
            complete);
  }
}

std::vector<std::size_t> StickinessPlan::cells_of(std::size_t row, std::string_view column) const {
  std::vector<std::size_t> cells;
  if (!ask_.window_days) {
    const std::size_t end = column == "users_at_least" ? cell_count() : row + 1;
    if (column != "users" && column != "users_at_least") return {};
    for (std::size_t cell = row; cell < end; ++cell) cells.push_back(cell);
    return cells;
  }
  if (column != "users") return {};
  const std::size_t window = row / (cells_per_window() + 1), n = row % (cells_per_window() + 1);
  const std::size_t first = window * cells_per_window();
  if (n < cells_per_window()) return {first + n};
  for (std::size_t i = 0; i < cells_per_window(); ++i) cells.push_back(first + i);
  return cells;
}

PlanResult plan(const StickinessQuery& ask, const Query& query, const PlanContext& context) {
  if (counts_events(ask)) {
    ROLLCALL_RETURN_IF_ERROR(check_history("stickiness: per_period", context));
  }
  const std::vector<PropertyCondition> where = conditions_of(query, context);
  ROLLCALL_ASSIGN_OR_RETURN(
      SeriesUnion events,
      counts_events(ask) ? resolve_in_history("stickiness: event", ask.event, where, context,
                                              "per_period counts the events of a user in a period")
                         : resolve_selector("stickiness: event", ask.event, where, context));
  if (is_by_clock(ask.period)) {
    ROLLCALL_RETURN_IF_ERROR(check_history("stickiness: period", context));
  }
  ROLLCALL_ASSIGN_OR_RETURN(PeriodScope periods,
                            resolve_periods("stickiness", query, context, ask.period));
  ROLLCALL_RETURN_IF_ERROR(check_cell_count("stickiness",
                                            step_count(periods.range, ask.period_step),
                                            static_cast<std::size_t>(ask.window_days.value_or(1))));
  return PlanResult(std::make_unique<StickinessPlan>(query, context, std::move(periods.scope),
                                                     std::move(periods.range), std::move(events)));
}

// --- The row. ---

constexpr std::string_view kPerWords[] = {"day"};
constexpr std::string_view kWindowDays[] = {"window_days"};
constexpr std::string_view kNotWithGte[] = {"per_period_lte", "per_period_eq"};
constexpr std::string_view kNotWithLte[] = {"per_period_gte", "per_period_eq"};
constexpr std::string_view kNotWithEq[] = {"per_period_gte", "per_period_lte"};

// Is the field of one way to compare the events of a period.
constexpr QueryField per_period_field(std::string_view name, std::string_view place,
                                      std::string_view meaning,
                                      std::span<const std::string_view> excludes) {
  QueryField field = field_of_integer(name, meaning, 1, kTimesMax);
  field.place = place;
  field.excludes = excludes;
  return field;
}

constexpr QueryField kStickinessFields[] = {
    kEventField,
    kPeriodField,
    field_of_integer("window_days", "Per day: active days of the last N days, such as 7 for L7", 1,
                     kSpanDaysMax),
    {.name = "per",
     .type = FieldType::kWord,
     .meaning = "What has a window of its own: each day",
     .words = kPerWords,
     .needs = "window_days",
     .is_implied = true},
    per_period_field("per_period_gte", "per_period.gte",
                     "A period counts with at least N events in it", kNotWithGte),
    per_period_field("per_period_lte", "per_period.lte",
                     "A period counts with one to N events in it", kNotWithLte),
    per_period_field("per_period_eq", "per_period.eq",
                     "A period counts with exactly N events in it", kNotWithEq),
    {.name = "period_step",
     .type = FieldType::kInteger,
     .meaning = "So many periods count as one",
     .default_json = "1",
     .min = 1,
     .max = kSpanDaysMax,
     .excludes = kWindowDays}};

Status parse(const QueryObject& object, StickinessQuery& ask) {
  const FieldReader per = {"per", [](const Json& value, const std::string& path) {
                             return is_text(value, "day") ? Status()
                                                          : unexpected(path, "\"day\"", value);
                           }};
  if (object.has("per") && !object.has("window_days")) {
    return object.fault("per: goes with window_days only");
  }
  const FieldReader period_step = {"period_step",
                                   [&ask](const Json& value, const std::string& path) {
                                     return read_integer(value, path, ask.period_step);
                                   }};
  return object.read({selector_field("event", ask.event),
                      word_field("period", kAllPeriodNames, ask.period),
                      optional_integer_field("window_days", ask.window_days), per,
                      times_field("per_period", ask.per_period), period_step});
}

JsonFields write(const StickinessQuery& ask) {
  JsonFields fields = {{"event", selector_json(ask.event)},
                       {"period", word(kAllPeriodNames, ask.period)}};
  if (ask.window_days) {
    fields.emplace_back("window_days", std::to_string(*ask.window_days));
    fields.emplace_back("per", quote("day"));
  }
  if (ask.per_period) fields.emplace_back("per_period", times_json(*ask.per_period));
  // Windows are of single days.
  if (!ask.window_days) fields.emplace_back("period_step", std::to_string(ask.period_step));
  return fields;
}

Status check(const StickinessQuery& ask) {
  ROLLCALL_RETURN_IF_ERROR(check_selector("event", ask.event));
  if (ask.per_period) {
    const std::string field =
        fmt::format("per_period: {}", name_of(kCompareNames, ask.per_period->compare));
    ROLLCALL_RETURN_IF_ERROR(check_whole_number(field, ask.per_period->times, 1, kTimesMax));
  }
  ROLLCALL_RETURN_IF_ERROR(check_whole_number("period_step", ask.period_step, 1, kSpanDaysMax));
  if (!ask.window_days) return {};
  if (ask.period_step != 1) {
    return Status::invalid_argument(
        fmt::format("period_step: does not go with window_days, whose days count by themselves, "
                    "found {} (allowed: 1)",
                    ask.period_step));
  }
  if (ask.period != Period::kDay) {
    return Status::invalid_argument(fmt::format(
        "window_days: goes with the period \"day\" only, found \"{}\"", to_string(ask.period)));
  }
  return check_whole_number("window_days", *ask.window_days, 1, kSpanDaysMax);
}

// Says how many events a user has in a period that counts: "one", "at least 3".
std::string count_words(const StickinessQuery& ask) {
  if (!counts_events(ask)) return "one";
  const std::int32_t times = ask.per_period->times;
  switch (ask.per_period->compare) {
    case Segment::Compare::kAtLeast:
      return fmt::format("at least {}", times);
    case Segment::Compare::kAtMost:
      return fmt::format("at least 1 and at most {}", times);
    case Segment::Compare::kExactly:
      break;
  }
  return fmt::format("exactly {}", times);
}

std::string describe(const StickinessQuery& ask) {
  const std::string event = event_words(ask.event);
  if (ask.window_days) {
    return fmt::format(
        "For each day: users with {} in the {} days that end on it, by on how many of "
        "these days they had {}; and the mean of that.",
        event, *ask.window_days, count_words(ask));
  }
  const std::string step = ask.period_step == 1 ? "" : fmt::format("steps of {} ", ask.period_step);
  return fmt::format("Users with {} in the range, by in how many of its {}{}s they had {}.", event,
                     step, to_string(ask.period), count_words(ask));
}

}  // namespace

const KindRow<StickinessQuery>& row_of(std::type_identity<StickinessQuery>) {
  static constexpr std::string_view kExamples[] = {
      R"({"kind": "stickiness", "window_days": 7, "last": "7d"})"};
  static constexpr KindRow<StickinessQuery> kRow = {
      .kind = {.name = "stickiness",
               .summary = "On how many periods users are active (L7, L28)",
               .fields = kStickinessFields,
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
