// This kind asks who is about to leave: users of a base, each in the first of several segments that
// has them.
//
// Spans of days in a segment count back from an instant. So a trend resolves the segments anew for
// the end of each period, and one plan evaluates them all: sets of users by days come from the same
// pages, and the amounts of a user are added up from one period to the next.
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
#include <vector>

#include "core/query/kinds/kind_rows.h"
#include "core/query/kinds/kind_table.h"
#include "core/query/plan/table_plan.h"
#include "core/query/sets/user_sums.h"
#include "core/query/text/query_validation.h"
#include "core/query/text/segment_json.h"

namespace rollcall {
namespace {

using RiskRule = AtRiskQuery::Rule;

constexpr std::int32_t kBaseDays = 30;
constexpr std::int32_t kSilentDays = 7;
constexpr std::int32_t kFeatureDays = 60;
constexpr std::int32_t kLapsedDays = 14;

Segment did_in_last(std::int32_t days, Selector event = {}) {
  Segment segment;
  segment.event = std::move(event);
  segment.range.last = LastSpan{days};
  return segment;
}

Segment negation_of(Segment segment) {
  Segment negation;
  negation.kind = Segment::Kind::kNot;
  negation.parts.push_back(std::move(segment));
  return negation;
}

// Is what is evaluated at the end of a period, or at as_of.
struct RiskMoment {
  SegmentSet base;
  std::vector<SegmentSet> rules;
  LongUnion with_value;  // of a breakdown: users with an event that has the value
  DayRange new_days;     // whose amounts those of the moment before do not have
};

struct RiskParts {
  std::vector<RiskMoment> moments;
  SeriesUnion events;  // whose amounts count
  std::optional<PeriodRange> range;
};

class AtRiskPlan final : public TablePlan {
 public:
  AtRiskPlan(const Query& query, const PlanContext& context, Scope scope, RiskParts parts);

  std::size_t cell_count() const override { return parts_.moments.size() * cells_per_moment(); }
  QueryResult finish(const Partial& counts) const override;
  std::vector<std::size_t> cells_of(std::size_t row, std::string_view column) const override;
  void free_scratch() const override;

 private:
  void count(ChunkSets& sets, CellSink& sink) const override;

  std::size_t rule_count() const { return ask_.rules.size(); }
  // A moment has the cell of the base, and then two of each rule.
  std::size_t cells_per_moment() const { return 1 + 2 * rule_count(); }
  std::size_t users_cell(std::size_t moment, std::size_t rule) const {
    return moment * cells_per_moment() + 1 + 2 * rule;
  }

