// This kind asks when things happen, by day of the week and hour of the day.
//
// An hour of the clock is a stretch of time in which local clocks show the same hour of the same
// day and are not changed. Where they are set back, the hour that comes twice makes two of them.
#include <fmt/format.h>

#include <algorithm>
#include <array>
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

#include "core/query/kinds/history_ranking.h"
#include "core/query/kinds/kind_rows.h"
#include "core/query/kinds/kind_table.h"
#include "core/query/plan/table_plan.h"
#include "core/query/resolve/event_range.h"
#include "core/query/sequence/step_events.h"
#include "core/query/text/explanation.h"
#include "core/query/text/length_text.h"
#include "core/query/text/query_validation.h"
#include "core/query/text/selector_json.h"
#include "core/time/floor_quotient.h"
#include "core/time/time_zone.h"

namespace rollcall {
namespace {

constexpr std::size_t kHoursOfDay = 24;
constexpr std::size_t kDaysOfWeek = 7;
constexpr std::size_t kHoursOfWeek = kDaysOfWeek * kHoursOfDay;
constexpr Length kWithinUsual{kUsPerDay};

// These are the places of the selectors in StepEvent::steps.
constexpr std::uint32_t kOfEvent = 1;
constexpr std::uint32_t kOfThen = 2;

Length within_of(const ClockQuery& ask) { return ask.within.value_or(kWithinUsual); }

// 0 is Monday.
std::size_t weekday_of(Day day) {
  constexpr std::int64_t kOfDay0 = 3;  // 1970-01-01 was a Thursday
  const std::int64_t days = day.value + kOfDay0;
  return static_cast<std::size_t>(days - 7 * floor_quotient<std::int64_t>(days, 7));
}

// Returns the place in the week of an hour that is counted from 1970-01-01T00:00 local time.
std::size_t cell_of_hour(std::int64_t hour) {
  const std::int64_t day = floor_quotient(hour, std::int64_t{kHoursOfDay});
  return weekday_of({static_cast<std::int32_t>(day)}) * kHoursOfDay +
         static_cast<std::size_t>(hour - day * static_cast<std::int64_t>(kHoursOfDay));
}

using HourCounts = std::array<std::uint64_t, kHoursOfWeek>;

// Counts how often each hour of the week begins in [begin, end), or goes on from before.
HourCounts count_hours(const TimeZone& zone, TimeUs begin, TimeUs end) {
  HourCounts counts{};
  while (begin < end) {
    const OffsetSpan span = zone.offset_at(begin);
    const TimeUs span_end = std::min(span.end, end);
    std::int64_t hour = floor_quotient(begin + span.offset_us, kUsPerHour);
    const std::int64_t last = floor_quotient(span_end - 1 + span.offset_us, kUsPerHour);
    const std::int64_t weeks = (last - hour + 1) / static_cast<std::int64_t>(kHoursOfWeek);
    for (std::uint64_t& count : counts) count += static_cast<std::uint64_t>(weeks);
    hour += weeks * static_cast<std::int64_t>(kHoursOfWeek);
    for (; hour <= last; ++hour) ++counts[cell_of_hour(hour)];
    begin = span_end;
  }
  return counts;
}

// Finds the cells of instants that mostly ascend.
class ClockReader {
 public:
  explicit ClockReader(const TimeZone& zone) : zone_(zone) {}

  std::size_t cell_of(TimeUs time) {
    if (time < span_.begin || time >= span_.end) span_ = zone_.offset_at(time);
    return cell_of_hour(floor_quotient(time + span_.offset_us, kUsPerHour));
  }

 private:
  const TimeZone& zone_;
  OffsetSpan span_;  // at first of no instant
};

struct ClockParts {
  StepSelectors selectors;
  EventRange range;
  std::vector<std::string> notes;
};

class ClockPlan final : public TablePlan {
 public:
  ClockPlan(const Query& query, const PlanContext& context, Scope scope, ClockParts parts);

