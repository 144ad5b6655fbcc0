// Funnel: how far users come who do several things in an order.
//
// Counted is each user's best attempt, in each row of the trend if there is one: by how many steps
// it has made, so that no user is in two cells of a row.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <numeric>
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
#include "core/query/sequence/funnel_match.h"
#include "core/query/sequence/plain_funnel.h"
#include "core/query/sequence/step_events.h"
#include "core/query/text/explanation.h"
#include "core/query/text/length_text.h"
#include "core/query/text/query_validation.h"
#include "core/query/text/selector_json.h"
#include "core/time/calendar.h"
#include "core/time/time_zone.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

using Order = FunnelQuery::Order;
using Ties = FunnelQuery::Ties;

constexpr std::array<Spelling<Order>, 3> kOrderNames = {
    {{"ordered", Order::kOrdered}, {"strict", Order::kStrict}, {"any", Order::kAny}}};
constexpr std::array<Spelling<Ties>, 2> kTiesNames = {
    {{"allowed", Ties::kAllowed}, {"strictly_increasing", Ties::kStrictlyIncreasing}}};

// When it is, for rows and for `complete`.
struct FunnelRange {
  Day from{0};
  Day to{0};
  std::int32_t first_row = 0;  // number of its period; 0 without a trend
  std::size_t rows = 0;        // none: there is nothing to count
};

FunnelRules rules_of(const FunnelQuery& ask) {
  FunnelRules rules;
  rules.step_count = static_cast<unsigned>(ask.steps.size());
  rules.window = ask.window.us;
  switch (ask.order) {
    case Order::kOrdered:
      rules.order = FunnelRules::Order::kOrdered;
      break;
    case Order::kStrict:
      rules.order = FunnelRules::Order::kStrict;
      break;
    case Order::kAny:
      rules.order = FunnelRules::Order::kAny;
      break;
  }
  rules.strictly_increasing = ask.ties == Ties::kStrictlyIncreasing;
  rules.collapse_repeats = ask.collapse_repeats;
  rules.stop_on_repeat = ask.stop_on_repeat;
  for (const FunnelQuery::Exclusion& exclusion : ask.exclusions) {
    rules.exclusions.push_back({static_cast<unsigned>(exclusion.from_step - 1),
                                static_cast<unsigned>(exclusion.to_step - 1)});
  }
  // Of events of one instant, some may open an attempt that is void, and others one that is not.
  rules.starts_apart = !ask.exclusions.empty();
  return rules;
}

// What the plan of a funnel was made of, besides the query.
struct FunnelParts {
  StepSelectors selectors;
  std::unique_ptr<const EventSelector> between;
  std::optional<Calendar> calendar;
  FunnelRange range;
  TimeUs range_end = 0;  // the first instant after the range
  std::vector<std::string> notes;
  // Places in StepSelectors::told.
  std::optional<std::size_t> hold;
  ValueCode no_value = 0;  // of the property that is held
};

class FunnelPlan final : public TablePlan {
 public:
  FunnelPlan(const Query& query, const PlanContext& context, Scope scope, FunnelParts parts);

  std::size_t cell_count() const override { return parts_.range.rows * step_count(); }
  std::size_t sample_list_count() const override {
    return parts_.range.rows * (step_count() - 1) * (ask_.total_seconds ? 2 : 1);
  }
  QueryResult finish(const Partial& counts) const override;
  std::vector<std::size_t> cells_of(std::size_t row, std::string_view column) const override;

 private:
  // A user's best attempt in a row of the trend.
  struct Best {
    std::size_t row = 0;
    FunnelAttempt attempt;
    std::vector<TimeUs> times;  // of its steps
  };
  struct Scratch;

  void count(ChunkSets& sets, CellSink& sink) const override;
  // Takes the attempts of these events that are better than the best so far.
  void match(std::span<const StepEvent> events, Scratch& scratch) const;
  void match_held(std::span<const StepEvent> events, const StepEvents& seen,
                  Scratch& scratch) const;
  void add(const Best& best, std::uint32_t place, CellSink& sink) const;
  std::size_t row_of(TimeUs time) const;
  bool is_complete(std::size_t row) const;
  // Of the gap before step `step`, from 1; or of the time from step 1 to it.
  std::size_t list_of(std::size_t row, std::size_t step, bool total) const {
    const std::size_t kinds = ask_.total_seconds ? 2 : 1;
    return (row * (step_count() - 1) + step - 1) * kinds + (total ? 1 : 0);
  }
  std::size_t step_count() const { return ask_.steps.size(); }

