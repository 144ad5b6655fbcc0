// Milestones asks who has a day to remember: so many days since the first, the so many-th active
// day, or the so many-th event.
#include <fmt/format.h>
#include <fmt/ranges.h>

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

#include "core/query/kinds/kind_rows.h"
#include "core/query/kinds/kind_table.h"
#include "core/query/plan/table_plan.h"
#include "core/query/sequence/step_events.h"
#include "core/query/sets/vertical_count.h"
#include "core/query/text/date_text.h"
#include "core/query/text/explanation.h"
#include "core/query/text/query_validation.h"
#include "core/query/text/range_json.h"
#include "core/query/text/selector_json.h"
#include "core/time/time_zone.h"

namespace rollcall {
namespace {

using Of = MilestonesQuery::Of;

constexpr std::array<Spelling<Of>, 3> kMilestoneNames = {
    {{"first_day", Of::kFirstDay}, {"active_day", Of::kActiveDay}, {"event", Of::kEvent}}};

bool asks_of(const MilestonesQuery& ask, Of of) {
  return std::ranges::find(ask.of, of) != ask.of.end();
}

struct MilestonesParts {
  SeriesUnion days;         // of the events, where their days matter
  StepSelectors selectors;  // the events themselves, where their number matters
  std::vector<std::string> notes;
};

class MilestonesPlan final : public TablePlan {
 public:
  MilestonesPlan(const Query& query, const PlanContext& context, Scope scope, PeriodRange range,
                 MilestonesParts parts);

  std::size_t cell_count() const override {
    return range_.size() * ask_.of.size() * ask_.at.size();
  }
  QueryResult finish(const Partial& counts) const override;
  std::vector<std::size_t> cells_of(std::size_t row, std::string_view column) const override {
    if (column != "users") return {};
    return {row};
  }

 private:
  void count(ChunkSets& sets, CellSink& sink) const override;
  void count_days(ChunkSets& sets, CellSink& sink) const;
  void count_events(ChunkSets& sets, CellSink& sink) const;

  // Returns the cell of the first of `at`; the others follow. It is unset if there is none.
  std::optional<std::size_t> cell_of(Day date, Of of) const;
  Day first_date() const { return {range_.first}; }
  Day last_date() const { return {range_.last}; }

