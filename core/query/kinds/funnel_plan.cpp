// Funnels have this plan.
//
// Counted is each user's best attempt, in each row of the trend if there is one: by how many steps
// it has made, so that no user is in two cells of a row.
#include "core/query/kinds/funnel_plan.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/sort_unique.h"
#include "core/query/kinds/funnel_parts.h"
#include "core/query/kinds/kind_table.h"
#include "core/query/plan/table_plan.h"
#include "core/query/resolve/value_test.h"
#include "core/query/sequence/bit_funnel.h"
#include "core/query/sequence/funnel_match.h"
#include "core/query/sequence/plain_funnel.h"
#include "core/query/sequence/step_bits.h"
#include "core/query/sequence/step_events.h"
#include "core/query/sequence/told_step.h"
#include "core/query/text/selector_json.h"
#include "core/time/calendar.h"
#include "core/time/floor_quotient.h"
#include "core/time/time_zone.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

using Order = FunnelQuery::Order;

FunnelRules rules_of(const FunnelQuery& ask, bool is_broken_down) {
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
  rules.strictly_increasing = ask.ties == FunnelQuery::Ties::kStrictlyIncreasing;
  rules.collapse_repeats = ask.collapse_repeats;
  rules.stop_on_repeat = ask.stop_on_repeat;
  for (const FunnelQuery::Exclusion& exclusion : ask.exclusions) {
    rules.exclusions.push_back({static_cast<unsigned>(exclusion.from_step - 1),
                                static_cast<unsigned>(exclusion.to_step - 1)});
  }
  // Of events of one instant, some may open an attempt that is void, and others one that is not.
  // They may also have different values of the property.
  rules.starts_apart = !ask.exclusions.empty() || is_broken_down;
  if (is_broken_down) rules.told_step = static_cast<unsigned>(ask.breakdown_step - 1);
  return rules;
}

class FunnelPlan final : public TablePlan {
 public:
  FunnelPlan(const Query& query, const PlanContext& context, Scope scope, FunnelParts parts);

  std::size_t cell_count() const override {
    // The last cell is nobody's: those who dropped out before step 1.
    return is_ranking() ? parts_.values->ranked.size() : parts_.range.rows * step_count() + 1;
  }
  bool has_texts() const override { return is_ranking() && parts_.values->is_of_texts; }
  std::size_t sample_list_count() const override {
    if (is_ranking()) return 0;
    return parts_.range.rows * (step_count() - 1) * (ask_.total_seconds ? 2 : 1);
  }
  QueryResult finish(const Partial& counts) const override;
  std::vector<std::size_t> cells_of(std::size_t row, std::string_view column) const override;

 private:
  // Holds a user's best attempt in a row of the trend or, to rank values, with a value.
  struct Best {
    std::size_t row = 0;
    FunnelAttempt attempt;
    std::vector<TimeUs> times;  // of its steps
  };
  struct Scratch;

