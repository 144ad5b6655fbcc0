// Aha asks which early events go with staying.
//
// Pages tell who is new on a day, and who of them came back. Only of these users is the history
// walked through, from the first cohort event on, as far as `within` goes.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/sort_unique.h"
#include "core/query/kinds/history_ranking.h"
#include "core/query/kinds/kind_rows.h"
#include "core/query/kinds/kind_table.h"
#include "core/query/plan/table_plan.h"
#include "core/query/resolve/event_range.h"
#include "core/query/sequence/step_events.h"
#include "core/query/sets/set_users.h"
#include "core/query/text/explanation.h"
#include "core/query/text/length_text.h"
#include "core/query/text/query_validation.h"
#include "core/query/text/selector_json.h"
#include "core/statistics/rates.h"
#include "core/time/time_zone.h"

namespace rollcall {
namespace {

constexpr std::int64_t kUsPerFullDay = 24 * kUsPerHour;

// This is the place of the cohort event among the steps of StepEvents. Groups of candidates follow.
constexpr unsigned kCohortBit = 0;
constexpr std::size_t kGroupsOfWalk = kStepsMax - 1;

// Candidates whose events must meet the same conditions are looked for together, and the name of an
// event tells which of them it is of.
struct CandidateGroup {
  EventSelector events;
  std::vector<std::vector<std::uint32_t>> by_name;  // numbers of candidates, by name of an event
};

// Is one walk through the history.
struct CandidateWalk {
  StepSelectors selectors;
  std::vector<CandidateGroup> groups;  // by step, from 1
};

struct AhaParts {
  SeriesUnion cohort;
  SeriesUnion returns;
  EventRange range;
  DayRange days;                        // of the range, with to_day over for who is new on them
  std::vector<std::string> candidates;  // ascending
  std::vector<CandidateWalk> walks;
  std::vector<std::string> notes;
  QuestionMemory memory;  // of the groups
};

class AhaPlan final : public TablePlan {
 public:
  AhaPlan(const Query& query, const PlanContext& context, Scope scope, AhaParts parts);

  std::size_t cell_count() const override {
    return parts_.days.empty() ? 0 : kCohortCells + 2 * level_count() * parts_.candidates.size();
  }
  QueryResult finish(const Partial& counts) const override;
  std::vector<std::size_t> cells_of(std::size_t, std::string_view) const override { return {}; }
  std::vector<std::size_t> cells_of_row(const std::vector<Cell>& cells, std::size_t row,
                                        std::string_view column) const override;

 private:
  // The first cells are the new users who did not come back, and who did. Each candidate and level
  // has two such cells, too: of the users whose count is that of the level, and not of the next.
  static constexpr std::size_t kCohortCells = 2;
  std::size_t level_count() const { return ask_.at_least.size(); }
  std::size_t cell_of(std::size_t candidate, std::size_t level, bool is_back) const {
    return kCohortCells + 2 * (candidate * level_count() + level) + (is_back ? 1 : 0);
  }

  struct Scratch;
  void write_identity(ByteWriter& writer) const override {
    for (const std::string& candidate : parts_.candidates) writer.text(candidate);
  }
  void count(ChunkSets& sets, CellSink& sink) const override;
  void find_cohort(ChunkSets& sets, MutableSet& newcomers, MutableSet& retained) const;
  void count_user(const CandidateWalk& walk, StepEvents& seen, Scratch& scratch) const;
  // Counts those events from `place` on that are within the time from `start`. Returns whether all
  // of them are.
  bool count_events(const CandidateWalk& walk, std::span<const StepEvent> events,
                    const StepEvents& seen, std::size_t place, TimeUs start,
                    Scratch& scratch) const;

  const AhaQuery ask_;
  AhaParts parts_;
  LongUnion before_;  // of cohort events, before the range
};

struct AhaPlan::Scratch {
  explicit Scratch(std::size_t candidate_count)
      : counts(candidate_count), cohort_counts(candidate_count) {}

  void clear() {
    for (const std::uint32_t candidate : touched) {
      counts[candidate] = 0;
      cohort_counts[candidate] = 0;
    }
    touched.clear();
    cohort_events = 0;
  }