  const MilestonesQuery ask_;
  const TimeZone& zone_;
  const PeriodRange range_;  // of days
  const MilestonesParts parts_;
  DayRange days_;  // that are looked at
};

MilestonesPlan::MilestonesPlan(const Query& query, const PlanContext& context, Scope scope,
                               PeriodRange range, MilestonesParts parts)
    : TablePlan(query, std::move(scope)),
      ask_(std::get<MilestonesQuery>(query.ask)),
      zone_(context.zone),
      range_(std::move(range)),
      parts_(std::move(parts)) {
  std::vector<std::string> notes;
  if (range_.size() > 0)
    days_ = {timeframe_.data.first, std::min(last_date(), timeframe_.data.last)};
  if (asks_of(ask_, Of::kFirstDay)) {
    notes.emplace_back("first_day: the first day with such an event is at days before the date");
  }
  if (asks_of(ask_, Of::kActiveDay)) {
    notes.emplace_back("active_day: the date is the at-th day with such an event");
  }
  if (asks_of(ask_, Of::kFirstDay) || asks_of(ask_, Of::kActiveDay)) {
    read_presence(parts_.days, days_);
  }
  if (asks_of(ask_, Of::kEvent)) {
    notes.emplace_back("event: the at-th such event is on the date");
    if (!days_.empty()) {
      reads_.read_history(days_.first,
                          "aggregates know the days of a user, not how many events there were");
    }
  }
  notes.push_back(note_of_complete_rows(Period::kDay));
  notes.insert(notes.end(), parts_.notes.begin(), parts_.notes.end());
  define(fields_of(query), context, &range_, std::move(notes));
  result_.columns = {{"date", ColumnType::kDate},
                     {"of", ColumnType::kString},
                     {"at", ColumnType::kInt},
                     {"users", ColumnType::kCount},
                     {"complete", ColumnType::kBool}};
  result_.pivot = Pivot{.rows = {"date", "of"}, .column = "at", .cells = "users"};
}

std::optional<std::size_t> MilestonesPlan::cell_of(Day date, Of of) const {
  const auto place = std::ranges::find(ask_.of, of);
  if (date < first_date() || last_date() < date || place == ask_.of.end()) return {};
  const auto row = static_cast<std::size_t>(date - first_date());
  return (row * ask_.of.size() + static_cast<std::size_t>(place - ask_.of.begin())) *
         ask_.at.size();
}

void MilestonesPlan::count(ChunkSets& sets, CellSink& sink) const {
  if (days_.empty()) return;
  if (asks_of(ask_, Of::kFirstDay) || asks_of(ask_, Of::kActiveDay)) count_days(sets, sink);
  if (asks_of(ask_, Of::kEvent)) count_events(sets, sink);
}

// Goes through all days up to the last date, as first days and the number of active days follow
// from those before.
void MilestonesPlan::count_days(ChunkSets& sets, CellSink& sink) const {
  VerticalCount active_days(sets, static_cast<std::size_t>(days_.size()));
  MutableSet seen = sets.make_set();
  MutableSet found = sets.make_set();
  const std::size_t mark = sets.arena().mark();
  for (Day day = days_.first; day <= days_.last; day = day + 1) {
    const BitSpan active = sets.active(parts_.days, {day, day});
    if (active.empty()) continue;
    found.assign(active);
    found.remove(seen.span());
    seen.add(active);
    for (std::size_t i = 0; i < ask_.at.size() && ask_.at[i] <= last_date() - day; ++i) {
      const auto cell = cell_of(day + ask_.at[i], Of::kFirstDay);
      if (cell) sink.add(*cell + i, found.span());
    }
    if (asks_of(ask_, Of::kActiveDay)) {
      active_days.add(active);
      const auto cell = cell_of(day, Of::kActiveDay);
      for (std::size_t i = 0; cell && i < ask_.at.size(); ++i) {
        found.assign(active);
        active_days.keep_exactly(static_cast<std::size_t>(ask_.at[i]), found);
        sink.add(*cell + i, found.span());
      }
    }
    sets.arena().give_back_to(mark);
  }
}

void MilestonesPlan::count_events(ChunkSets& sets, CellSink& sink) const {
  StepEvents seen(parts_.selectors, account());
  sets.for_each_history([&](std::size_t run, const LogBlock& block) { seen.open(run, block); },
                        [&](UserCursor& cursor, std::uint32_t place) {
                          const std::span<const StepEvent> events = seen.of_user(cursor);
                          for (std::size_t i = 0; i < ask_.at.size(); ++i) {
                            const auto number = static_cast<std::size_t>(ask_.at[i]);
                            if (number > events.size()) return;
                            const Day date = zone_.day_of(events[number - 1].time);
                            const auto cell = cell_of(date, Of::kEvent);
                            if (cell) sink.add_user(*cell + i, place);
                          }
                        });
}

QueryResult MilestonesPlan::finish(const Partial& counted) const {
  QueryResult result = result_;
  std::size_t cell = 0;
  for (std::int32_t date = range_.first; date <= range_.last; ++date) {
    const bool complete = timeframe_.has_ended({date});
    for (const Of of : ask_.of) {
      for (const std::int32_t at : ask_.at) {
        add_row(result, Day{date}, std::string(name_of(kMilestoneNames, of)), std::int64_t{at},
                count_cell(counted.cells[cell++]), complete);
      }
    }
  }
  return result;
}

// Returns the question with its date as a range.
Query with_date(const MilestonesQuery& ask, const Query& query) {
  Query dated = query;
  if (!ask.date) return dated;
  const RangeEnd end = std::visit([](const auto& date) { return RangeEnd(date); }, *ask.date);
  dated.common.from = dated.common.to = end;
  return dated;
}

constexpr std::string_view kDateStandsAlone = "date: does not go with from, to or last";

PlanResult plan(const MilestonesQuery& ask, const Query& query, const PlanContext& context) {
  if (ask.date && (query.common.from || query.common.to || query.common.last)) {
    return Status::invalid_argument(fmt::format("milestones: {}", kDateStandsAlone));
  }
  const std::vector<PropertyCondition> where = conditions_of(query, context);
  MilestonesParts parts;
  if (asks_of(ask, Of::kFirstDay) || asks_of(ask, Of::kActiveDay)) {
    ROLLCALL_ASSIGN_OR_RETURN(parts.days,
                              resolve_selector("milestones: event", ask.event, where, context));
    parts.notes = parts.days.notes;
  }
  const Query dated = with_date(ask, query);
  ROLLCALL_ASSIGN_OR_RETURN(PeriodScope days,
                            resolve_periods("milestones", dated, context, Period::kDay));
  if (asks_of(ask, Of::kEvent)) {
    ROLLCALL_RETURN_IF_ERROR(check_history("milestones: of: event", context));
    ROLLCALL_ASSIGN_OR_RETURN(
        EventSelector events,
        resolve_event_selector("milestones: event", ask.event, where, context.catalog));
    parts.notes = events.notes;
    parts.selectors.steps.push_back(std::move(events));
    if (days.range.size() > 0) {
      parts.selectors.end = std::min(context.zone.start_of(Day{days.range.last} + 1),
                                     days.scope.timeframe.as_of_time + kUsPerSecond);
    }
  }
  ROLLCALL_RETURN_IF_ERROR(
      check_cell_count("milestones", days.range.size(), ask.of.size() * ask.at.size()));
  return PlanResult(std::make_unique<MilestonesPlan>(query, context, std::move(days.scope),
                                                     std::move(days.range), std::move(parts)));
}

// --- The row. ---

constexpr std::string_view kRange[] = {"from", "to", "last"};
constexpr QueryField kMilestonesFields[] = {
    kEventField,
    {.name = "date",
     .type = FieldType::kDate,
     .meaning = "One date, instead of a range",
     .excludes = kRange},
    field_of_word("of", "What is counted: days since the first, active days, or events",
                  R"(["first_day", "active_day", "event"])", kWordsOf<kMilestoneNames>),
    {.name = "numbers",
     .type = FieldType::kIntegers,
     .meaning = "The numbers to remember, such as 7,30,100",
     .default_json = "[7, 30, 100, 365]",
     .min = 1,
     .max = kTimesMax,
     .place = "at"}};

Status parse(const QueryObject& object, MilestonesQuery& ask) {
  const bool has_range = std::ranges::any_of(kRange, [&](auto field) { return object.has(field); });
  if (object.has("date") && has_range) return object.fault(kDateStandsAlone);
  const FieldReader of = {
      "of", [&ask](const Json& value, const std::string& path) -> Status {
        ask.of.clear();
        if (!value.is_array()) {
          return read_word(value, path, "of", kMilestoneNames, ask.of.emplace_back());
        }
        for (const Json& word : value.get<Json::Array>()) {
          const std::string place = fmt::format("{}[{}]", path, ask.of.size());
          ROLLCALL_RETURN_IF_ERROR(
              read_word(word, place, "of", kMilestoneNames, ask.of.emplace_back()));
        }
        std::ranges::sort(ask.of);
        return {};
      }};
  const FieldReader at = {"at", [&ask](const Json& value, const std::string& path) {
                            return read_integers(value, path, ask.at);
                          }};
  return object.read({selector_field("event", ask.event), date_field("date", ask.date), of, at});
}

JsonFields write(const MilestonesQuery& ask) {
  std::vector<std::string> of;
  for (const Of one : ask.of) of.push_back(word(kMilestoneNames, one));
  JsonFields fields = {{"event", selector_json(ask.event)}};
  if (ask.date) fields.emplace_back("date", quote(to_string(*ask.date)));
  fields.emplace_back("of", fmt::format("[{}]", fmt::join(of, ", ")));
  fields.emplace_back("at", integer_list(ask.at));
  return fields;
}

Status check(const MilestonesQuery& ask) {
  ROLLCALL_RETURN_IF_ERROR(check_selector("event", ask.event));
  if (ask.of.empty()) {
    return Status::invalid_argument(
        "of: must name at least one of first_day, active_day, event, found []");
  }
  for (std::size_t i = 1; i < ask.of.size(); ++i) {
    if (ask.of[i] > ask.of[i - 1]) continue;
    return Status::invalid_argument(fmt::format("of: must name each only once, found \"{}\" twice",
                                                name_of(kMilestoneNames, ask.of[i])));
  }
  if (ask.at.empty()) return Status::invalid_argument("at: must have a number, found []");
  for (std::size_t i = 0; i < ask.at.size(); ++i) {
    ROLLCALL_RETURN_IF_ERROR(check_whole_number("at: a number", ask.at[i], 1, kTimesMax));
    if (i > 0 && ask.at[i] <= ask.at[i - 1]) {
      return Status::invalid_argument(
          fmt::format("at: must ascend, found {} after {}", ask.at[i], ask.at[i - 1]));
    }
  }
  return {};
}

std::string describe(const MilestonesQuery& ask) {
  const std::string event = event_noun(ask.event);
  std::vector<std::string> of;
  if (asks_of(ask, Of::kFirstDay)) {
    of.push_back(fmt::format("whose first day with {} was so many days before", event));
  }
  if (asks_of(ask, Of::kActiveDay)) {
    of.push_back(fmt::format("for whom it is the so many-th day with {}", event));
  }
  if (asks_of(ask, Of::kEvent)) of.push_back(fmt::format("who had the so many-th {} on it", event));
  return fmt::format("For each date and each of the numbers {}: users {}.", fmt::join(ask.at, ", "),
                     fmt::join(of, ", or "));
}

}  // namespace

const KindRow<MilestonesQuery>& row_of(std::type_identity<MilestonesQuery>) {
  static constexpr std::string_view kExamples[] = {
      R"({"kind": "milestones", "of": ["first_day"], "at": [7, 14], "last": "7d"})"};
  static constexpr KindRow<MilestonesQuery> kRow = {
      .kind = {.name = "milestones",
               .summary = "Who has a day to remember on a date",
               .fields = kMilestonesFields,
               .examples = kExamples,
               .chart = "users"},
      .parse = parse,
      .write = write,
      .check = check,
      .describe = describe,
      .plan = plan,
      .ranked_event = own_event};
  return kRow;
}

}  // namespace rollcall