  std::size_t cell_count() const override { return parts_.range.empty() ? 0 : kHoursOfWeek; }
  std::size_t tally_count() const override { return cell_count() * tallies_of_cell(); }
  QueryResult finish(const Partial& counts) const override;
  std::vector<std::size_t> cells_of(std::size_t row, std::string_view column) const override {
    if (column != "users") return {};
    return {row};
  }

 private:
  // These are the tallies of a cell, one after the other.
  enum Tally : std::size_t { kEvents, kDue, kFollowed, kTallies };
  std::size_t tallies_of_cell() const { return ask_.then ? std::size_t{kTallies} : 1; }
  std::size_t tally_of(std::size_t cell, Tally tally) const {
    return cell * tallies_of_cell() + tally;
  }

  struct Scratch;
  void count(ChunkSets& sets, CellSink& sink) const override;
  void add_user(std::span<const StepEvent> events, std::uint32_t place, Scratch& scratch,
                CellSink& sink) const;
  bool is_followed(const StepEvent& event, Scratch& scratch) const;
  bool is_complete(std::size_t weekday) const;

  const ClockQuery ask_;
  const TimeZone& zone_;
  const ClockParts parts_;
  HourCounts hours_{};
};

struct ClockPlan::Scratch {
  explicit Scratch(const TimeZone& zone, std::size_t tally_count)
      : clock(zone), tallies(tally_count) {}