  std::vector<std::uint32_t> counts;         // by candidate, of the user
  std::vector<std::uint32_t> cohort_counts;  // those of them that may be the cohort event
  std::vector<std::uint32_t> touched;        // candidates with a count
  std::uint32_t cohort_events = 0;           // at the first instant
};

AhaPlan::AhaPlan(const Query& query, const PlanContext& context, Scope scope, AhaParts parts)
    : TablePlan(query, std::move(scope)),
      ask_(std::get<AhaQuery>(query.ask)),
      parts_(std::move(parts)) {
  const DayRange days = parts_.days;
  if (!days.empty()) {
    read_presence(parts_.cohort, days);
    before_ = LongUnion::before(parts_.cohort, days.first, timeframe_);
    before_.add_reads(reads_);
    read_presence(parts_.returns, {days.first + ask_.from_day, days.last + ask_.to_day});
    reads_.read_history(days.first,
                        "aggregates do not know how often users did something in a time of theirs");
  }
  JsonFields fields = fields_of(query);
  const EventRange& range = parts_.range;
  fields.emplace_back("from", range.from ? quote(to_string(*range.from)) : "null");
  fields.emplace_back("to", range.to ? quote(to_string(*range.to)) : "null");
  const std::size_t tried = parts_.candidates.size();
  std::vector<std::string> notes = {
      "association is not cause: whoever stays may do more of everything",
      fmt::format("{} candidate events were tried, each with {} minimum numbers: of so many "
                  "comparisons some stand out by chance, and no interval is adjusted for that",
                  tried, level_count()),
      "users are those new in the range whose day to_day has ended at as_of, which completes each "
      "row; share is over all of them",
      "the cohort event is not counted itself; of several at one instant it is one that is not of "
      "the candidate, if there is one",
      "low and high bound the difference: 95 %, by Newcombe from the intervals of Wilson; phi is "
      "that of the 2 x 2 table, and null where a margin is empty"};
  notes.insert(notes.end(), parts_.notes.begin(), parts_.notes.end());
  define(std::move(fields), context, nullptr, std::move(notes));
  result_.columns = {
      {"event", ColumnType::kString},        {"at_least", ColumnType::kInt},
      {"users", ColumnType::kCount},         {"share", ColumnType::kRatio},
      {"retained_with", ColumnType::kRatio}, {"retained_without", ColumnType::kRatio},
      {"difference", ColumnType::kRatio},    {"low", ColumnType::kRatio},
      {"high", ColumnType::kRatio},          {"phi", ColumnType::kRatio},
      {"complete", ColumnType::kBool}};
  result_.pivot = Pivot{.rows = {"event"}, .column = "at_least", .cells = "users", .rate = "share"};
}

// Finds the users who are new on one of the days, and those of them who come back.
void AhaPlan::find_cohort(ChunkSets& sets, MutableSet& newcomers, MutableSet& retained) const {
  const DayRange days = parts_.days;
  const auto width = static_cast<std::size_t>(ask_.to_day - ask_.from_day) + 1;
  MutableSet seen = sets.make_set();
  MutableSet fresh = sets.make_set();
  newcomers.clear();
  retained.clear();
  seen.assign(sets.active(before_));
  SlidingUnion back(sets, width, static_cast<std::size_t>(days.size()) + width - 1);
  const std::size_t mark = sets.arena().mark();
  const auto push = [&](Day day) {
    back.push(sets.active(parts_.returns, {day, day}));
    sets.arena().give_back_to(mark);
  };
  for (std::int32_t day = ask_.from_day; day < ask_.to_day; ++day) push(days.first + day);
  for (Day day = days.first; day <= days.last; day = day + 1) {
    push(day + ask_.to_day);
    fresh.assign(sets.active(parts_.cohort, {day, day}));
    sets.arena().give_back_to(mark);
    fresh.remove(seen.span());
    seen.add(fresh.span());
    newcomers.add(fresh.span());
    fresh.keep(back.value());
    retained.add(fresh.span());
  }
}

bool AhaPlan::count_events(const CandidateWalk& walk, std::span<const StepEvent> events,
                           const StepEvents& seen, std::size_t place, TimeUs start,
                           Scratch& scratch) const {
  for (; place < events.size(); ++place) {
    const StepEvent& event = events[place];
    if (elapsed(start, event.time) > static_cast<std::uint64_t>(ask_.within.us)) return false;
    const bool may_be_cohort = event.time == start && (event.steps >> kCohortBit & 1) != 0;
    scratch.cohort_events += may_be_cohort ? 1U : 0U;
    for (std::uint32_t rest = event.steps >> 1; rest != 0; rest &= rest - 1) {
      const CandidateGroup& group = walk.groups[static_cast<std::size_t>(std::countr_zero(rest))];
      for (const std::uint32_t candidate : group.by_name[seen.name_of(place)]) {
        if (scratch.counts[candidate]++ == 0) scratch.touched.push_back(candidate);
        if (may_be_cohort) ++scratch.cohort_counts[candidate];
      }
    }
  }
  return true;
}

// Counts the events of a new user, who has a cohort event in what is seen.
void AhaPlan::count_user(const CandidateWalk& walk, StepEvents& seen, Scratch& scratch) const {
  // Most of a user's events lie after the time that counts, and are not read.
  constexpr std::uint32_t kEventsAtOnce = 16;
  scratch.clear();
  std::size_t next = 0;  // the event to be looked at
  std::optional<TimeUs> start;
  for (;;) {
    const StepEvents::Stretch stretch = seen.read_stretch(kEventsAtOnce);
    if (stretch == StepEvents::Stretch::kNone) break;
    if (stretch == StepEvents::Stretch::kAnew) {
      scratch.clear();
      next = 0;
      start.reset();
    }
    const std::span<const StepEvent> events = seen.events();
    for (; !start && next < events.size(); ++next) {
      if ((events[next].steps >> kCohortBit & 1) == 0) continue;
      start = events[next].time;
      // Others of the same instant, in whatever order, come after it.
      while (next > 0 && events[next - 1].time == *start) --next;
      break;
    }
    if (!start) continue;
    if (!count_events(walk, events, seen, next, *start, scratch)) break;
    next = events.size();
  }
}

void AhaPlan::count(ChunkSets& sets, CellSink& sink) const {
  if (parts_.days.empty()) return;
  MutableSet newcomers = sets.make_set();
  MutableSet retained = sets.make_set();
  const std::size_t mark = sets.arena().mark();
  find_cohort(sets, newcomers, retained);
  sets.arena().give_back_to(mark);
  sink.add_andnot(0, newcomers.span(), retained.span());
  sink.add(1, retained.span());
  const BitSpan looked_at = newcomers.span(), back = retained.span();
  if (std::all_of(looked_at.words, looked_at.words + looked_at.word_count,
                  [](std::uint64_t word) { return word == 0; })) {
    return;
  }

  sets.limit_to(looked_at);
  QuestionMemory memory(account());
  memory.take(3 * parts_.candidates.size() * sizeof(std::uint32_t), QuestionNeed::kHistory);
  Scratch scratch(parts_.candidates.size());
  for (const CandidateWalk& walk : parts_.walks) {
    StepEvents seen(walk.selectors, account());
    sets.for_each_history(
        [&](std::size_t run, const LogBlock& block) { seen.open(run, block); },
        [&](UserCursor& cursor, std::uint32_t place) {
          seen.begin(cursor);
          count_user(walk, seen, scratch);
          const bool is_back = has_user(back, place);
          for (const std::uint32_t candidate : scratch.touched) {
            const bool has_itself = scratch.cohort_counts[candidate] == scratch.cohort_events;
            const std::int64_t times =
                std::int64_t{scratch.counts[candidate]} - (has_itself ? 1 : 0);
            const auto levels = std::ranges::upper_bound(ask_.at_least, times);
            if (levels == ask_.at_least.begin()) continue;
            const auto level = static_cast<std::size_t>(levels - ask_.at_least.begin()) - 1;
            sink.add_user(cell_of(candidate, level, is_back), place);
          }
        });
  }
}

Cell cell_of_known(std::optional<double> number) { return number ? Cell(*number) : Cell(); }

QueryResult AhaPlan::finish(const Partial& counts) const {
  QueryResult result = result_;
  if (cell_count() == 0) return result;
  struct Row {
    std::size_t candidate = 0, level = 0;
    RateCounts with, without;  // hits came back
    std::optional<double> phi;
  };
  const RateCounts all = {counts.cells[1], counts.cells[0] + counts.cells[1]};
  QuestionMemory memory(account());
  memory.take(parts_.candidates.size() * level_count() * sizeof(Row), QuestionNeed::kRows);
  std::vector<Row> rows;
  rows.reserve(parts_.candidates.size() * level_count());
  for (std::size_t candidate = 0; candidate < parts_.candidates.size(); ++candidate) {
    RateCounts with;
    for (std::size_t level = level_count(); level-- > 0;) {
      const std::uint64_t back = counts.cells[cell_of(candidate, level, /*is_back=*/true)];
      with.hits += back;
      with.users += back + counts.cells[cell_of(candidate, level, /*is_back=*/false)];
      const RateCounts without = {all.hits - with.hits, all.users - with.users};
      rows.push_back({candidate, level, with, without, phi_coefficient(with, without)});
    }
  }
  std::ranges::sort(rows, [](const Row& a, const Row& b) {
    if (a.phi != b.phi) return a.phi > b.phi;  // one that is not set is the least
    return std::pair(a.candidate, a.level) < std::pair(b.candidate, b.level);
  });
  for (const Row& row : rows) {
    const std::optional<Interval> interval = newcombe_interval(row.with, row.without);
    add_row(result, parts_.candidates[row.candidate],
            static_cast<std::int64_t>(ask_.at_least[row.level]), count_cell(row.with.users),
            ratio_cell(row.with.users, all.users, true),
            ratio_cell(row.with.hits, row.with.users, true),
            ratio_cell(row.without.hits, row.without.users, true),
            cell_of_known(rate_difference(row.with, row.without)),
            interval ? Cell(interval->low) : Cell(), interval ? Cell(interval->high) : Cell(),
            cell_of_known(row.phi), true);
  }
  return result;
}

std::vector<std::size_t> AhaPlan::cells_of_row(const std::vector<Cell>& cells, std::size_t,
                                               std::string_view column) const {
  if (column != "users") return {};
  const auto candidate =
      std::ranges::lower_bound(parts_.candidates, std::get<std::string>(cells[0]));
  const auto first = std::ranges::lower_bound(ask_.at_least, std::get<std::int64_t>(cells[1]));
  const auto number = static_cast<std::size_t>(candidate - parts_.candidates.begin());
  std::vector<std::size_t> found;
  for (auto level = static_cast<std::size_t>(first - ask_.at_least.begin()); level < level_count();
       ++level) {
    for (const bool is_back : {false, true}) found.push_back(cell_of(number, level, is_back));
  }
  return found;
}

// Resolves the candidates, and in which walks they are looked for.
class CandidateResolver {
 public:
  CandidateResolver(const AhaQuery& ask, std::vector<PropertyCondition> where,
                    const PlanContext& context, AhaParts& parts)
      : ask_(ask), where_(std::move(where)), context_(context), parts_(parts) {}