  void count(ChunkSets& sets, CellSink& sink) const override;
  // Finds the best attempts of the user at whom the events have begun.
  void match_user(StepEvents& seen, Scratch& scratch) const;
  void add_by_bits(const StepEvents& seen, std::uint32_t place, Scratch& scratch,
                   CellSink& sink) const;
  // Takes the attempts of these events that are better than the best so far.
  void match(std::span<const StepEvent> events, Scratch& scratch) const;
  // Does so if the funnel is plain for the user, with as many events as that takes; otherwise it
  // returns false and takes none.
  bool match_plain(const StepEvents::Outlook& outlook, StepEvents& seen, Scratch& scratch) const;
  void take_plain(const FunnelAttempt& attempt, const StepEvents& seen, Scratch& scratch) const;
  void add_times(std::span<const StepEvent> events, Scratch& scratch) const;
  void match_held(std::span<const StepEvent> events, const StepEvents& seen,
                  Scratch& scratch) const;
  void take(std::span<const StepEvent> events, const FunnelAttempt& attempt,
            Scratch& scratch) const;
  void find_ranks(std::span<const StepEvent> events, const StepEvents& seen,
                  Scratch& scratch) const;
  void find_text_ranks(const StepEvents& seen, Scratch& scratch) const;
  void add(const Best& best, const StepEvents& seen, std::uint32_t place, CellSink& sink) const;
  // Cells of a ranking go by the values that the store knows.
  void write_identity(ByteWriter& writer) const override {
    writer.byte(is_ranking() ? 1 : 0);
    if (!is_ranking()) return;
    for (const std::string& value : parts_.values->ranked) writer.text(value);
  }
  bool is_ranking() const { return parts_.values && parts_.values->is_ranking; }
  // Returns the row that an attempt counts in; unset if its value is that of other rows.
  std::optional<std::size_t> row_of(std::span<const StepEvent> events, const FunnelAttempt& attempt,
                                    Scratch& scratch) const;
  std::size_t period_of(TimeUs time, Scratch& scratch) const;
  bool is_complete(std::size_t row) const;
  // Returns the list of the times from the step before to step `step`, which counts from 0, or of
  // the times from the first step to it.
  std::size_t list_of(std::size_t row, std::size_t step, bool total) const {
    const std::size_t kinds = ask_.total_seconds ? 2 : 1;
    return (row * (step_count() - 1) + step - 1) * kinds + (total ? 1 : 0);
  }
  std::size_t step_count() const { return ask_.steps.size(); }

  const FunnelQuery ask_;
  const TimeZone& zone_;
  FunnelParts parts_;
  FunnelRules rules_;
  const bool may_be_plain_;
  const bool has_one_row_;
  const bool may_skip_times_;  // of users who make step 1 alone
  const bool may_be_bits_;     // so that the order of names decides
};

struct FunnelPlan::Scratch {
  Scratch(const FunnelRules& rules, const FunnelQuery& ask,
          std::span<const PropertyCondition> conditions, QuestionAccount* account)
      : test(conditions),
        memory(account),
        matcher(rules, account),
        plain(rules),
        bit_funnel(rules),
        bits(rules.step_count),
        told(rules, static_cast<unsigned>(ask.breakdown_step - 1)) {}

  // Attempts that open at one instant with events of the same steps, and come as far, make their
  // steps at the same times.
  struct Alike {
    TimeUs start;
    std::uint32_t opening_steps;
    unsigned steps;
    friend auto operator<=>(const Alike&, const Alike&) = default;
  };

  // Pays for what a matcher keeps of the attempts that are open at once, at most one an event.
  void take_attempts(std::size_t events) {
    constexpr std::size_t kAttemptBytes = 96;
    if (events <= attempts_taken) return;
    memory.take((events - attempts_taken) * kAttemptBytes, QuestionNeed::kHistory);
    attempts_taken = events;
  }

  // Returns an attempt without steps. It takes over the memory for times of one that is done with.
  Best best_of(std::size_t row) {
    Best found{.row = row, .attempt = {}, .times = {}};
    if (spare.empty()) return found;
    found.times = std::move(spare.back());
    found.times.clear();
    spare.pop_back();
    return found;
  }
  void clear_best() {
    for (Best& found : best) spare.push_back(std::move(found.times));
    best.clear();
  }

  const ValueTest test;  // of FunnelValues::conditions
  QuestionMemory memory;
  std::size_t attempts_taken = 0;
  std::vector<std::vector<TimeUs>> spare;
  FunnelMatcher matcher;
  PlainFunnel plain;
  BitFunnel bit_funnel;
  StepBits bits;
  ToldStep told;
  std::vector<Best> best;                         // by row, ascending
  std::map<Alike, std::vector<TimeUs>> times_of;  // of the instant that was looked at last
  std::vector<std::uint32_t> codes;               // of the property of a breakdown
  std::vector<std::uint32_t> ranks;               // of these
  // These are by text of the user, for a kept property.
  std::vector<std::uint32_t> text_ranks, text_labels, text_order;
  std::vector<StepEvent> held;    // as far as they have one value of the property that is held
  std::vector<ValueCode> values;  // of that property
  Best alone;                     // where there is one for each user
  // This is the row of the trend that was looked for last.
  TimeUs period_begin = 0, period_end = 0;
  std::size_t period = 0;
};