  const AtRiskQuery ask_;
  const Calendar calendar_;
  const RiskParts parts_;
  const std::vector<SeriesId> counted_series_;
};

AtRiskPlan::AtRiskPlan(const Query& query, const PlanContext& context, Scope scope, RiskParts parts)
    : TablePlan(query, std::move(scope)),
      ask_(std::get<AtRiskQuery>(query.ask)),
      calendar_(ask_.period.value_or(Period::kDay), context.settings.week_start),
      parts_(std::move(parts)),
      counted_series_(counted_series(parts_.events, context.catalog)) {
  tells_amounts_ = is_from_history(parts_.events);
  std::vector<std::string> notes = {
      "a user of the base counts in the first rule that fits; share is of the base",
      "payers are users whose amounts add up to more than 0, over all history",
      ask_.period ? "spans of days count back from the end of the period, or from as_of in the one "
                    "that is not over; events that came late count where they belong"
                  : "spans of days count back from as_of"};
  DayRange paid;
  for (const RiskMoment& moment : parts_.moments) {
    moment.base.add_reads(reads_);
    for (const SegmentSet& rule : moment.rules) rule.add_reads(reads_);
    moment.with_value.add_reads(reads_);
    if (moment.new_days.empty()) continue;
    paid = {paid.empty() ? moment.new_days.first : paid.first, moment.new_days.last};
  }
  if (!paid.empty()) reads_.amounts.push_back({counted_series_, paid});
  if (!parts_.moments.empty()) {
    const RiskMoment& last = parts_.moments.back();
    last.base.add_notes(notes);
    for (const SegmentSet& rule : last.rules) rule.add_notes(notes);
  }
  for (const std::string& note : parts_.events.notes) {
    if (std::ranges::find(notes, note) == notes.end()) notes.push_back(note);
  }
  if (ask_.period) notes.push_back(note_of_complete_rows(*ask_.period));
  define(fields_of(query), context, parts_.range ? &*parts_.range : nullptr, std::move(notes));

  if (ask_.period) result_.columns.push_back({"date", axis().key_type()});
  result_.columns.insert(result_.columns.end(), {{"rule", ColumnType::kString},
                                                 {"users", ColumnType::kCount},
                                                 {"share", ColumnType::kRatio},
                                                 {"payers", ColumnType::kCount}});
  result_.pivot = Pivot{.rows = {"rule"}, .cells = "users", .rate = "share"};
  if (ask_.period) {
    result_.columns.push_back({"complete", ColumnType::kBool});
    result_.pivot->rows = {"date"};
    result_.pivot->column = "rule";
    result_.pivot->is_usual = true;
  }
}

void AtRiskPlan::free_scratch() const {
  TablePlan::free_scratch();
  for (const RiskMoment& moment : parts_.moments) {
    moment.base.free_scratch();
    for (const SegmentSet& rule : moment.rules) rule.free_scratch();
  }
}

void AtRiskPlan::count(ChunkSets& sets, CellSink& sink) const {
  if (parts_.moments.empty()) return;
  UserSums sums(sets, account());
  const std::size_t mark = sets.arena().mark();
  for (std::size_t at = 0; at < parts_.moments.size(); ++at) {
    const RiskMoment& moment = parts_.moments[at];
    sums.add(counted_series_, moment.new_days);
    MutableSet rest = sets.make_set();
    rest.assign(moment.base.evaluate(sets));
    if (!moment.with_value.empty()) rest.keep(sets.active(moment.with_value));
    sink.add(at * cells_per_moment(), rest.span());
    const BitSpan payers = sums.positive();
    const std::size_t mark_of_rule = sets.arena().mark();
    for (std::size_t rule = 0; rule < rule_count(); ++rule) {
      // Whoever is in a rule is looked at no more.
      ChunkSets of_rest(sets.chunk(), sets.arena(), timeframe_.data);
      of_rest.limit_to(rest.span());
      const BitSpan found = moment.rules[rule].evaluate(of_rest);
      const std::size_t cell = users_cell(at, rule);
      sink.add(cell, found);
      sink.add_and(cell + 1, found, payers);
      rest.remove(found);
      sets.arena().give_back_to(mark_of_rule);
    }
    sets.arena().give_back_to(mark);
  }
}

QueryResult AtRiskPlan::finish(const Partial& counts) const {
  QueryResult result = result_;
  for (std::size_t at = 0; at < parts_.moments.size(); ++at) {
    std::optional<Day> date;
    bool complete = true;
    if (parts_.range) {
      const std::int32_t period = parts_.range->first + static_cast<std::int32_t>(at);
      date = calendar_.first_day(period);
      complete = timeframe_.has_ended(calendar_.last_day(period));
    }
    const std::uint64_t base = counts.cells[at * cells_per_moment()];
    for (std::size_t rule = 0; rule < rule_count(); ++rule) {
      const std::uint64_t users = counts.cells[users_cell(at, rule)];
      std::vector<Cell> cells;
      if (date) cells.push_back(key_of(*date));
      cells.emplace_back(ask_.rules[rule].name);
      cells.push_back(count_cell(users));
      cells.push_back(ratio_cell(users, base, complete));
      cells.push_back(count_cell(counts.cells[users_cell(at, rule) + 1]));
      if (date) cells.emplace_back(complete);
      add_row_of(result, std::move(cells));
    }
  }
  return result;
}

std::vector<std::size_t> AtRiskPlan::cells_of(std::size_t row, std::string_view column) const {
  const std::size_t cell = users_cell(row / rule_count(), row % rule_count());
  if (column == "users") return {cell};
  if (column == "payers") return {cell + 1};
  return {};
}

Result<RiskMoment> resolve_moment(const AtRiskQuery& ask,
                                  const std::vector<PropertyCondition>& where,
                                  const SeriesUnion& events, const PlanContext& context,
                                  const Timeframe& timeframe) {
  RiskMoment moment;
  ROLLCALL_ASSIGN_OR_RETURN(
      moment.base, SegmentSet::resolve("at_risk: base", ask.base, where, context, timeframe));
  for (std::size_t i = 0; i < ask.rules.size(); ++i) {
    ROLLCALL_ASSIGN_OR_RETURN(moment.rules.emplace_back(),
                              SegmentSet::resolve(fmt::format("at_risk: rules[{}]: segment", i),
                                                  ask.rules[i].segment, where, context, timeframe));
  }
  if (context.value != nullptr) {
    moment.with_value = LongUnion::since(events, timeframe.data.first, timeframe);
  }
  return moment;
}

PlanResult plan(const AtRiskQuery& ask, const Query& query, const PlanContext& context) {
  const std::vector<PropertyCondition> where = conditions_of(query, context);
  Scope scope;
  RiskParts parts;
  std::vector<Timeframe> timeframes;
  if (ask.period) {
    ROLLCALL_ASSIGN_OR_RETURN(PeriodScope periods,
                              resolve_periods("at_risk", query, context, *ask.period));
    scope = std::move(periods.scope);
    parts.range = std::move(periods.range);
    ROLLCALL_RETURN_IF_ERROR(
        check_cell_count("at_risk", parts.range->size(), 1 + 2 * ask.rules.size()));
    const Calendar calendar(*ask.period, context.settings.week_start);
    for (std::int32_t period = parts.range->first; period <= parts.range->last; ++period) {
      timeframes.push_back(timeframe_until(scope.timeframe, calendar.last_day(period), context));
    }
  } else {
    ROLLCALL_ASSIGN_OR_RETURN(scope, resolve_scope("at_risk", query, context));
    if (!context.days.empty()) timeframes.push_back(scope.timeframe);
  }
  ROLLCALL_ASSIGN_OR_RETURN(parts.events, resolve_selector("at_risk", {}, where, context));
  // In a store without days, names are checked all the same.
  if (timeframes.empty()) {
    ROLLCALL_RETURN_IF_ERROR(
        resolve_moment(ask, where, parts.events, context, scope.timeframe).status());
  }
  Day next = scope.timeframe.data.first;
  for (const Timeframe& timeframe : timeframes) {
    ROLLCALL_ASSIGN_OR_RETURN(RiskMoment moment,
                              resolve_moment(ask, where, parts.events, context, timeframe));
    moment.new_days = {next, timeframe.data.last};
    next = std::max(next, timeframe.data.last + 1);
    parts.moments.push_back(std::move(moment));
  }
  return PlanResult(
      std::make_unique<AtRiskPlan>(query, context, std::move(scope), std::move(parts)));
}

// --- The row. ---

constexpr std::string_view kRulesField[] = {"rules"};
constexpr QueryField kAtRiskFields[] = {
    {.name = "rules",
     .type = FieldType::kRules,
     .meaning = "A rule, such as 'quiet=not did(*, 3d)'; by default silent for 7 days, and "
                "declining: at most half of the events of the 7 days before",
     .default_json = R"([{"name": "silent", "segment": {"not": {"did": "*", "last": "7d"}}}, )"
                     R"({"name": "declining", "segment": {"declined": "*", "last": "7d", )"
                     R"("to_at_most": "0.5", "from_at_least": 4}}])"},
    {.name = "base",
     .type = FieldType::kSegment,
     .meaning = "Users that are looked at; by default 'did(*, 30d)'",
     .default_json = R"({"did": "*", "last": "30d"})"},
    {.name = "features",
     .type = FieldType::kNames,
     .meaning = "Adds to the default rules: who did this in the last 60 days, not in the last 14",
     .excludes = kRulesField},
    field_of_word("period", "Rows by period, too, each as it stood at its end", {},
                  kWordsOf<kPeriodNames>)};

Status read_rule(const Json& value, const std::string& path, RiskRule& out) {
  constexpr std::string_view kAllowed =
      "an object such as {\"name\": \"quiet\", \"segment\": \"not did(*, 3d)\"}";
  if (!value.is_object()) return unexpected(path, kAllowed, value);
  for (const std::string_view field : {"name", "segment"}) {
    if (value.contains(field)) continue;
    return Status::invalid_argument(
        fmt::format("{}: missing field \"{}\", allowed: {}", path, field, kAllowed));
  }
  return read_fields(value, path,
                     {{"name",
                       [&out](const Json& name, const std::string& at) -> Status {
                         if (!name.is_string()) return unexpected(at, "a string", name);
                         out.name = name.get<std::string>();
                         return {};
                       }},
                      {"segment", [&out](const Json& segment, const std::string& at) {
                         return read_segment(segment, at, out.segment);
                       }}});
}

Status parse(const QueryObject& object, AtRiskQuery& ask) {
  if (object.has("rules") && object.has("features")) {
    return object.fault("features: go with the usual rules alone, found rules beside them");
  }
  const FieldReader rules = {
      "rules", [&ask](const Json& value, const std::string& path) -> Status {
        if (!value.is_array()) return unexpected(path, "a list of rules", value);
        ask.rules.clear();
        for (const Json& element : value.get<Json::Array>()) {
          const std::string at = fmt::format("{}[{}]", path, ask.rules.size());
          ROLLCALL_RETURN_IF_ERROR(read_rule(element, at, ask.rules.emplace_back()));
        }
        return {};
      }};
  const FieldReader base = {"base", [&ask](const Json& value, const std::string& path) {
                              ask.base = {};
                              return read_segment(value, path, ask.base);
                            }};
  const FieldReader features = {"features",
                                [&ask](const Json& value, const std::string& path) -> Status {
                                  std::vector<std::string> names;
                                  ROLLCALL_RETURN_IF_ERROR(read_strings(value, path, names));
                                  ask.rules = AtRiskQuery::usual_rules(names);
                                  return {};
                                }};
  const FieldReader period = {
      "period", [&ask](const Json& value, const std::string& path) -> Status {
        if (value.is_null()) return {};
        return read_word(value, path, "period", kPeriodNames, ask.period.emplace());
      }};
  return object.read({rules, base, features, period});
}

JsonFields write(const AtRiskQuery& ask) {
  std::vector<std::string> rules;
  for (const RiskRule& rule : ask.rules) {
    rules.push_back(
        to_object({{"name", quote(rule.name)}, {"segment", segment_json(rule.segment)}}));
  }
  JsonFields fields = {{"rules", fmt::format("[{}]", fmt::join(rules, ", "))},
                       {"base", segment_json(ask.base)}};
  if (ask.period) fields.emplace_back("period", word(kPeriodNames, *ask.period));
  return fields;
}

Status check(const AtRiskQuery& ask) {
  if (ask.rules.empty()) {
    return Status::invalid_argument("rules: must have at least one rule, found none");
  }
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < ask.rules.size(); ++i) {
    const RiskRule& rule = ask.rules[i];
    if (rule.name.empty()) {
      return Status::invalid_argument(fmt::format("rules[{}]: name: must not be empty", i));
    }
    if (std::ranges::find(names, rule.name) != names.end()) {
      return Status::invalid_argument(
          fmt::format("rules[{}]: name: must differ from those before, found {}", i,
                      quoted_excerpt(rule.name)));
    }
    names.push_back(rule.name);
    ROLLCALL_RETURN_IF_ERROR(check_segment(fmt::format("rules[{}]: segment", i), rule.segment));
  }
  ROLLCALL_RETURN_IF_ERROR(check_segment("base", ask.base));
  return ask.period ? check_days_or_longer("period", *ask.period) : Status();
}

std::string describe(const AtRiskQuery& ask) {
  std::vector<std::string> rules;
  for (const RiskRule& rule : ask.rules) {
    rules.push_back(fmt::format("{}, {}", quote(rule.name), to_string(rule.segment)));
  }
  std::string text = fmt::format(
      "Of the users of {}, how many are in each of these segments and in none before it, and how "
      "many of them have paid: {}.",
      to_string(ask.base), fmt::join(rules, "; "));
  if (ask.period) {
    text +=
        fmt::format(" There are rows for each {}, as it stood at its end.", to_string(*ask.period));
  }
  return text;
}

}  // namespace