  Status resolve() {
    std::vector<std::pair<std::string, Selector>> candidates = named();
    std::ranges::sort(candidates, {}, &std::pair<std::string, Selector>::first);
    std::size_t bytes = 0;
    for (const auto& [text, selector] : candidates) bytes += 2 * sizeof text + text.size();
    parts_.memory.take(bytes, QuestionNeed::kPlans);
    for (auto& [text, selector] : candidates) {
      ROLLCALL_RETURN_IF_ERROR(add(text, selector));
      parts_.candidates.push_back(std::move(text));
    }
    return {};
  }

 private:
  std::vector<std::pair<std::string, Selector>> named() {
    std::vector<std::pair<std::string, Selector>> candidates;
    for (const Selector& candidate : ask_.candidates) {
      candidates.emplace_back(selector_text(candidate), candidate);
    }
    if (!candidates.empty()) return candidates;
    const BoundedDictionary& events = context_.catalog.events();
    std::set<std::string_view> taken;
    if (ask_.cohort_event.match == Selector::Names::kAnyOf) {
      taken.insert(ask_.cohort_event.names.begin(), ask_.cohort_event.names.end());
    }
    if (events.overflowed()) {
      taken.insert(kOtherName);
      add_note(
          fmt::format("there are more event names than the store keeps; the others, counted "
                      "as \"{}\", are no candidates",
                      kOtherName));
    }
    for (const std::string& name : events.values()) {
      if (name.empty() || name == "*" || taken.contains(name)) continue;
      Selector selector;
      selector.match = Selector::Names::kAnyOf;
      selector.names = {name};
      candidates.emplace_back(selector_text(selector), std::move(selector));
    }
    return candidates;
  }