FunnelPlan::FunnelPlan(const Query& query, const PlanContext& context, Scope scope,
                       FunnelParts parts)
    : TablePlan(query, std::move(scope)),
      ask_(std::get<FunnelQuery>(query.ask)),
      zone_(context.zone),
      parts_(std::move(parts)),
      rules_(rules_of(ask_, parts_.values.has_value())),
      may_be_plain_(PlainFunnel::may_be_plain(rules_) &&
                    !(parts_.values && parts_.values->is_of_texts)),
      has_one_row_(!parts_.calendar && !parts_.values),
      may_skip_times_(may_be_plain_ && has_one_row_ && !parts_.hold && !ask_.steps_after_to),
      may_be_bits_(may_skip_times_ && BitFunnel::may_decide(rules_) &&
                   (!parts_.between || *parts_.between == EventSelector())) {
  if (parts_.range.rows != 0) {
    reads_.read_history(parts_.range.from.day,
                        "a funnel goes by the order and the times of a user's events");
  }
  parts_.selectors.between = parts_.between.get();
  rules_.last_start = parts_.range_end - 1;
  JsonFields fields = fields_of(query);
  fields.emplace_back("from", parts_.range.rows != 0 ? quote(parts_.range.from.text) : "null");
  fields.emplace_back("to", parts_.range.rows != 0 ? quote(parts_.range.to.text) : "null");
  std::vector<std::string> notes = {
      "every event of step 1 opens an attempt; counted is each user's best one: most steps, then "
      "the earliest"};
  if (context.nesting == nullptr) {  // a segment has no seconds
    notes.push_back("seconds are given of the counts so far, also where a row is not complete");
  }
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

std::optional<std::size_t> FunnelPlan::row_of(std::span<const StepEvent> events,
                                              const FunnelAttempt& attempt,
                                              Scratch& scratch) const {
  if (parts_.values) {
    const std::size_t place = scratch.told.find(scratch.matcher, attempt);
    const bool is_of_texts = parts_.values->is_of_texts;
    const std::vector<std::uint32_t>& labels =
        is_of_texts ? scratch.text_labels : parts_.values->labels;
    const std::uint32_t label_of_none =
        is_of_texts ? scratch.text_labels.front() : parts_.values->label_of_none;
    const std::uint32_t label = place == kNoEvent ? label_of_none : labels[scratch.codes[place]];
    if (label == FunnelValues::kNoLabel) return {};
    if (is_ranking()) return label;
  }
  return period_of(events[attempt.start].time, scratch);
}

// Returns the row of the trend that an instant lies in. Attempts open in the order of time, so that
// it is mostly the one of the instant before.
std::size_t FunnelPlan::period_of(TimeUs time, Scratch& scratch) const {
  if (!parts_.calendar) return 0;
  if (time < scratch.period_begin || time >= scratch.period_end) {
    const std::int32_t period = parts_.calendar->index_of(zone_.day_of(time));
    scratch.period_begin = zone_.start_of(parts_.calendar->first_day(period));
    scratch.period_end = zone_.start_of(parts_.calendar->first_day(period + 1));
    scratch.period = static_cast<std::size_t>(period - parts_.range.first_row);
  }
  return scratch.period;
}

// Takes an attempt that is better than the best one of its row so far.
void FunnelPlan::take(std::span<const StepEvent> events, const FunnelAttempt& attempt,
                      Scratch& scratch) const {
  const std::optional<std::size_t> row = row_of(events, attempt, scratch);
  if (!row) return;
  const StepEvent& opening = events[attempt.start];
  auto best = std::ranges::lower_bound(scratch.best, *row, {}, &Best::row);
  const bool is_first = best == scratch.best.end() || best->row != *row;
  const std::pair found(-static_cast<std::int64_t>(attempt.steps), opening.time);
  if (!is_first) {
    const std::pair known(-static_cast<std::int64_t>(best->attempt.steps), best->times.front());
    if (found > known) return;
  }
  if (!scratch.times_of.empty() && scratch.times_of.begin()->first.start != opening.time) {
    scratch.times_of.clear();
  }
  const auto [known_times, is_new] =
      scratch.times_of.try_emplace({opening.time, opening.steps, attempt.steps});
  std::vector<TimeUs>& times = known_times->second;
  if (is_new) scratch.matcher.step_times(events, attempt, times);
  if (is_first) {
    best = scratch.best.insert(best, scratch.best_of(*row));
  } else if (attempt.steps == best->attempt.steps && times >= best->times) {
    return;  // the steps of a value that is held may be at other times than those of another one
  }
  best->attempt = attempt;
  best->times = times;
}

void FunnelPlan::match(std::span<const StepEvent> events, Scratch& scratch) const {
  scratch.take_attempts(events.size());
  scratch.times_of.clear();
  if (parts_.values) scratch.told.begin(events, scratch.ranks);
  scratch.matcher.match(events,
                        [&](const FunnelAttempt& attempt) { take(events, attempt, scratch); });
}

void FunnelPlan::take_plain(const FunnelAttempt& attempt, const StepEvents& seen,
                            Scratch& scratch) const {
  const TimeUs start = seen.events()[attempt.start].time;
  std::size_t row = 0;
  if (parts_.values) {
    const FunnelValues& values = *parts_.values;
    const std::size_t place = attempt.told.begin;
    const std::uint32_t label = place == kNoEvent
                                    ? values.label_of_none
                                    : values.labels[seen.value_of(place, values.place)];
    if (label == FunnelValues::kNoLabel) return;
    row = label;
  }
  if (!is_ranking()) row = period_of(start, scratch);
  auto best = std::ranges::lower_bound(scratch.best, row, {}, &Best::row);
  if (best == scratch.best.end() || best->row != row) {
    best = scratch.best.insert(best, scratch.best_of(row));
  } else if (attempt.steps < best->attempt.steps ||
             (attempt.steps == best->attempt.steps && start >= best->times.front())) {
    return;
  }
  best->attempt = attempt;
  best->times.assign(1, start);
}

// Completes the times of attempts of these events, of which take_plain knows the first.
void FunnelPlan::add_times(std::span<const StepEvent> events, Scratch& scratch) const {
  for (Best& best : scratch.best) {
    if (best.times.size() < best.attempt.steps) {
      scratch.plain.step_times(events, best.attempt, best.times);
    }
  }
}

bool FunnelPlan::match_plain(const StepEvents::Outlook& outlook, StepEvents& seen,
                             Scratch& scratch) const {
  const auto found = [&](const FunnelAttempt& attempt) {
    take_plain(attempt, seen, scratch);
    return !has_one_row_ || attempt.steps < outlook.most_steps;
  };
  PlainFunnel& plain = scratch.plain;
  plain.begin(outlook.most_steps);
  std::size_t walked = 0;
  for (auto outcome = PlainFunnel::Outcome::kGoesOn; outcome == PlainFunnel::Outcome::kGoesOn;) {
    const StepEvents::Stretch stretch = seen.read_stretch();
    if (stretch == StepEvents::Stretch::kNone) {
      plain.end(found);
      break;
    }
    if (stretch == StepEvents::Stretch::kAnew) {
      plain.begin(outlook.most_steps);
      scratch.clear_best();
      walked = 0;
    }
    scratch.take_attempts(seen.events().size());
    outcome = plain.walk(seen.events(), walked, found);
    if (outcome == PlainFunnel::Outcome::kIsNotPlain) {
      scratch.clear_best();
      return false;
    }
    walked = seen.events().size();
  }
  add_times(seen.events(), scratch);
  return true;
}

// Finds the values of the property that a breakdown goes by.
void FunnelPlan::find_ranks(std::span<const StepEvent> events, const StepEvents& seen,
                            Scratch& scratch) const {
  const FunnelValues& values = *parts_.values;
  if (values.is_of_texts) find_text_ranks(seen, scratch);
  const std::vector<std::uint32_t>& ranks = values.is_of_texts ? scratch.text_ranks : values.ranks;
  scratch.codes.clear();
  scratch.ranks.clear();
  for (std::size_t i = 0; i < events.size(); ++i) {
    scratch.codes.push_back(seen.value_of(i, values.place));
    scratch.ranks.push_back(ranks[scratch.codes.back()]);
  }
}

// Finds the order of the user's texts, and the label of each.
void FunnelPlan::find_text_ranks(const StepEvents& seen, Scratch& scratch) const {
  const auto count = static_cast<std::uint32_t>(seen.text_count());
  scratch.text_order.resize(count);
  scratch.text_ranks.resize(count);
  scratch.text_labels.resize(count);
  std::iota(scratch.text_order.begin(), scratch.text_order.end(), 0);
  std::ranges::sort(scratch.text_order, {}, [&](std::uint32_t text) { return seen.text_of(text); });
  for (std::uint32_t rank = 0; rank < count; ++rank) {
    const std::uint32_t text = scratch.text_order[rank];
    const std::uint32_t label_of_row =
        scratch.test.holds(seen.text_of(text)) ? 0 : FunnelValues::kNoLabel;
    scratch.text_ranks[text] = rank;
    scratch.text_labels[text] = is_ranking() ? text : label_of_row;
  }
}

// Takes the events of one value at a time, as those of others serve no step.
void FunnelPlan::match_held(std::span<const StepEvent> events, const StepEvents& seen,
                            Scratch& scratch) const {
  std::vector<ValueCode>& values = scratch.values;
  values.clear();
  for (std::size_t i = 0; i < events.size(); ++i) {
    const ValueCode value = seen.value_of(i, *parts_.hold);
    if (events[i].steps != 0 && value != parts_.no_value) values.push_back(value);
  }
  sort_unique(values);
  // Events of other values serve no step, but whether two are of one instant holds for all values.
  PlainFunnel& plain = scratch.plain;
  plain.begin(rules_.step_count);
  const auto goes_on = [](const FunnelAttempt&) { return true; };
  const bool is_plain =
      may_be_plain_ && plain.walk(events, 0, goes_on) == PlainFunnel::Outcome::kGoesOn;
  for (const ValueCode value : values) {
    scratch.held.assign(events.begin(), events.end());
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (seen.value_of(i, *parts_.hold) != value) scratch.held[i].steps = 0;
    }
    if (!is_plain) {
      match(scratch.held, scratch);
      continue;
    }
    const auto found = [&](const FunnelAttempt& attempt) {
      take_plain(attempt, seen, scratch);
      return true;
    };
    plain.begin(rules_.step_count);
    plain.walk(scratch.held, 0, found);
    plain.end(found);
    add_times(scratch.held, scratch);
  }
}