  const FunnelQuery ask_;
  const TimeZone& zone_;
  FunnelParts parts_;
  FunnelRules rules_;
  const bool may_be_plain_;  // and has one row, for one attempt a user
};

struct FunnelPlan::Scratch {
  explicit Scratch(const FunnelRules& rules) : matcher(rules), plain(rules) {}

  FunnelMatcher matcher;
  PlainFunnel plain;
  std::vector<Best> best;         // by row, ascending
  std::vector<StepEvent> held;    // as far as they have one value of the property that is held
  std::vector<ValueCode> values;  // of that property
  std::vector<TimeUs> times;
};

FunnelPlan::FunnelPlan(const Query& query, const PlanContext& context, Scope scope,
                       FunnelParts parts)
    : TablePlan(query, std::move(scope)),
      ask_(std::get<FunnelQuery>(query.ask)),
      zone_(context.zone),
      parts_(std::move(parts)),
      rules_(rules_of(ask_)),
      may_be_plain_(PlainFunnel::may_be_plain(rules_) && !parts_.calendar && !parts_.hold) {
  reads_.history = parts_.range.rows != 0;
  parts_.selectors.between = parts_.between.get();
  rules_.last_start = parts_.range_end - 1;
  JsonFields fields = fields_of(query);
  fields.emplace_back("from",
                      parts_.range.rows != 0 ? quote(to_string(parts_.range.from)) : "null");
  fields.emplace_back("to", parts_.range.rows != 0 ? quote(to_string(parts_.range.to)) : "null");
  fields.emplace_back("answered_from", quote("history"));
  std::vector<std::string> notes = {
      "every event of step 1 opens an attempt; counted is each user's best one: most steps, then "
      "the earliest",
      "seconds are given of the counts so far, also where a row is not complete"};
  notes.insert(notes.end(), parts_.notes.begin(), parts_.notes.end());
  define(std::move(fields), context, nullptr, std::move(notes));
  if (parts_.calendar) result_.columns.push_back({"date", ColumnType::kDate});
  result_.columns.insert(result_.columns.end(), {{"step", ColumnType::kInt},
                                                 {"name", ColumnType::kString},
                                                 {"users", ColumnType::kCount},
                                                 {"rate", ColumnType::kRatio},
                                                 {"step_rate", ColumnType::kRatio},
                                                 {"dropped", ColumnType::kCount},
                                                 {"mean_seconds", ColumnType::kRatio},
                                                 {"median_seconds", ColumnType::kRatio}});
  if (ask_.total_seconds) {
    result_.columns.push_back({"mean_total_seconds", ColumnType::kRatio});
    result_.columns.push_back({"median_total_seconds", ColumnType::kRatio});
  }
  result_.columns.push_back({"complete", ColumnType::kBool});
  if (parts_.calendar) {
    result_.pivot = Pivot{.rows = {"date"}, .column = "step", .cells = "users", .rate = "rate"};
  } else {
    result_.pivot = Pivot{.rows = {"step"}, .cells = "users", .rate = "rate"};
  }
}

std::size_t FunnelPlan::row_of(TimeUs time) const {
  if (!parts_.calendar) return 0;
  return static_cast<std::size_t>(parts_.calendar->index_of(zone_.day_of(time)) -
                                  parts_.range.first_row);
}

