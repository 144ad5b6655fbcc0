// Adoption asks who uses which features, and who takes to them.
//
// Sets of users come from pages where these tell them. Where the events of a feature's users cannot
// be told from totals, a series of the history counts them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "core/query/kinds/kind_rows.h"
#include "core/query/kinds/kind_table.h"
#include "core/query/plan/table_plan.h"
#include "core/query/sets/set_users.h"
#include "core/query/text/explanation.h"
#include "core/query/text/query_validation.h"
#include "core/query/text/selector_json.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

// A feature has these cells in each row, named as its columns.
enum FeatureCell : std::size_t { kUsers, kNewAdopters, kReturningUsers, kFeatureCells };
constexpr std::string_view kFeatureCellNames[kFeatureCells] = {"users", "new_adopters",
                                                               "returning_users"};

struct AdoptedFeature {
  std::string text;
  SeriesUnion events;
  LongUnion before;  // the range
  // Says where its events are counted: as a series of the history, or in the totals of that number.
  // If neither is set, they are not known.
  std::optional<SeriesId> counted;
  std::optional<std::size_t> totals;
};

struct AdoptionParts {
  SeriesUnion any_event;
  std::vector<AdoptedFeature> features;  // by text
};

class AdoptionPlan final : public TablePlan {
 public:
  AdoptionPlan(const Query& query, const PlanContext& context, Scope scope, PeriodRange range,
               AdoptionParts parts);

  std::size_t cell_count() const override {
    return range_.size() == 0 ? 0 : (range_.size() + 1) * cells_per_row();
  }
  std::size_t tally_count() const override {
    return tells_amounts_ ? range_.size() * parts_.features.size() : 0;
  }
  std::size_t sample_list_count() const override {
    return range_.size() == 0 ? 0 : parts_.features.size();
  }
  QueryResult finish(const Partial& counts) const override;
  std::vector<std::size_t> cells_of(std::size_t row, std::string_view column) const override;

 private:
  using FirstDays = std::vector<std::int32_t>;  // by place in the chunk

  // The last row is that of the whole range. Its first cell has the active users.
  std::size_t cells_per_row() const { return 1 + parts_.features.size() * kFeatureCells; }
  std::size_t cell_of(std::size_t row, std::size_t feature, FeatureCell cell) const {
    return row * cells_per_row() + 1 + feature * kFeatureCells + cell;
  }
  std::size_t tally_of(std::size_t row, std::size_t feature) const {
    return row * parts_.features.size() + feature;
  }
  bool is_range(std::size_t row) const { return row == range_.size(); }
  DayRange days_of(std::size_t row) const {
    return calendar_.days(range_.first + static_cast<std::int32_t>(row));
  }

  void read_feature(AdoptedFeature& feature, const PlanContext& context);
  void count(ChunkSets& sets, CellSink& sink) const override;
  // Counts a feature, and sets `adopters` to the users of the range who never used it before.
  void count_feature(std::size_t number, ChunkSets& sets, CellSink& sink,
                     MutableSet& adopters) const;
  void find_first_days(const SeriesUnion& events, DayRange days, BitSpan users, ChunkSets& sets,
                       FirstDays& first) const;
  std::optional<std::uint64_t> events_of(std::size_t row, std::size_t feature,
                                         const Partial& counts) const;
  void add_feature_row(std::size_t row, std::size_t number, const Partial& counts,
                       QueryResult& result) const;
  void add_row_of_all(std::size_t row, const Partial& counts, QueryResult& result) const;
  Cell key_of_row(std::size_t row) const {
    return is_range(row) ? Cell() : key_of(days_of(row).first);
  }
  bool is_complete(std::size_t row) const {
    return is_range(row) ? range_.has_ended : timeframe_.has_ended(days_of(row).last);
  }

  const Calendar calendar_;
  const PeriodRange range_;
  AdoptionParts parts_;
  DayRange days_;     // of the rows
  DayRange counted_;  // of the totals
};