void FunnelPlan::add(const Best& best, const StepEvents& seen, std::uint32_t place,
                     CellSink& sink) const {
  if (has_texts()) return sink.add_text(seen.text_of(static_cast<std::uint32_t>(best.row)));
  if (is_ranking()) return sink.add_user(best.row, place);
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
  StepEvents seen(parts_.selectors, account());
  const FunnelValues none;
  const FunnelValues& values = parts_.values ? *parts_.values : none;
  Scratch scratch(rules_, ask_, values.conditions, account());
  sets.for_each_history([&](std::size_t run, const LogBlock& block) { seen.open(run, block); },
                        [&](UserCursor& cursor, std::uint32_t place) {
                          seen.begin(cursor);
                          if (may_be_bits_ && seen.read_bits(scratch.bits)) {
                            return add_by_bits(seen, place, scratch, sink);
                          }
                          scratch.clear_best();
                          match_user(seen, scratch);
                          for (const Best& best : scratch.best) add(best, seen, place, sink);
                        });
}

void FunnelPlan::add_by_bits(const StepEvents& seen, std::uint32_t place, Scratch& scratch,
                             CellSink& sink) const {
  Best& best = scratch.alone;
  const auto attempt = scratch.bit_funnel.best(scratch.bits, best.times);
  if (!attempt) return;
  best.attempt = *attempt;
  add(best, seen, place, sink);
}