void FunnelPlan::match(std::span<const StepEvent> events, Scratch& scratch) const {
  if (may_be_plain_ && PlainFunnel::allow(events)) {
    const auto attempt = scratch.plain.best(events, scratch.times);
    if (!attempt) return;
    if (scratch.best.empty()) scratch.best.emplace_back();
    scratch.best.front().attempt = *attempt;
    scratch.best.front().times = scratch.times;
    return;
  }
  scratch.matcher.match(events, [&](const FunnelAttempt& attempt) {
    const TimeUs start = events[attempt.start].time;
    const std::size_t row = row_of(start);
    auto best = std::ranges::lower_bound(scratch.best, row, {}, &Best::row);
    const bool is_first = best == scratch.best.end() || best->row != row;
    if (!is_first) {
      const std::pair found(-static_cast<std::int64_t>(attempt.steps), start);
      const std::pair known(-static_cast<std::int64_t>(best->attempt.steps), best->times.front());
      if (found > known) return;
      // Those of other events of the same start are of another value that is held.
      scratch.matcher.step_times(events, attempt, scratch.times);
      if (found == known && scratch.times >= best->times) return;
    } else {
      scratch.matcher.step_times(events, attempt, scratch.times);
      best = scratch.best.insert(best, Best{.row = row, .attempt = {}, .times = {}});
    }
    best->attempt = attempt;
    best->times = scratch.times;
  });
}

// The events of one value at a time: those of others serve no step.
void FunnelPlan::match_held(std::span<const StepEvent> events, const StepEvents& seen,
                            Scratch& scratch) const {
  std::vector<ValueCode>& values = scratch.values;
  values.clear();
  for (std::size_t i = 0; i < events.size(); ++i) {
    const ValueCode value = seen.value_of(i, *parts_.hold);
    if (events[i].steps != 0 && value != parts_.no_value) values.push_back(value);
  }
  std::ranges::sort(values);
  const auto repeated = std::ranges::unique(values);
  values.erase(repeated.begin(), repeated.end());
  for (const ValueCode value : values) {
    scratch.held.assign(events.begin(), events.end());
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (seen.value_of(i, *parts_.hold) != value) scratch.held[i].steps = 0;
    }
    match(scratch.held, scratch);
  }
}

void FunnelPlan::add(const Best& best, std::uint32_t place, CellSink& sink) const {
  const std::size_t steps = best.attempt.steps;
  sink.add_user(best.row * step_count() + steps - 1, place);
  for (std::size_t step = 1; step < steps; ++step) {
    const TimeUs time = best.times[step];
    sink.add_sample(list_of(best.row, step, /*total=*/false), time - best.times[step - 1]);
    if (ask_.total_seconds) {
      sink.add_sample(list_of(best.row, step, /*total=*/true), time - best.times[0]);
    }
  }
}

void FunnelPlan::count(ChunkSets& sets, CellSink& sink) const {
  if (parts_.range.rows == 0) return;
  StepEvents seen(parts_.selectors);
  Scratch scratch(rules_);
  const bool times_matter = !may_be_plain_ || ask_.steps_after_to;
  sets.for_each_history([&](std::size_t run, const LogBlock& block) { seen.open(run, block); },
                        [&](UserCursor& cursor, std::uint32_t place) {
                          const std::span<const StepEvent> events =
                              ask_.order == Order::kAny
                                  ? seen.of_user(cursor)
                                  : seen.from_first_step(cursor, times_matter);
                          if (events.empty()) return;
                          scratch.best.clear();
                          if (parts_.hold) {
                            match_held(events, seen, scratch);
                          } else {
                            match(events, scratch);
                          }
                          for (const Best& best : scratch.best) add(best, place, sink);
                        });
}

// The row's period and the window of its last instant, cut where the range or what counts ends.
bool FunnelPlan::is_complete(std::size_t row) const {
  Day last = parts_.range.to;
  if (parts_.calendar) {
    const auto period = parts_.range.first_row + static_cast<std::int32_t>(row);
    last = std::min(last, parts_.calendar->last_day(period));
  }
  TimeUs needed = zone_.last_second_of(last);
  if (parts_.calendar || ask_.steps_after_to) needed += ask_.window.us;
  if (!ask_.steps_after_to) needed = std::min(needed, zone_.last_second_of(parts_.range.to));
  return timeframe_.as_of_time >= needed;
}

constexpr std::uint64_t kUsPerSecondUnsigned = 1'000'000;

// In seconds.
Cell mean_of(const std::vector<std::int64_t>& numbers) {
  if (numbers.empty()) return std::monostate{};
  const AmountSum sum = std::accumulate(numbers.begin(), numbers.end(), AmountSum{0});
  return nearest_quotient(sum, Divisor{kUsPerSecondUnsigned} * numbers.size());
}