AdoptionPlan::AdoptionPlan(const Query& query, const PlanContext& context, Scope scope,
                           PeriodRange range, AdoptionParts parts)
    : TablePlan(query, std::move(scope)),
      calendar_(std::get<AdoptionQuery>(query.ask).period, context.settings.week_start),
      range_(std::move(range)),
      parts_(std::move(parts)) {
  std::vector<std::string> notes = {
      "active: users with any event; new_adopters: first use ever in the row; returning_users: "
      "they used it in the period before, too; events_per_user is over the users of the row",
      "median_days_to_adopt, in rows without a date, is over the new adopters of the whole range: "
      "days from the first event of any kind to the first use",
      "breadth, in rows without a feature, is the mean number of features that an active user used",
      "a row is complete when its last day has ended at as_of; a row without a date holds the "
      "whole range, and is complete when that has ended"};
  if (range_.size() > 0) {
    days_ = {calendar_.first_day(range_.first), calendar_.last_day(range_.last)};
    counted_ = {std::max(days_.first, timeframe_.data.first),
                std::min(days_.last, timeframe_.data.last)};
    const bool any_has_bounds = parts_.any_event.has_bounds;
    if (any_has_bounds) reads_.bounds.push_back({parts_.any_event.series});
    read_presence(parts_.any_event,
                  any_has_bounds ? days_ : DayRange{timeframe_.data.first, days_.last});
    for (AdoptedFeature& feature : parts_.features) read_feature(feature, context);
  }
  if (!std::ranges::all_of(
          parts_.features,
          [](const AdoptedFeature& feature) { return feature.counted || feature.totals; }) &&
      range_.size() > 0) {
    notes.push_back(
        "how often single users did something is not kept by day, so that the events of the users "
        "of among are not known");
  }
  for (const AdoptedFeature& feature : parts_.features) {
    for (const std::string& note : feature.events.notes) {
      if (std::ranges::find(notes, note) == notes.end()) notes.push_back(note);
    }
  }
  define(fields_of(query), context, &range_, std::move(notes));
  result_.columns = {{"date", ColumnType::kDate},
                     {"feature", ColumnType::kString},
                     {"active", ColumnType::kCount},
                     {"users", ColumnType::kCount},
                     {"rate", ColumnType::kRatio},
                     {"new_adopters", ColumnType::kCount},
                     {"events_per_user", ColumnType::kRatio},
                     {"returning_users", ColumnType::kCount},
                     {"median_days_to_adopt", ColumnType::kRatio},
                     {"breadth", ColumnType::kRatio},
                     {"complete", ColumnType::kBool}};
  result_.pivot = Pivot{
      .rows = {"date"}, .column = "feature", .cells = "users", .rate = "rate", .summary = "date"};
}

void AdoptionPlan::read_feature(AdoptedFeature& feature, const PlanContext& context) {
  take_read(feature.events);
  read_presence(feature.events,
                {calendar_.first_day(range_.first - 1), calendar_.last_day(range_.last)});
  feature.before = LongUnion::before(feature.events, days_.first, timeframe_);
  feature.before.add_reads(reads_);
  if (feature.events.has_bounds) reads_.bounds.push_back({feature.events.series});
  if (feature.counted) {
    tells_amounts_ = true;
    read_presence({.series = {*feature.counted}, .has_bounds = false, .notes = {}}, days_);
  } else if (!among_) {
    feature.totals = reads_.totals.size();
    // Where no day has data, no totals are read, and there is nobody to divide by.
    read_totals({counted_series(feature.events, context.catalog), days_});
  }
}

void AdoptionPlan::find_first_days(const SeriesUnion& events, DayRange days, BitSpan users,
                                   ChunkSets& sets, FirstDays& first) const {
  first.assign(users.word_count * 64, kNeverFirst);
  if (events.has_bounds) {
    for (const SeriesId series : events.series) {
      const ChunkSource::Bounds bounds = sets.chunk().bounds(series);
      each_user(users, [&](std::size_t place) {
        if (place < bounds.size) first[place] = std::min(first[place], bounds.first[place]);
      });
    }
    return;
  }
  MutableSet rest = sets.make_set();
  MutableSet found = sets.make_set();
  rest.assign(users);
  const std::size_t mark = sets.arena().mark();
  for (Day day = days.first; day <= days.last; day = day + 1) {
    found.assign(sets.active(events, {day, day}));
    sets.arena().give_back_to(mark);
    found.keep(rest.span());
    each_user(found.span(), [&](std::size_t place) { first[place] = day.value; });
    rest.remove(found.span());
  }
}

void AdoptionPlan::count_feature(std::size_t number, ChunkSets& sets, CellSink& sink,
                                 MutableSet& adopters) const {
  const AdoptedFeature& feature = parts_.features[number];
  MutableSet seen = sets.make_set();
  MutableSet fresh = sets.make_set();
  MutableSet before = sets.make_set();
  MutableSet users = sets.make_set();  // of the range
  const std::size_t mark = sets.arena().mark();
  seen.assign(sets.active(feature.before));
  before.assign(sets.active(feature.events, calendar_.days(range_.first - 1)));
  adopters.clear();
  users.clear();
  for (std::size_t row = 0; row < range_.size(); ++row) {
    sets.arena().give_back_to(mark);
    const BitSpan now = sets.active(feature.events, days_of(row));
    fresh.assign(now);
    fresh.remove(seen.span());
    sink.add(cell_of(row, number, kUsers), now);
    sink.add(cell_of(row, number, kNewAdopters), fresh.span());
    sink.add_and(cell_of(row, number, kReturningUsers), before.span(), now);
    if (feature.counted) {
      sink.add_tally(tally_of(row, number), sets.event_count(*feature.counted, days_of(row), now));
    }
    seen.add(now);
    users.add(now);
    adopters.add(fresh.span());
    before.assign(now);
  }
  sink.add(cell_of(range_.size(), number, kUsers), users.span());
  sink.add(cell_of(range_.size(), number, kNewAdopters), adopters.span());
}