  Status add(const std::string& text, const Selector& selector) {
    ROLLCALL_ASSIGN_OR_RETURN(EventSelector events,
                              resolve_event_selector(fmt::format("aha: candidates: {}", text),
                                                     selector, where_, context_.catalog));
    for (const std::string& note : events.notes) add_note(note);
    const auto number = static_cast<std::uint32_t>(parts_.candidates.size());
    CandidateGroup& group = group_of(events);
    if (events.any_name) {
      group.events.any_name = true;
      for (std::vector<std::uint32_t>& numbers : group.by_name) numbers.push_back(number);
      parts_.memory.take(group.by_name.size() * sizeof number, QuestionNeed::kPlans);
    }
    for (const EventCode name : events.names) {
      group.by_name[name].push_back(number);
      group.events.names.push_back(name);
      parts_.memory.take(4 * sizeof number, QuestionNeed::kPlans);
    }
    return {};
  }

  CandidateGroup& group_of(const EventSelector& events) {
    for (CandidateWalk& walk : parts_.walks) {
      for (CandidateGroup& group : walk.groups) {
        const EventSelector& known = group.events;
        if (known.where == events.where && known.kept == events.kept &&
            known.amounts == events.amounts) {
          return group;
        }
      }
    }
    if (parts_.walks.empty() || parts_.walks.back().groups.size() == kGroupsOfWalk) {
      parts_.walks.emplace_back();
    }
    CandidateGroup& group = parts_.walks.back().groups.emplace_back();
    group.events = events;
    group.events.any_name = false;
    group.events.names.clear();
    const std::size_t name_count = context_.catalog.events().values().size();
    parts_.memory.take(name_count * sizeof(group.by_name[0]), QuestionNeed::kPlans);
    group.by_name.resize(name_count);
    return group;
  }