Cell median_of(std::vector<std::int64_t> numbers) {
  if (numbers.empty()) return std::monostate{};
  const auto middle = numbers.begin() + static_cast<std::ptrdiff_t>(numbers.size() / 2);
  std::ranges::nth_element(numbers, middle);
  if (numbers.size() % 2 == 1) return nearest_quotient(AmountSum{*middle}, kUsPerSecondUnsigned);
  const std::int64_t below = *std::max_element(numbers.begin(), middle);
  return nearest_quotient(AmountSum{below} + *middle, 2 * kUsPerSecondUnsigned);
}

QueryResult FunnelPlan::finish(const Partial& counts) const {
  QueryResult result = result_;
  const std::size_t steps = step_count();
  for (std::size_t row = 0; row < parts_.range.rows; ++row) {
    // Those who came so far end there or later.
    std::vector<std::uint64_t> users(steps);
    std::uint64_t reached = 0;
    for (std::size_t step = steps; step-- > 0;) {
      users[step] = reached += counts.cells[row * steps + step];
    }
    const bool complete = is_complete(row);
    for (std::size_t step = 0; step < steps; ++step) {
      std::vector<Cell> cells;
      if (parts_.calendar) {
        cells.push_back(
            parts_.calendar->first_day(parts_.range.first_row + static_cast<std::int32_t>(row)));
      }
      cells.push_back(static_cast<std::int64_t>(step + 1));
      cells.push_back(ask_.order == Order::kAny ? Cell() : Cell(selector_text(ask_.steps[step])));
      cells.push_back(count_cell(users[step]));
      cells.push_back(ratio_cell(users[step], users[0], true));
      const std::uint64_t before = step == 0 ? users[0] : users[step - 1];
      cells.push_back(ratio_cell(users[step], before, true));
      cells.push_back(count_cell(before - users[step]));
      for (const bool total : {false, true}) {
        if (total && !ask_.total_seconds) continue;
        static const std::vector<std::int64_t> kNone;
        const auto& numbers = step == 0 ? kNone : counts.samples[list_of(row, step, total)];
        cells.push_back(mean_of(numbers));
        cells.push_back(median_of(numbers));
      }
      cells.push_back(complete);
      add_row_of(result, std::move(cells));
    }
  }
  return result;
}

std::vector<std::size_t> FunnelPlan::cells_of(std::size_t row, std::string_view column) const {
  const std::size_t steps = step_count();
  const std::size_t step = row % steps;
  if (column == "dropped") {
    return step == 0 ? std::vector<std::size_t>() : std::vector<std::size_t>{row - 1};
  }
  if (column != "users") return {};
  std::vector<std::size_t> cells(steps - step);
  std::iota(cells.begin(), cells.end(), row);
  return cells;
}

Result<FunnelRange> resolve_range(const Query& query, const FunnelQuery& ask,
                                  const PlanContext& context, const Timeframe& timeframe) {
  ROLLCALL_ASSIGN_OR_RETURN(
      const DateEnds ends,
      resolve_dates("funnel", {query.common.from, query.common.to, query.common.last}, context,
                    timeframe));
  FunnelRange range;
  if (timeframe.data.empty() || !ends.from || !ends.to) return range;
  range.from = *ends.from;
  range.to = *ends.to;
  const Day last_begun = std::min(range.to, timeframe.last_day);
  if (last_begun < range.from) return range;
  range.rows = 1;
  if (!ask.period) return range;
  const Calendar calendar(*ask.period, context.settings.week_start);
  range.first_row = calendar.index_of(range.from);
  range.rows = static_cast<std::size_t>(calendar.index_of(last_begun) - range.first_row) + 1;
  return range;
}