void AdoptionPlan::count(ChunkSets& sets, CellSink& sink) const {
  if (range_.size() == 0) return;
  SetArena& arena = sets.arena();
  MutableSet all_active = sets.make_set();
  std::size_t mark = arena.mark();
  for (std::size_t row = 0; row < range_.size(); ++row) {
    const BitSpan active = sets.active(parts_.any_event, days_of(row));
    sink.add(row * cells_per_row(), active);
    all_active.add(active);
    arena.give_back_to(mark);
  }
  sink.add(range_.size() * cells_per_row(), all_active.span());

  QuestionMemory memory(account());
  memory.take(2 * sizeof(std::int32_t) * 64 * sets.chunk().word_count(), QuestionNeed::kSets);
  FirstDays first_days, first_uses;
  find_first_days(parts_.any_event, {timeframe_.data.first, counted_.last}, all_active.span(), sets,
                  first_days);
  MutableSet adopters = sets.make_set();
  mark = arena.mark();
  for (std::size_t number = 0; number < parts_.features.size(); ++number) {
    count_feature(number, sets, sink, adopters);
    arena.give_back_to(mark);
    find_first_days(parts_.features[number].events, counted_, adopters.span(), sets, first_uses);
    each_user(adopters.span(), [&](std::size_t place) {
      sink.add_sample(number, first_uses[place] - first_days[place]);
    });
    arena.give_back_to(mark);
  }
}

std::optional<std::uint64_t> AdoptionPlan::events_of(std::size_t row, std::size_t feature,
                                                     const Partial& counts) const {
  const AdoptedFeature& of = parts_.features[feature];
  if (!of.counted && !of.totals) return {};
  std::uint64_t events = 0;
  if (of.counted) {
    const std::size_t first = is_range(row) ? 0 : row;
    const std::size_t last = is_range(row) ? range_.size() - 1 : row;
    for (std::size_t i = first; i <= last; ++i) events += counts.tallies[tally_of(i, feature)];
    return events;
  }
  const DayRange days = is_range(row) ? days_ : days_of(row);
  const Day last = std::min(days.last, counted_.last);
  for (Day day = std::max(days.first, counted_.first); day <= last; day = day + 1) {
    events += counts.totals[*of.totals][static_cast<std::size_t>(day - counted_.first)].events;
  }
  return events;
}

void AdoptionPlan::add_feature_row(std::size_t row, std::size_t number, const Partial& counts,
                                   QueryResult& result) const {
  const auto count_of = [&](FeatureCell cell) { return counts.cells[cell_of(row, number, cell)]; };
  const std::uint64_t active = counts.cells[row * cells_per_row()];
  const std::uint64_t users = count_of(kUsers);
  const std::optional<std::uint64_t> events = events_of(row, number, counts);
  const bool complete = is_complete(row);
  add_row(result, key_of_row(row), parts_.features[number].text, count_cell(active),
          count_cell(users), ratio_cell(users, active, complete),
          count_cell(count_of(kNewAdopters)),
          events ? ratio_cell(*events, users, complete) : Cell(),
          is_range(row) ? Cell() : count_cell(count_of(kReturningUsers)),
          is_range(row) && complete ? median_cell(counts.samples[number], 1) : Cell(), Cell(),
          complete);
}

void AdoptionPlan::add_row_of_all(std::size_t row, const Partial& counts,
                                  QueryResult& result) const {
  const std::uint64_t active = counts.cells[row * cells_per_row()];
  std::uint64_t users = 0;
  for (std::size_t number = 0; number < parts_.features.size(); ++number) {
    users += counts.cells[cell_of(row, number, kUsers)];
  }
  const bool complete = is_complete(row);
  add_row(result, key_of_row(row), Cell(), count_cell(active), Cell(), Cell(), Cell(), Cell(),
          Cell(), Cell(), ratio_cell(users, active, complete), complete);
}

QueryResult AdoptionPlan::finish(const Partial& counts) const {
  QueryResult result = result_;
  if (range_.size() == 0) return result;
  for (std::size_t row = 0; row <= range_.size(); ++row) {
    for (std::size_t number = 0; number < parts_.features.size(); ++number) {
      add_feature_row(row, number, counts, result);
    }
    add_row_of_all(row, counts, result);
  }
  return result;
}