  void add_note(const std::string& note) {
    if (std::ranges::find(parts_.notes, note) == parts_.notes.end()) parts_.notes.push_back(note);
  }

  const AhaQuery& ask_;
  const std::vector<PropertyCondition> where_;
  const PlanContext& context_;
  AhaParts& parts_;
};

// Completes the walks, once all groups are known.
void make_walks(const EventSelector& cohort, TimeUs begin, TimeUs end, AhaParts& parts) {
  for (CandidateWalk& walk : parts.walks) {
    walk.selectors.steps = {cohort};
    for (CandidateGroup& group : walk.groups) {
      std::vector<EventCode>& names = group.events.names;
      sort_unique(names);
      if (group.events.any_name) names.clear();
      walk.selectors.steps.push_back(group.events);
    }
    walk.selectors.begin = begin;
    walk.selectors.end = end;
    walk.selectors.tells_names = true;
  }
}

PlanResult plan(const AhaQuery& ask, const Query& query, const PlanContext& context) {
  ROLLCALL_RETURN_IF_ERROR(check_history("aha", context));
  const std::vector<PropertyCondition> where = conditions_of(query, context);
  AhaParts parts;
  parts.memory = QuestionMemory(context.account);
  ROLLCALL_ASSIGN_OR_RETURN(
      parts.cohort, resolve_selector("aha: cohort_event", ask.cohort_event, where, context));
  ROLLCALL_ASSIGN_OR_RETURN(
      parts.returns, resolve_selector("aha: return_event", ask.return_event, where, context));
  ROLLCALL_ASSIGN_OR_RETURN(
      const EventSelector cohort,
      resolve_event_selector("aha: cohort_event", ask.cohort_event, where, context.catalog));
  for (const SeriesUnion* const events : {&parts.cohort, &parts.returns}) {
    for (const std::string& note : events->notes) {
      if (std::ranges::find(parts.notes, note) == parts.notes.end()) parts.notes.push_back(note);
    }
  }
  ROLLCALL_RETURN_IF_ERROR(CandidateResolver(ask, where, context, parts).resolve());
  ROLLCALL_RETURN_IF_ERROR(
      check_cell_count("aha", parts.candidates.size(), 2 * ask.at_least.size()));
  ROLLCALL_ASSIGN_OR_RETURN(Scope scope, resolve_scope("aha", query, context));
  ROLLCALL_ASSIGN_OR_RETURN(parts.range,
                            resolve_event_range("aha", query.common, context, scope.timeframe));
  if (!parts.range.empty()) {
    parts.days = {std::max(*parts.range.from, scope.timeframe.data.first),
                  std::min(*parts.range.to, scope.timeframe.last_ended_day - ask.to_day)};
    const TimeUs end = context.zone.start_of(parts.days.last + 1) + ask.within.us;
    make_walks(cohort, parts.range.begin, std::min(end, parts.range.seen_end), parts);
  }
  return PlanResult(std::make_unique<AhaPlan>(query, context, std::move(scope), std::move(parts)));
}

// --- The row. ---

// Returns the first day after that of the cohort event that no event within the time can be on.
std::int64_t first_day_after(Length within) {
  return (within.us + kUsPerFullDay - 1) / kUsPerFullDay + 1;
}

constexpr QueryField kAhaFields[] = {
    field_of_event("cohort_event", "Event whose first ever makes a user new"),
    field_of_event("return_event", "Event that counts as coming back"),
    {.name = "within",
     .type = FieldType::kLength,
     .meaning = "Time from the cohort event in which candidates count, its end included",
     .default_json = "\"7d\""},
    {.name = "candidates",
     .type = FieldType::kEvents,
     .meaning = "Events that are tried: unless given, each name of the store"},
    {.name = "at_least",
     .type = FieldType::kIntegers,
     .meaning = "How often users did it, or more",
     .default_json = "[1, 2, 3, 5, 10]",
     .min = 1,
     .max = kTimesMax},
    {.name = "from_day",
     .type = FieldType::kInteger,
     .meaning = "First day after the cohort event's that counts as coming back",
     .default_json = "8",
     .min = 2,
     .max = kSpanDaysMax},
    {.name = "to_day",
     .type = FieldType::kInteger,
     .meaning = "Last day after the cohort event's that counts as coming back",
     .default_json = "30",
     .min = 2,
     .max = kSpanDaysMax}};

Status parse(const QueryObject& object, AhaQuery& ask) {
  const auto day_field = [](std::string_view name, std::int32_t& out) {
    return FieldReader{name, [&out](const Json& value, const std::string& path) {
                         return read_integer(value, path, out);
                       }};
  };
  const FieldReader at_least = {"at_least", [&ask](const Json& value, const std::string& path) {
                                  return value.is_array()
                                             ? read_integers(value, path, ask.at_least)
                                             : unexpected(path, "a list of whole numbers", value);
                                }};
  ROLLCALL_RETURN_IF_ERROR(object.read(
      {selector_field("cohort_event", ask.cohort_event),
       selector_field("return_event", ask.return_event), length_field("within", ask.within),
       selectors_field("candidates", ask.candidates), at_least, day_field("from_day", ask.from_day),
       day_field("to_day", ask.to_day)}));
  if (!object.has("candidates") || !ask.candidates.empty()) return {};
  return object.fault(
      "candidates: must be a list of events, found an empty one (allowed: without this field, each "
      "name of the store is tried)");
}

JsonFields write(const AhaQuery& ask) {
  JsonFields fields = {{"cohort_event", selector_json(ask.cohort_event)},
                       {"return_event", selector_json(ask.return_event)},
                       {"within", quote(to_string(ask.within))}};
  if (!ask.candidates.empty()) fields.emplace_back("candidates", selectors_json(ask.candidates));
  fields.emplace_back("at_least", integer_list(ask.at_least));
  fields.emplace_back("from_day", std::to_string(ask.from_day));
  fields.emplace_back("to_day", std::to_string(ask.to_day));
  return fields;
}

Status check(const AhaQuery& ask) {
  ROLLCALL_RETURN_IF_ERROR(check_selector("cohort_event", ask.cohort_event));
  ROLLCALL_RETURN_IF_ERROR(check_selector("return_event", ask.return_event));
  if (ask.within.us <= 0) {
    return Status::invalid_argument("within: must be longer than 0s, found " +
                                    to_string(ask.within));
  }
  if (ask.candidates.size() > AhaQuery::kCandidatesMax) {
    return Status::invalid_argument(fmt::format("candidates: must be at most {} events, found {}",
                                                AhaQuery::kCandidatesMax, ask.candidates.size()));
  }
  ROLLCALL_RETURN_IF_ERROR(check_distinct_selectors("candidates", ask.candidates));
  if (ask.at_least.empty()) {
    return Status::invalid_argument("at_least: must be a number or more, found none");
  }
  for (std::size_t i = 0; i < ask.at_least.size(); ++i) {
    ROLLCALL_RETURN_IF_ERROR(
        check_whole_number("at_least: a number", ask.at_least[i], 1, kTimesMax));
    if (i != 0 && ask.at_least[i] <= ask.at_least[i - 1]) {
      return Status::invalid_argument(fmt::format("at_least: must ascend, found {} after {}",
                                                  ask.at_least[i], ask.at_least[i - 1]));
    }
  }
  ROLLCALL_RETURN_IF_ERROR(check_whole_number("from_day", ask.from_day, 1, kSpanDaysMax));
  if (const std::int64_t first = first_day_after(ask.within); ask.from_day < first) {
    return Status::invalid_argument(
        fmt::format("from_day: must be at least {} with within \"{}\", as an event in that time "
                    "would count as coming back itself, found {}",
                    first, to_string(ask.within), ask.from_day));
  }
  return check_whole_number("to_day", ask.to_day, ask.from_day, kSpanDaysMax);
}

std::string describe(const AhaQuery& ask) {
  std::string candidates = "each event name";
  if (!ask.candidates.empty()) {
    candidates.clear();
    for (const Selector& candidate : ask.candidates) {
      candidates += (candidates.empty() ? "" : ", ") + event_noun(candidate);
    }
  }
  return fmt::format(
      "Of the users whose first ever {} lies in the range: for {}, how many did it so many times "
      "or more within {} after it, and which part of these and of the others had {} on any of the "
      "days {} to {} after.",
      event_noun(ask.cohort_event), candidates, to_string(ask.within),
      event_words(ask.return_event), ask.from_day, ask.to_day);
}

}  // namespace

const KindRow<AhaQuery>& row_of(std::type_identity<AhaQuery>) {
  static constexpr std::string_view kExamples[] = {
      R"({"kind": "aha", "cohort_event": "signup", "from_day": 8, "to_day": 14})"};
  static constexpr KindRow<AhaQuery> kRow = {
      .kind = {.name = "aha",
               .summary = "Which early events go with staying",
               .fields = kAhaFields,
               .examples = kExamples,
               .chart = "users"},
      .parse = parse,
      .write = write,
      .check = check,
      .describe = describe,
      .plan = plan,
      .ranked_event = [](const AhaQuery& ask) -> const Selector& { return ask.cohort_event; },
      .ranking = rank_by_history<AhaQuery>};
  return kRow;
}

}  // namespace rollcall