void FunnelPlan::match_user(StepEvents& seen, Scratch& scratch) const {
  StepEvents::Outlook outlook = seen.outlook(ask_.order == Order::kAny);
  if (outlook.most_steps == 0) return;
  // An attempt that is void leaves the field to others.
  if (outlook.has_exclusions) outlook.most_steps = rules_.step_count;
  if (outlook.most_steps == 1 && may_skip_times_ && outlook.are_within) {
    Best best = scratch.best_of(0);
    best.attempt.steps = 1;
    best.times.push_back(parts_.selectors.begin);
    scratch.best.push_back(std::move(best));
    return;
  }
  if (may_be_plain_ && !parts_.hold && match_plain(outlook, seen, scratch)) return;
  seen.read_rest();
  const std::span<const StepEvent> events = seen.events();
  if (parts_.values) find_ranks(events, seen, scratch);
  if (parts_.hold) {
    match_held(events, seen, scratch);
  } else {
    match(events, scratch);
  }
}

// Returns the second that holds an instant, which is known when as_of has reached it.
TimeUs last_second(TimeUs time) { return floor_quotient(time, kUsPerSecond) * kUsPerSecond; }

// A row needs its period and the window of its last instant, cut where the range or what counts
// ends.
bool FunnelPlan::is_complete(std::size_t row) const {
  const TimeUs range_end = last_second(parts_.range.to.time);
  TimeUs needed = range_end;
  if (parts_.calendar) {
    const auto period = parts_.range.first_row + static_cast<std::int32_t>(row);
    needed = std::min(needed, zone_.last_second_of(parts_.calendar->last_day(period)));
  }
  if (parts_.calendar || ask_.steps_after_to) needed += ask_.window.us;
  if (!ask_.steps_after_to) needed = std::min(needed, range_end);
  return timeframe_.as_of_time >= needed;
}