std::vector<std::size_t> AdoptionPlan::cells_of(std::size_t table_row,
                                                std::string_view column) const {
  const std::size_t row = table_row / (parts_.features.size() + 1);
  const std::size_t number = table_row % (parts_.features.size() + 1);
  if (column == "active") return {row * cells_per_row()};
  if (number == parts_.features.size()) return {};
  for (const FeatureCell cell : {kUsers, kNewAdopters, kReturningUsers}) {
    const bool is_there = cell != kReturningUsers || !is_range(row);
    if (is_there && column == kFeatureCellNames[cell]) return {cell_of(row, number, cell)};
  }
  return {};
}

PlanResult plan(const AdoptionQuery& ask, const Query& query, const PlanContext& context) {
  const std::vector<PropertyCondition> conditions = conditions_of(query, context);
  AdoptionParts parts;
  ROLLCALL_ASSIGN_OR_RETURN(
      parts.any_event, resolve_selector("adoption: features", Selector(), conditions, context));
  // The history tells how often the users of `among` did something.
  const bool wants_history = context.settings.history && query.common.among.has_value();
  for (std::size_t i = 0; i < ask.features.size(); ++i) {
    const std::string field = fmt::format("adoption: features[{}]", i);
    AdoptedFeature feature;
    feature.text = selector_text(ask.features[i]);
    ROLLCALL_ASSIGN_OR_RETURN(feature.events,
                              resolve_selector(field, ask.features[i], conditions, context));
    if (TablePlan::is_from_history(feature.events)) {
      feature.counted = feature.events.series.front();
    } else if (wants_history) {
      ROLLCALL_ASSIGN_OR_RETURN(
          const SeriesUnion counted,
          resolve_in_history(field, ask.features[i], conditions, context,
                             "aggregates do not know how often the users of among did something"));
      feature.counted = counted.series.front();
    }
    parts.features.push_back(std::move(feature));
  }
  std::ranges::sort(parts.features, {}, &AdoptedFeature::text);
  ROLLCALL_ASSIGN_OR_RETURN(PeriodScope periods,
                            resolve_periods("adoption", query, context, ask.period));
  ROLLCALL_RETURN_IF_ERROR(check_cell_count("adoption", periods.range.size() + 1,
                                            1 + parts.features.size() * kFeatureCells));
  return PlanResult(std::make_unique<AdoptionPlan>(query, context, std::move(periods.scope),
                                                   std::move(periods.range), std::move(parts)));
}

// --- The row. ---

constexpr QueryField kAdoptionFields[] = {
    {.name = "features",
     .type = FieldType::kEvents,
     .meaning = "Events that are uses of a feature, one for each",
     .is_required = true},
    field_of_word("period", "Period", "\"day\"", kWordsOf<kPeriodNames>)};

Status parse(const QueryObject& object, AdoptionQuery& ask) {
  return object.read(
      {selectors_field("features", ask.features), word_field("period", kPeriodNames, ask.period)});
}

JsonFields write(const AdoptionQuery& ask) {
  return {{"features", selectors_json(ask.features)}, {"period", word(kPeriodNames, ask.period)}};
}

Status check(const AdoptionQuery& ask) {
  if (ask.features.empty() || ask.features.size() > AdoptionQuery::kFeaturesMax) {
    return Status::invalid_argument(fmt::format("features: must be 1 to {} events, found {}",
                                                AdoptionQuery::kFeaturesMax, ask.features.size()));
  }
  ROLLCALL_RETURN_IF_ERROR(check_distinct_selectors("features", ask.features));
  return check_days_or_longer("period", ask.period);
}

std::string describe(const AdoptionQuery& ask) {
  std::vector<std::string> features;
  for (const Selector& feature : ask.features) features.push_back(event_words(feature));
  return fmt::format(
      "{}, and each of these features: how many of the users with any event used it, how many for "
      "the first time ever or again after the {} before, and how often; for the whole range, how "
      "many days after their first event the new ones did. Features: {}.",
      each_period(ask.period), to_string(ask.period), fmt::join(features, ", "));
}

}  // namespace

const KindRow<AdoptionQuery>& row_of(std::type_identity<AdoptionQuery>) {
  static constexpr std::string_view kExamples[] = {
      R"({"kind": "adoption", "features": ["search", "review"], "period": "week"})"};
  static constexpr KindRow<AdoptionQuery> kRow = {
      .kind = {.name = "adoption",
               .summary = "Who uses which features, and who takes to them",
               .fields = kAdoptionFields,
               .examples = kExamples,
               .chart = "users"},
      .parse = parse,
      .write = write,
      .check = check,
      .describe = describe,
      .plan = plan,
      .row_period = own_period};
  return kRow;
}

}  // namespace rollcall