PlanResult plan(const FunnelQuery& ask, const Query& query, const PlanContext& context) {
  if (!context.settings.history) {
    return Status::invalid_argument(
        "funnel: needs history, which the store does not keep (allowed: a new store, which keeps "
        "it "
        "unless it is told not to, with the same sources read again)");
  }
  if (!query.common.breakdown.empty()) {
    // It would go by the value at a step, and not by that of all events.
    return Status::invalid_argument(
        "funnel: breakdown: a funnel takes none as yet (allowed: where, for each value, whose "
        "other "
        "events are then as if they were not there)");
  }
  ROLLCALL_ASSIGN_OR_RETURN(Scope scope, resolve_scope("funnel", query, context));
  const std::vector<PropertyCondition> where = conditions_of(query, context);
  FunnelParts parts;
  const auto add = [&](const std::string& field, const Selector& selector,
                       std::vector<EventSelector>& to) -> Status {
    ROLLCALL_ASSIGN_OR_RETURN(EventSelector resolved,
                              resolve_event_selector(field, selector, where, context.catalog));
    for (const std::string& note : resolved.notes) {
      if (std::ranges::find(parts.notes, note) == parts.notes.end()) parts.notes.push_back(note);
    }
    to.push_back(std::move(resolved));
    return {};
  };
  for (std::size_t i = 0; i < ask.steps.size(); ++i) {
    ROLLCALL_RETURN_IF_ERROR(
        add(fmt::format("funnel: steps[{}]", i), ask.steps[i], parts.selectors.steps));
  }
  for (std::size_t i = 0; i < ask.exclusions.size(); ++i) {
    ROLLCALL_RETURN_IF_ERROR(add(fmt::format("funnel: exclusions[{}]: event", i),
                                 ask.exclusions[i].event, parts.selectors.exclusions));
  }
  if (ask.order == Order::kStrict) {
    std::vector<EventSelector> between;
    ROLLCALL_RETURN_IF_ERROR(add("funnel: where", Selector(), between));
    parts.between = std::make_unique<const EventSelector>(std::move(between.front()));
  }
  if (!ask.hold.empty()) {
    const std::vector<std::string>& properties = context.catalog.dimensions();
    const auto found = std::ranges::find(properties, ask.hold);
    if (found == properties.end()) {
      return Status::invalid_argument(
          fmt::format("funnel: hold: {}; a property is declared as a dimension when the store is "
                      "made",
                      unknown_name("property", ask.hold, properties)));
    }
    const auto dimension = static_cast<std::uint32_t>(found - properties.begin());
    parts.hold = parts.selectors.told.size();
    parts.selectors.told.push_back(dimension);
    parts.no_value =
        context.catalog.values(dimension).find("").value_or(std::numeric_limits<ValueCode>::max());
  }
  ROLLCALL_ASSIGN_OR_RETURN(parts.range, resolve_range(query, ask, context, scope.timeframe));
  if (ask.period) parts.calendar.emplace(*ask.period, context.settings.week_start);
  ROLLCALL_RETURN_IF_ERROR(
      check_cell_count("funnel", parts.range.rows, ask.steps.size() * (ask.total_seconds ? 3 : 2)));
  if (parts.range.rows != 0) {
    parts.selectors.begin = context.zone.start_of(parts.range.from);
    parts.range_end = context.zone.start_of(parts.range.to + 1);
    const TimeUs seen_end = scope.timeframe.as_of_time + kUsPerSecond;
    parts.range_end = std::min(parts.range_end, seen_end);
    parts.selectors.end = ask.steps_after_to ? seen_end : parts.range_end;
  }
  return PlanResult(
      std::make_unique<FunnelPlan>(query, context, std::move(scope), std::move(parts)));
}

// --- The row. ---

constexpr QueryField kFunnelFields[] = {
    {.name = "steps",
     .type = FieldType::kEvents,
     .meaning = "An event that is a step; repeat for the next",
     .is_required = true},
    {.name = "window",
     .type = FieldType::kLength,
     .meaning = "Time from step 1 to the last, its end included",
     .default_json = "\"14d\""},
    field_of_word("order", "Whether other events may lie between, or any order will do",
                  "\"ordered\"", kWordsOf<kOrderNames>),
    field_of_word("ties", "Whether events of one instant may be taken in any order", "\"allowed\"",
                  kWordsOf<kTiesNames>),
    {.name = "collapse_repeats",
     .type = FieldType::kFlag,
     .meaning = "Pass over events of the step made last (strict)",
     .default_json = "false"},
    {.name = "stop_on_repeat",
     .type = FieldType::kFlag,
     .meaning = "End an attempt with an event of an earlier step (ordered)",
     .default_json = "false"},
    {.name = "exclusions",
     .type = FieldType::kExclusions,
     .meaning = "An event that voids an attempt where it lies between the steps",
     .default_json = "[]"},
    {.name = "steps_after_to",
     .type = FieldType::kFlag,
     .meaning = "Let steps after the first lie after the range",
     .default_json = "false"},
    field_of_word("period", "Rows by the period of step 1, too", {}, kWordsOf<kPeriodNames>),
    {.name = "hold",
     .type = FieldType::kProperty,
     .meaning = "Property that must have one value at all steps"},
    {.name = "total_seconds",
     .type = FieldType::kFlag,
     .meaning = "Show the times from step 1, too",
     .default_json = "false"}};