  ClockReader clock;
  std::vector<std::uint64_t> tallies;
  std::array<bool, kHoursOfWeek> seen{};  // cells that have the user
  std::vector<TimeUs> then_times;         // of the user, ascending
  std::size_t next_then = 0;              // the first that is not before the event
};

ClockPlan::ClockPlan(const Query& query, const PlanContext& context, Scope scope, ClockParts parts)
    : TablePlan(query, std::move(scope)),
      ask_(std::get<ClockQuery>(query.ask)),
      zone_(context.zone),
      parts_(std::move(parts)) {
  if (!parts_.range.empty()) {
    reads_.read_history(*parts_.range.from,
                        "aggregates know the users of a day, not of a single hour");
  }
  hours_ = count_hours(zone_, parts_.range.begin, parts_.range.end);
  const EventRange& range = parts_.range;
  JsonFields fields = fields_of(query);
  fields.emplace_back("from", range.from ? quote(to_string(*range.from)) : "null");
  fields.emplace_back("to", range.to ? quote(to_string(*range.to)) : "null");
  std::vector<std::string> notes = {
      "hours counts those of the range that have begun by as_of; one that clocks go through twice "
      "counts twice"};
  if (ask_.then) {
    notes.emplace_back(
        "due are the events whose time has passed at as_of, followed are those of them with "
        "another event in that time, which may lie after the range");
    notes.emplace_back(
        "a row is complete when the last such day of the range has ended at as_of, and the time "
        "of its last event has passed");
  } else {
    notes.emplace_back("a row is complete when the last such day of the range has ended at as_of");
  }
  notes.insert(notes.end(), parts_.notes.begin(), parts_.notes.end());
  define(std::move(fields), context, nullptr, std::move(notes));
  result_.columns = {{"weekday", ColumnType::kInt},
                     {"hour", ColumnType::kInt},
                     {"hours", ColumnType::kCount},
                     {"events", ColumnType::kCount},
                     {"users", ColumnType::kCount}};
  result_.pivot = Pivot{.rows = {"weekday"},
                        .column = "hour",
                        .cells = "events",
                        .is_usual = true,
                        .is_shaded = true};
  if (ask_.then) {
    result_.columns.insert(result_.columns.end(), {{"due", ColumnType::kCount},
                                                   {"followed", ColumnType::kCount},
                                                   {"rate", ColumnType::kRatio}});
    result_.pivot->cells = result_.pivot->rate = "rate";
  }
  result_.columns.push_back({"complete", ColumnType::kBool});
}

// Events come in the order of time, so that the first event that may follow moves on alone.
bool ClockPlan::is_followed(const StepEvent& event, Scratch& scratch) const {
  const std::vector<TimeUs>& times = scratch.then_times;
  std::size_t& next = scratch.next_then;
  while (next < times.size() && times[next] < event.time) ++next;
  // The event itself is one of those at its instant, if it is one at all.
  const std::size_t other = next + ((event.steps & kOfThen) != 0 ? 1 : 0);
  return other < times.size() &&
         elapsed(event.time, times[other]) <= static_cast<std::uint64_t>(within_of(ask_).us);
}

void ClockPlan::add_user(std::span<const StepEvent> events, std::uint32_t place, Scratch& scratch,
                         CellSink& sink) const {
  scratch.seen.fill(false);
  scratch.then_times.clear();
  scratch.next_then = 0;
  for (const StepEvent& event : events) {
    if ((event.steps & kOfThen) != 0) scratch.then_times.push_back(event.time);
  }
  const TimeUs last_due = parts_.range.seen_end - 1 - within_of(ask_).us;
  for (const StepEvent& event : events) {
    if ((event.steps & kOfEvent) == 0 || event.time >= parts_.range.end) continue;
    const std::size_t cell = scratch.clock.cell_of(event.time);
    scratch.seen[cell] = true;
    ++scratch.tallies[tally_of(cell, kEvents)];
    if (!ask_.then || event.time > last_due) continue;
    ++scratch.tallies[tally_of(cell, kDue)];
    scratch.tallies[tally_of(cell, kFollowed)] += is_followed(event, scratch) ? 1U : 0U;
  }
  for (std::size_t cell = 0; cell < kHoursOfWeek; ++cell) {
    if (scratch.seen[cell]) sink.add_user(cell, place);
  }
}

void ClockPlan::count(ChunkSets& sets, CellSink& sink) const {
  if (parts_.range.empty()) return;
  StepEvents seen(parts_.selectors, account());
  Scratch scratch(zone_, tally_count());
  sets.for_each_history([&](std::size_t run, const LogBlock& block) { seen.open(run, block); },
                        [&](UserCursor& cursor, std::uint32_t place) {
                          const std::span<const StepEvent> events = seen.from_first_step(cursor);
                          if (!events.empty()) add_user(events, place, scratch, sink);
                        });
  for (std::size_t tally = 0; tally < scratch.tallies.size(); ++tally) {
    if (scratch.tallies[tally] != 0) sink.add_tally(tally, scratch.tallies[tally]);
  }
}

bool ClockPlan::is_complete(std::size_t weekday) const {
  const Day from = *parts_.range.from, to = *parts_.range.to;
  const std::size_t back = (weekday_of(to) + kDaysOfWeek - weekday) % kDaysOfWeek;
  const Day last = to - static_cast<std::int32_t>(back);
  if (last < from) return true;  // the range has none
  const TimeUs time_after = ask_.then ? within_of(ask_).us : 0;
  return timeframe_.as_of_time >= zone_.last_second_of(last) + time_after;
}

QueryResult ClockPlan::finish(const Partial& counts) const {
  QueryResult result = result_;
  for (std::size_t cell = 0; cell < cell_count(); ++cell) {
    const std::size_t weekday = cell / kHoursOfDay;
    const bool complete = is_complete(weekday);
    std::vector<Cell> cells = {
        static_cast<std::int64_t>(weekday + 1), static_cast<std::int64_t>(cell % kHoursOfDay),
        count_cell(hours_[cell]), count_cell(counts.tallies[tally_of(cell, kEvents)]),
        count_cell(counts.cells[cell])};
    if (ask_.then) {
      const std::uint64_t due = counts.tallies[tally_of(cell, kDue)];
      const std::uint64_t followed = counts.tallies[tally_of(cell, kFollowed)];
      cells.push_back(count_cell(due));
      cells.push_back(count_cell(followed));
      cells.push_back(ratio_cell(followed, due, complete));
    }
    cells.emplace_back(complete);
    add_row_of(result, std::move(cells));
  }
  return result;
}

PlanResult plan(const ClockQuery& ask, const Query& query, const PlanContext& context) {
  ROLLCALL_RETURN_IF_ERROR(check_history("clock", context));
  ROLLCALL_ASSIGN_OR_RETURN(Scope scope, resolve_scope("clock", query, context));
  const std::vector<PropertyCondition> where = conditions_of(query, context);
  ClockParts parts;
  const auto add = [&](std::string_view field, const Selector& selector) -> Status {
    ROLLCALL_ASSIGN_OR_RETURN(EventSelector resolved,
                              resolve_event_selector(field, selector, where, context.catalog));
    for (const std::string& note : resolved.notes) {
      if (std::ranges::find(parts.notes, note) == parts.notes.end()) parts.notes.push_back(note);
    }
    parts.selectors.steps.push_back(std::move(resolved));
    return {};
  };
  ROLLCALL_RETURN_IF_ERROR(add("clock: event", ask.event));
  if (ask.then) ROLLCALL_RETURN_IF_ERROR(add("clock: then", *ask.then));
  ROLLCALL_ASSIGN_OR_RETURN(parts.range,
                            resolve_event_range("clock", query.common, context, scope.timeframe));
  parts.selectors.begin = parts.range.begin;
  parts.selectors.end = ask.then ? parts.range.seen_end : parts.range.end;
  return PlanResult(
      std::make_unique<ClockPlan>(query, context, std::move(scope), std::move(parts)));
}

// --- The row. ---

constexpr QueryField kClockFields[] = {
    kEventField,
    {.name = "then",
     .type = FieldType::kEvent,
     .meaning = "Event that follows: shows how often, by the hour of the first"},
    {.name = "within",
     .type = FieldType::kLength,
     .meaning = "Time in which it follows, its end included: 1d unless given",
     .needs = "then"}};

Status parse(const QueryObject& object, ClockQuery& ask) {
  const FieldReader then = {"then", [&ask](const Json& value, const std::string& path) {
                              return read_selector(value, path, ask.then.emplace());
                            }};
  const FieldReader within = {
      "within", [&ask](const Json& value, const std::string& path) {
        return length_field("within", ask.within.emplace()).read(value, path);
      }};
  return object.read({selector_field("event", ask.event), then, within});
}

JsonFields write(const ClockQuery& ask) {
  JsonFields fields = {{"event", selector_json(ask.event)}};
  if (ask.then) {
    fields.emplace_back("then", selector_json(*ask.then));
    fields.emplace_back("within", quote(to_string(within_of(ask))));
  }
  return fields;
}

Status check(const ClockQuery& ask) {
  ROLLCALL_RETURN_IF_ERROR(check_selector("event", ask.event));
  if (ask.then) ROLLCALL_RETURN_IF_ERROR(check_selector("then", *ask.then));
  if (!ask.within) return {};
  if (!ask.then) return Status::invalid_argument("within: goes with \"then\" alone");
  if (ask.within->us <= 0) {
    return Status::invalid_argument("within: must be longer than 0s, found " +
                                    to_string(*ask.within));
  }
  return {};
}

std::string describe(const ClockQuery& ask) {
  std::string text = fmt::format(
      "For each hour of each day of the week: how often {} happened, to how many distinct users, "
      "and how many such hours there were.",
      event_words(ask.event));
  if (ask.then) {
    text += fmt::format(
        " Of the events whose {} have passed: how many another event followed within that time, "
        "which was {}.",
        to_string(within_of(ask)), event_words(*ask.then));
  }
  return text;
}

}  // namespace

const KindRow<ClockQuery>& row_of(std::type_identity<ClockQuery>) {
  static constexpr std::string_view kExamples[] = {
      R"({"kind": "clock", "event": "purchase"})",
      R"({"kind": "clock", "event": "view", "then": "purchase", "within": "1d"})"};
  static constexpr KindRow<ClockQuery> kRow = {
      .kind = {.name = "clock",
               .summary = "When things happen: hour of the day by day of the week",
               .fields = kClockFields,
               .examples = kExamples,
               .chart = "events"},
      .parse = parse,
      .write = write,
      .check = check,
      .describe = describe,
      .plan = plan,
      .ranked_event = own_event,
      .ranking = rank_by_history<ClockQuery>};
  return kRow;
}

}  // namespace rollcall