constexpr std::uint64_t kUsPerSecondUnsigned = 1'000'000;

// Returns the mean of these microseconds in seconds, which is null if there are none.
Cell mean_of(const std::vector<std::int64_t>& numbers) {
  if (numbers.empty()) return std::monostate{};
  const AmountSum sum = std::accumulate(numbers.begin(), numbers.end(), AmountSum{0});
  return nearest_quotient(sum, Divisor{kUsPerSecondUnsigned} * numbers.size());
}

QueryResult FunnelPlan::finish(const Partial& counts) const {
  QueryResult result = result_;
  if (is_ranking()) return result;
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
        cells.push_back(median_cell(numbers, kUsPerSecondUnsigned));
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
    return {step == 0 ? parts_.range.rows * steps : row - 1};
  }
  if (column != "users") return {};
  std::vector<std::size_t> cells(steps - step);
  std::iota(cells.begin(), cells.end(), row);
  return cells;
}

// Ranks the values of a breakdown if `ranked` has them; otherwise the plan is that of an answer.
PlanResult make_funnel_plan(const FunnelQuery& ask, const Query& query, const PlanContext& context,
                            const std::span<const std::string>* ranked) {
  ROLLCALL_RETURN_IF_ERROR(check_history("funnel", context));
  ROLLCALL_ASSIGN_OR_RETURN(Scope scope, resolve_scope("funnel", query, context));
  ROLLCALL_ASSIGN_OR_RETURN(FunnelParts parts,
                            resolve_funnel(ask, query, context, scope.timeframe, ranked));
  return PlanResult(
      std::make_unique<FunnelPlan>(query, context, std::move(scope), std::move(parts)));
}

}  // namespace

PlanResult plan_funnel(const FunnelQuery& ask, const Query& query, const PlanContext& context) {
  return make_funnel_plan(ask, query, context, nullptr);
}

Result<Ranking> rank_funnel(const FunnelQuery& ask, const Query& query,
                            const PlanContext& context) {
  ROLLCALL_ASSIGN_OR_RETURN(
      const std::uint32_t property,
      find_funnel_property("breakdown", query.common.breakdown, context.catalog));
  Ranking ranking;
  if (property < context.catalog.dimensions().size()) {  // values of kept ones come from the events
    // Attempts that do not make the step have the empty value.
    ranking.values = context.catalog.values(property).values();
    ranking.values.emplace_back();
    sort_unique(ranking.values);
  }
  const std::span<const std::string> values = ranking.values;
  ROLLCALL_ASSIGN_OR_RETURN(ranking.plan, make_funnel_plan(ask, query, context, &values));
  return ranking;
}

}  // namespace rollcall