Status read_exclusion(const Json& value, const std::string& path, FunnelQuery::Exclusion& out) {
  if (!value.is_object()) {
    return unexpected(
        path, "an object such as {\"event\": \"refund\", \"from_step\": 1, \"to_step\": 2}", value);
  }
  const auto integer = [](std::string_view name, std::int32_t& number) {
    return FieldReader{name, [&number](const Json& json, const std::string& at) {
                         return read_integer(json, at, number);
                       }};
  };
  return read_fields(value, path,
                     {selector_field("event", out.event), integer("from_step", out.from_step),
                      integer("to_step", out.to_step)});
}

Status parse(const QueryObject& object, FunnelQuery& ask) {
  if (!object.has("steps")) return object.fault("missing field \"steps\"");
  const FieldReader exclusions = {
      "exclusions", [&ask](const Json& value, const std::string& path) -> Status {
        if (!value.is_array()) return unexpected(path, "a list of exclusions", value);
        for (const Json& element : value.get<Json::Array>()) {
          const std::string at = fmt::format("{}[{}]", path, ask.exclusions.size());
          ROLLCALL_RETURN_IF_ERROR(read_exclusion(element, at, ask.exclusions.emplace_back()));
        }
        return {};
      }};
  const FieldReader period = {
      "period", [&ask](const Json& value, const std::string& path) -> Status {
        if (value.is_null()) return {};
        return read_word(value, path, "period", kPeriodNames, ask.period.emplace());
      }};
  const FieldReader hold = {"hold", [&ask](const Json& value, const std::string& path) -> Status {
                              if (!value.is_string()) return unexpected(path, "a string", value);
                              ask.hold = value.get<std::string>();
                              return {};
                            }};
  return object.read({selectors_field("steps", ask.steps), length_field("window", ask.window),
                      word_field("order", kOrderNames, ask.order),
                      word_field("ties", kTiesNames, ask.ties),
                      flag_field("collapse_repeats", ask.collapse_repeats),
                      flag_field("stop_on_repeat", ask.stop_on_repeat), exclusions,
                      flag_field("steps_after_to", ask.steps_after_to), period, hold,
                      flag_field("total_seconds", ask.total_seconds)});
}

std::string list_of(const std::vector<std::string>& elements) {
  std::string text = "[";
  for (const std::string& element : elements) text += (text.size() > 1 ? ", " : "") + element;
  return text + "]";
}

JsonFields write(const FunnelQuery& ask) {
  const auto flag = [](bool value) { return std::string(value ? "true" : "false"); };
  std::vector<std::string> steps, exclusions;
  for (const Selector& step : ask.steps) steps.push_back(selector_json(step));
  for (const FunnelQuery::Exclusion& exclusion : ask.exclusions) {
    exclusions.push_back(to_object({{"event", selector_json(exclusion.event)},
                                    {"from_step", std::to_string(exclusion.from_step)},
                                    {"to_step", std::to_string(exclusion.to_step)}}));
  }
  JsonFields fields = {{"steps", list_of(steps)},
                       {"window", quote(to_string(ask.window))},
                       {"order", word(kOrderNames, ask.order)},
                       {"ties", word(kTiesNames, ask.ties)},
                       {"collapse_repeats", flag(ask.collapse_repeats)},
                       {"stop_on_repeat", flag(ask.stop_on_repeat)},
                       {"exclusions", list_of(exclusions)},
                       {"steps_after_to", flag(ask.steps_after_to)}};
  if (ask.period) fields.emplace_back("period", word(kPeriodNames, *ask.period));
  if (!ask.hold.empty()) fields.emplace_back("hold", quote(ask.hold));
  fields.emplace_back("total_seconds", flag(ask.total_seconds));
  return fields;
}

