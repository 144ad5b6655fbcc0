#include "core/query/kinds/rfm_plan.h"

#include <algorithm>
#include <span>
#include <utility>

#include "core/query/kinds/kind_table.h"
#include "core/query/kinds/rfm_rules.h"
#include "core/query/sequence/event_counts.h"
#include "core/query/sets/set_users.h"
#include "core/query/sets/vertical_count.h"
#include "core/query/text/decimal_text.h"
#include "core/time/floor_quotient.h"

namespace rollcall {
namespace {

// Scores the users of all partitions by rank, and goes on with the plan of the answer.
class RanksPlan final : public RfmPlan {
 public:
  RanksPlan(const PlanContext& context, const std::shared_ptr<RfmParts>& parts)
      : RfmPlan(context, *parts), parts_(parts) {
    reads_.add(parts->answer_reads);
  }

  // Returns the plan of the answer if the scales are known since another question.
  std::unique_ptr<Plan> answer_by_kept() const;

  std::size_t cell_count() const override { return 0; }
  std::size_t distribution_count() const override { return kMeasures; }
  bool keeps_names() const override { return parts_->answer_keeps_names; }
  std::unique_ptr<Plan> next(const Partial& counts) const override;
  QueryResult finish(const Partial&) const override { return result_; }
  std::vector<std::size_t> cells_of(std::size_t, std::string_view) const override { return {}; }

 private:
  enum Measure : std::size_t { kLastDay, kFrequency, kMonetary, kMeasures };

  void write_identity(ByteWriter& writer) const override {
    writer.text("ranks");
    writer.zigzag(parts_->days.first.value);
    writer.zigzag(parts_->days.last.value);
  }
  // The users of a segment may change without an event, so their ranks are not kept.
  bool may_keep() const { return parts_->kept_ranks && !parts_->query.common.among; }
  void count(ChunkSets& sets, CellSink& sink) const override;