std::vector<AtRiskQuery::Rule> AtRiskQuery::usual_rules(const std::vector<std::string>& features) {
  Segment declining;
  declining.kind = Segment::Kind::kDeclined;
  declining.range.last = LastSpan{kSilentDays};
  declining.decline = {.to_at_most = "0.5", .from_at_least = 4};
  std::vector<Rule> rules = {{"silent", negation_of(did_in_last(kSilentDays))},
                             {"declining", std::move(declining)}};
  for (const std::string& name : features) {
    const Selector event = {Selector::Names::kAnyOf, {name}, {}};
    Segment lapsed;
    lapsed.kind = Segment::Kind::kAll;
    lapsed.parts = {did_in_last(kFeatureDays, event), negation_of(did_in_last(kLapsedDays, event))};
    rules.push_back({"lapsed_" + name, std::move(lapsed)});
  }
  return rules;
}

Segment AtRiskQuery::usual_base() { return did_in_last(kBaseDays); }

const KindRow<AtRiskQuery>& row_of(std::type_identity<AtRiskQuery>) {
  static constexpr std::string_view kExamples[] = {
      R"({"kind": "at_risk", "features": ["search"]})",
      R"({"kind": "at_risk", "period": "week", "last": "4w"})"};
  static constexpr KindRow<AtRiskQuery> kRow = {
      .kind = {.name = "at_risk",
               .summary = "Who is about to leave: users who fit a rule of early warning",
               .fields = kAtRiskFields,
               .examples = kExamples,
               .chart = "users",
               .range_needs = "period"},
      .no_range = "without a period, it is a view of one moment, as_of",
      .parse = parse,
      .write = write,
      .check = check,
      .describe = describe,
      .plan = plan,
      .takes_range = [](const AtRiskQuery& ask) { return ask.period.has_value(); },
      .segments =
          [](const AtRiskQuery& ask) {
            std::vector<const Segment*> segments = {&ask.base};
            for (const RiskRule& rule : ask.rules) segments.push_back(&rule.segment);
            return segments;
          }};
  return kRow;
}

}  // namespace rollcall