Status check(const FunnelQuery& ask) {
  if (ask.steps.size() < 2 || ask.steps.size() > kFunnelStepsMax) {
    return Status::invalid_argument(
        fmt::format("steps: must be 2 to {} events, found {}", kFunnelStepsMax, ask.steps.size()));
  }
  for (std::size_t i = 0; i < ask.steps.size(); ++i) {
    ROLLCALL_RETURN_IF_ERROR(check_selector(fmt::format("steps[{}]", i), ask.steps[i]));
  }
  if (ask.window.us <= 0) {
    return Status::invalid_argument("window: must be longer than 0s, found " +
                                    to_string(ask.window));
  }
  if (ask.collapse_repeats && ask.order != Order::kStrict) {
    return Status::invalid_argument("collapse_repeats: goes with order \"strict\" alone");
  }
  if (ask.stop_on_repeat && ask.order != Order::kOrdered) {
    return Status::invalid_argument("stop_on_repeat: goes with order \"ordered\" alone");
  }
  if (!ask.exclusions.empty() && ask.order == Order::kAny) {
    return Status::invalid_argument("exclusions: do not go with order \"any\"");
  }
  constexpr std::size_t kExclusionsMax = 32;
  if (ask.exclusions.size() > kExclusionsMax) {
    return Status::invalid_argument(fmt::format("exclusions: must be at most {}, found {}",
                                                kExclusionsMax, ask.exclusions.size()));
  }
  const auto steps = static_cast<std::int64_t>(ask.steps.size());
  for (std::size_t i = 0; i < ask.exclusions.size(); ++i) {
    const FunnelQuery::Exclusion& exclusion = ask.exclusions[i];
    const std::string field = fmt::format("exclusions[{}]", i);
    ROLLCALL_RETURN_IF_ERROR(check_selector(field + ": event", exclusion.event));
    ROLLCALL_RETURN_IF_ERROR(
        check_whole_number(field + ": from_step", exclusion.from_step, 1, steps - 1));
    ROLLCALL_RETURN_IF_ERROR(check_whole_number(field + ": to_step", exclusion.to_step,
                                                std::int64_t{exclusion.from_step} + 1, steps));
  }
  return {};
}

std::string describe(const FunnelQuery& ask) {
  std::string steps;
  for (const Selector& step : ask.steps) {
    steps += (steps.empty() ? "" : ask.order == Order::kAny ? ", " : ", then ") + event_words(step);
  }
  std::string text = fmt::format("Users by how far they come within {} of the first step: {}.",
                                 to_string(ask.window), steps);
  switch (ask.order) {
    case Order::kOrdered:
      text += " Other events may lie between.";
      break;
    case Order::kStrict:
      text += " No other event lies between.";
      break;
    case Order::kAny:
      text = fmt::format("Users by how many of these they do within {}, in any order: {}.",
                         to_string(ask.window), steps);
      break;
  }
  for (const FunnelQuery::Exclusion& exclusion : ask.exclusions) {
    text += fmt::format(" An attempt with {} between steps {} and {} does not count.",
                        event_words(exclusion.event), exclusion.from_step, exclusion.to_step);
  }
  if (!ask.hold.empty()) text += fmt::format(" All steps have the same {}.", ask.hold);
  return text;
}

}  // namespace

const KindRow<FunnelQuery>& row_of(std::type_identity<FunnelQuery>) {
  static constexpr KindRow<FunnelQuery> kRow = {
      .kind = {.name = "funnel",
               .summary = "How far users come, step by step",
               .fields = kFunnelFields,
               .chart = "users"},
      .parse = parse,
      .write = write,
      .check = check,
      .describe = describe,
      .plan = plan,
      .ranked_event = [](const FunnelQuery& ask) -> const Selector& { return ask.steps.front(); }};
  return kRow;
}

}  // namespace rollcall