  const std::shared_ptr<const RfmParts> parts_;
};

void RanksPlan::count(ChunkSets& sets, CellSink& sink) const {
  if (parts_->days.empty()) return;
  const RfmMeasures found = measure(*parts_, sets, /*with_ever=*/false);
  std::vector<std::uint64_t> users_by_day(static_cast<std::size_t>(parts_->days.size()));
  constexpr std::size_t kSmallFrequencies = 1'024;
  std::vector<std::uint64_t> users_by_frequency(kSmallFrequencies);
  std::uint64_t worthless = 0;
  for (std::size_t place = 0; place < found.last_days.size(); ++place) {
    if (found.last_days[place] == kNeverLast) continue;
    ++users_by_day[static_cast<std::size_t>(found.last_days[place] - parts_->days.first.value)];
    const std::uint64_t frequency = found.frequencies[place];
    if (frequency < kSmallFrequencies) {
      ++users_by_frequency[frequency];
    } else {
      sink.add_number(kFrequency, static_cast<AmountSum>(frequency), 1, 1);
    }
    const Fraction monetary = parts_->monetary_of(found, place);
    if (monetary.number == 0) {
      ++worthless;
    } else {
      sink.add_number(kMonetary, monetary.number, monetary.of, 1);
    }
  }
  for (std::size_t day = 0; day < users_by_day.size(); ++day) {
    const AmountSum number = parts_->days.first.value + static_cast<AmountSum>(day);
    if (users_by_day[day] > 0) sink.add_number(kLastDay, number, 1, users_by_day[day]);
  }
  for (std::size_t frequency = 0; frequency < kSmallFrequencies; ++frequency) {
    const std::uint64_t users = users_by_frequency[frequency];
    if (users > 0) sink.add_number(kFrequency, static_cast<AmountSum>(frequency), 1, users);
  }
  if (worthless > 0) sink.add_number(kMonetary, 0, 1, worthless);
}

std::unique_ptr<Plan> RanksPlan::next(const Partial& counts) const {
  const auto scale_of_measure = [&](Measure measure) {
    ScoreScale scale;
    const std::vector<std::optional<Fraction>> starts =
        counts.distributions[measure].starts_of_parts(RfmRules::kScoreMax);
    for (std::size_t i = 0; i < starts.size(); ++i) {
      if (starts[i]) scale.starts[i] = *starts[i];
    }
    return scale;
  };
  const RfmScales scales = {scale_of_measure(kLastDay), scale_of_measure(kFrequency),
                            scale_of_measure(kMonetary)};
  if (may_keep()) {
    std::string bytes;
    ByteWriter writer(bytes);
    write_scales(scales, writer);
    parts_->kept_ranks->keep(digest(), bytes);
  }
  return parts_->make_answer(parts_, scales);
}

std::unique_ptr<Plan> RanksPlan::answer_by_kept() const {
  if (!may_keep()) return nullptr;
  const std::optional<std::string> bytes = parts_->kept_ranks->find(digest());
  if (!bytes) return nullptr;
  ByteReader reader(*bytes);
  return parts_->make_answer(parts_, read_scales(reader));
}

// Returns the scales of fixed edges.
RfmScales scales_of(const RfmParts& parts) {
  RfmScales scales;
  const RfmRules::Edges& edges = *parts.rules.edges;
  const std::int32_t last = parts.scope.timeframe.last_day.value;
  for (std::size_t i = 0; i < RfmRules::kEdges; ++i) {
    // Who reaches the edge scores less.
    scales.last_day.starts[RfmRules::kEdges - 1 - i] = {last - edges.recency[i] + 1};
    scales.frequency.starts[i] = {edges.frequency[i]};
    const DecimalText edge = *parse_decimal_text(edges.monetary[i]);
    Fraction& start = scales.monetary.starts[i];
    const auto digits = std::max(parts.decimals, static_cast<std::uint32_t>(edge.fraction.size()));
    start.number = std::clamp(scaled(edge, digits).floor, -ScoreScale::kNever.number,
                              ScoreScale::kNever.number);
    start.of = static_cast<std::uint64_t>(scale_of(digits - parts.decimals));
  }
  return scales;
}

// Sets the range: whole days, as far as they are known.
Status resolve_rfm_range(const PlanContext& context, RfmParts& parts) {
  const QueryCommon& common = parts.query.common;
  const Timeframe& timeframe = parts.scope.timeframe;
  ROLLCALL_ASSIGN_OR_RETURN(const RangeEnds ends, resolve_ends(parts.scope.kind, common, context,
                                                               timeframe, context.open_from));
  if (ends.from) parts.from = ends.from->day;
  if (ends.to) parts.to = ends.to->day;
  if (timeframe.data.empty() || !parts.from || !parts.to || *parts.to < *parts.from ||
      timeframe.last_day < *parts.from) {
    return {};
  }
  parts.has_rows = true;
  parts.is_complete = !common.to || timeframe.has_ended(*parts.to);
  parts.days = {std::max(*parts.from, timeframe.data.first),
                std::min(*parts.to, timeframe.data.last)};
  return {};
}

std::vector<std::string> notes_of(const RfmParts& parts) {
  std::vector<std::string> notes = {
      "recency is the whole days from the day of a user's last event in the range to that of "
      "as_of; "
      "users without an event in it are left out"};
  if (!parts.rules.edges) {
    notes.emplace_back(
        "a score is 1 + floor(5 (worse + equal / 2) / all), counts of users, so that equal values "
        "share the score of the middle of them");
  }
  if (parts.has_means()) {
    notes.emplace_back(
        "users without an event that has a value are scored as if their mean was 0, and are in no "
        "mean of means");
  }
  notes.emplace_back("rows are complete when the last day of to has ended at as_of, or without to");
  notes.insert(notes.end(), parts.notes.begin(), parts.notes.end());
  notes.insert(notes.end(), parts.events.notes.begin(), parts.events.notes.end());
  return notes;
}

}  // namespace

RfmPlan::RfmPlan(const RfmParts& parts) : TablePlan(parts.query, parts.scope) {
  add_reads(parts);
  result_ = parts.heading;
}

RfmPlan::RfmPlan(const PlanContext& context, RfmParts& parts)
    : TablePlan(parts.query, parts.scope) {
  add_reads(parts);
  JsonFields fields = fields_of(parts.query);
  fields.emplace_back("from", parts.from ? quote(to_string(*parts.from)) : "null");
  fields.emplace_back("to", parts.to ? quote(to_string(*parts.to)) : "null");
  define(std::move(fields), context, nullptr, notes_of(parts));
  result_.columns = parts.columns;
  result_.pivot = parts.pivot;
  parts.heading = result_;
}

void RfmPlan::add_reads(const RfmParts& parts) {
  if (parts.days.empty()) return;
  const DayRange ever = parts.wants_ever ? timeframe_.data : parts.days;
  if (parts.from_history) {
    reads_.read_history(
        ever.first,
        parts.scope.events->reasons()[EventSeries::number_of(parts.events.series.front())]);
    return;
  }
  read_presence(parts.events, ever);
  reads_.amounts.push_back({parts.valued_series, ever});
  if (parts.counts_events()) {
    reads_.read_history(parts.days.first,
                        "aggregates know the days of a user, not how many events there were");
  }
}

// A whole number reaches a start if it reaches the next whole number.
WholeScale::WholeScale(const ScoreScale& scale) {
  std::ranges::transform(scale.starts, starts_.begin(), [](const Fraction& start) {
    return -floor_quotient(-start.number, static_cast<AmountSum>(start.of));
  });
}

void write_scales(const RfmScales& scales, ByteWriter& writer) {
  for (const ScoreScale* const scale : {&scales.last_day, &scales.frequency, &scales.monetary}) {
    for (const Fraction& start : scale->starts) {
      writer.sum(start.number);
      writer.varint(start.of);
    }
  }
}

RfmScales read_scales(ByteReader& reader) {
  RfmScales scales;
  for (ScoreScale* const scale : {&scales.last_day, &scales.frequency, &scales.monetary}) {
    for (Fraction& start : scale->starts) {
      start.number = reader.sum();
      start.of = reader.varint();
    }
  }
  return scales;
}

BitSpan RfmPlan::users_in_range(const RfmParts& parts, ChunkSets& sets) const {
  if (!parts.from_history) return sets.active(parts.events, parts.days);
  StepEvents seen(parts.selectors, account());
  return sets.with_history([&](std::size_t run, const LogBlock& block) { seen.open(run, block); },
                           [&](UserCursor& cursor) { return !seen.of_user(cursor).empty(); });
}

RfmMeasures RfmPlan::measure(const RfmParts& parts, ChunkSets& sets, bool with_ever) const {
  const std::size_t count = 64 * sets.chunk().word_count();
  RfmMeasures found;
  found.memory = QuestionMemory(account());
  const auto make = [&]<class Number>(std::vector<Number>& numbers, Number number) {
    found.memory.take(count * sizeof(Number), QuestionNeed::kSets);
    numbers.assign(count, number);
  };
  make(found.last_days, kNeverLast);
  make(found.frequencies, std::uint64_t{0});
  make(found.amounts, AmountSum{0});
  if (parts.has_means()) make(found.valued_events, std::uint64_t{0});
  if (with_ever) {
    make(found.first_days_ever, kNeverFirst);
    make(found.last_days_ever, kNeverLast);
    make(found.days_ever, std::uint64_t{0});
    make(found.amounts_after_first_day, AmountSum{0});
  }
  if (parts.from_history) {
    measure_history(parts, sets, with_ever, found);
  } else {
    measure_pages(parts, sets, found);
    if (with_ever) measure_pages_ever(parts, sets, found);
    if (parts.counts_events()) count_events(parts, sets, found);
  }
  return found;
}

template <class Meet>
void RfmPlan::meet_users(const SeriesUnion& events, DayRange days, bool backwards, ChunkSets& sets,
                         std::vector<std::uint64_t>* day_counts, Meet meet) const {
  // As many days are counted together as take few digits.
  constexpr std::size_t kDaysTogether = 63;
  MutableSet seen = sets.make_set(), fresh = sets.make_set();
  const std::size_t mark = sets.arena().mark();
  std::vector<BitSpan> counted;
  const auto count = [&] {
    if (!counted.empty()) VerticalCount(sets, counted).add_to(*day_counts);
    counted.clear();
    sets.arena().give_back_to(mark);
  };
  for (std::int32_t i = 0; i < days.size(); ++i) {
    const Day day = backwards ? days.last - i : days.first + i;
    const BitSpan users = sets.active(events, {day, day});
    fresh.assign(users);
    fresh.remove(seen.span());
    seen.add(users);
    meet(day, users, fresh.span());
    if (day_counts == nullptr) {
      sets.arena().give_back_to(mark);
    } else if (!users.empty()) {
      counted.push_back(users);
      if (counted.size() == kDaysTogether) count();
    }
  }
  count();
}

void RfmPlan::add_amounts(const RfmParts& parts, DayRange days, const ChunkSets& sets,
                          std::span<AmountSum> sums) {
  for (Day day = days.first; day <= days.last; day = day + 1) {
    for (const SeriesId series : parts.valued_series) {
      for (const UserAmount& of_user : sets.amounts(series, day))
        sums[of_user.place] += of_user.amount;
    }
  }
}

void RfmPlan::measure_pages(const RfmParts& parts, ChunkSets& sets, RfmMeasures& found) const {
  const bool counts_days = parts.rules.frequency == RfmRules::Frequency::kDays;
  // From the last day back, a user is met first on the last of their days.
  meet_users(parts.events, parts.days, /*backwards=*/true, sets,
             counts_days ? &found.frequencies : nullptr, [&](Day day, BitSpan, BitSpan fresh) {
               each_user(fresh, [&](std::size_t place) { found.last_days[place] = day.value; });
             });
  add_amounts(parts, parts.days, sets, found.amounts);
}

void RfmPlan::measure_pages_ever(const RfmParts& parts, ChunkSets& sets, RfmMeasures& found) const {
  // What a user has up to the day on which they are met first is of that day.
  std::vector<AmountSum>& after = found.amounts_after_first_day;
  QuestionMemory memory(account());
  memory.take(after.size() * sizeof(AmountSum), QuestionNeed::kSets);
  std::vector<AmountSum> so_far(after.size());
  meet_users(parts.events, timeframe_.data, /*backwards=*/false, sets, &found.days_ever,
             [&](Day day, BitSpan users, BitSpan fresh) {
               add_amounts(parts, {day, day}, sets, so_far);
               each_user(users,
                         [&](std::size_t place) { found.last_days_ever[place] = day.value; });
               each_user(fresh, [&](std::size_t place) {
                 found.first_days_ever[place] = day.value;
                 after[place] = -so_far[place];
               });
             });
  for (std::size_t place = 0; place < after.size(); ++place) after[place] += so_far[place];
}

void RfmPlan::count_events(const RfmParts& parts, ChunkSets& sets, RfmMeasures& found) const {
  const bool counts_all = parts.rules.frequency == RfmRules::Frequency::kEvents;
  const StepSelectors& selectors = parts.selectors;
  EventCounts counts(selectors.steps.front(), {selectors.begin, selectors.end}, parts.has_means(),
                     account());
  sets.for_each_history([&](std::size_t run, const LogBlock& block) { counts.open(run, block); },
                        [&](UserCursor& cursor, std::uint32_t place) {
                          if (found.last_days[place] == kNeverLast) return;
                          const std::uint64_t events = counts.of_user(cursor).front();
                          if (counts_all) found.frequencies[place] = events;
                          if (parts.has_means())
                            found.valued_events[place] = counts.valued().front();
                        });
}

void RfmPlan::measure_history(const RfmParts& parts, ChunkSets& sets, bool with_ever,
                              RfmMeasures& found) const {
  StepSelectors selectors = parts.selectors;
  if (with_ever) selectors.begin = std::numeric_limits<TimeUs>::min();
  if (with_ever) selectors.end = timeframe_.as_of_time + kUsPerSecond;
  StepEvents seen(selectors, account());
  const auto add_user = [&](UserCursor& cursor, std::uint32_t place) {
    const std::span<const StepEvent> events = seen.of_user(cursor);
    std::optional<Day> day;  // of the event before
    TimeUs day_end = 0;
    std::uint64_t days = 0, days_ever = 0, count = 0;
    for (std::size_t i = 0; i < events.size(); ++i) {
      const TimeUs time = events[i].time;
      const bool is_new_day = !day || time >= day_end;
      if (is_new_day) {
        day = axis().day_of(time);
        day_end = axis().start_of(*day + 1);
      }
      const Amount amount = seen.amount_of(i);
      if (with_ever) {
        days_ever += is_new_day ? 1U : 0U;
        found.first_days_ever[place] = std::min(found.first_days_ever[place], day->value);
        found.last_days_ever[place] = day->value;
        if (days_ever > 1) found.amounts_after_first_day[place] += amount;
      }
      if (time < parts.selectors.begin || time >= parts.selectors.end) continue;
      days += is_new_day ? 1U : 0U;
      ++count;
      found.last_days[place] = day->value;
      found.amounts[place] += amount;
      if (parts.has_means() && amount != 0) ++found.valued_events[place];
    }
    if (with_ever) found.days_ever[place] = days_ever;
    found.frequencies[place] = parts.rules.frequency == RfmRules::Frequency::kEvents ? count : days;
  };
  sets.for_each_history([&](std::size_t run, const LogBlock& block) { seen.open(run, block); },
                        add_user);
}

PlanResult make_rfm_plan(std::shared_ptr<RfmParts> parts, const PlanContext& context) {
  const std::string kind(parts->scope.kind);
  const std::string field = kind + ": event";
  if (parts->rules.frequency == RfmRules::Frequency::kEvents) {
    ROLLCALL_RETURN_IF_ERROR(check_history(kind + ": frequency: \"events\"", context));
  }
  if (parts->has_means()) {
    ROLLCALL_RETURN_IF_ERROR(check_history(kind + ": monetary: \"mean\"", context));
  }
  const std::vector<PropertyCondition> conditions = conditions_of(parts->query, context);
  ROLLCALL_ASSIGN_OR_RETURN(parts->events,
                            resolve_selector(field, parts->rules.event, conditions, context));
  ROLLCALL_ASSIGN_OR_RETURN(parts->scope, resolve_scope(parts->scope.kind, parts->query, context));
  ROLLCALL_RETURN_IF_ERROR(resolve_rfm_range(context, *parts));
  parts->kept_ranks = context.kept_ranks;
  parts->decimals = context.settings.value_decimals;
  parts->from_history = TablePlan::is_from_history(parts->events);
  StepSelectors& selectors = parts->selectors;
  selectors.tells_amounts = true;
  if (parts->from_history) {
    selectors.steps = {
        context.events->selectors()[EventSeries::number_of(parts->events.series.front())]};
  } else {
    parts->valued_series = counted_series(parts->events, context.catalog);
    if (parts->counts_events()) {
      ROLLCALL_ASSIGN_OR_RETURN(
          EventSelector selector,
          resolve_event_selector(field, parts->rules.event, conditions, context.catalog));
      selectors.steps.push_back(std::move(selector));
    }
  }
  if (!parts->days.empty()) {
    selectors.begin = context.zone.start_of(parts->days.first);
    selectors.end = std::min(context.zone.start_of(parts->days.last + 1),
                             parts->scope.timeframe.as_of_time + kUsPerSecond);
  }
  // The plan of the ranks defines the answer, whether it is asked or not.
  auto ranks = std::make_unique<RanksPlan>(context, parts);
  if (parts->rules.edges) return PlanResult(parts->make_answer(parts, scales_of(*parts)));
  if (std::unique_ptr<Plan> answer = ranks->answer_by_kept()) return PlanResult(std::move(answer));
  return PlanResult(std::move(ranks));
}

RfmSegments::RfmSegments(const RfmRules& rules) {
  for (const RfmRules::Segment& segment : rules.segments) names_.push_back(segment.name);
  const auto fits = [](const RfmRules::Scores& scores, std::size_t score) {
    const auto number = static_cast<std::int32_t>(score);
    return scores.first <= number && number <= scores.last;
  };
  bool has_rest = false;
  for (std::size_t cell = 0; cell < kCells; ++cell) {
    const std::size_t r = cell / 25 + 1, f = cell / 5 % 5 + 1, m = cell % 5 + 1;
    const auto fit = std::ranges::find_if(rules.segments, [&](const RfmRules::Segment& segment) {
      return fits(segment.r, r) && fits(segment.f, f) && fits(segment.m, m);
    });
    places_[cell] = static_cast<std::size_t>(fit - rules.segments.begin());
    has_rest = has_rest || fit == rules.segments.end();
  }
  if (has_rest) names_.emplace_back(kRfmOther);
}

}  // namespace rollcall
