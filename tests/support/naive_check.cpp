#include "tests/support/naive_check.h"

#include <algorithm>
#include <limits>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "tests/support/naive_hours.h"
#include "tests/support/naive_kinds.h"
#include "tests/support/naive_table.h"

namespace rollcall::testing {

namespace {

bool is_kept(const std::string& property, const NaiveData& data) {
  const std::vector<std::string>& kept = data.settings.kept_properties;
  return std::find(kept.begin(), kept.end(), property) != kept.end();
}

// Aggregates know nothing of kept properties.
Status check_no_kept(const Selector& selector, const std::vector<PropertyCondition>& where,
                     const std::string& property, const NaiveData& data) {
  const auto is_on_kept = [&](const PropertyCondition& condition) {
    return is_kept(condition.property, data);
  };
  if (is_kept(property, data) || std::ranges::any_of(selector.where, is_on_kept) ||
      std::ranges::any_of(where, is_on_kept)) {
    return Status::invalid_argument("a kept property, of which aggregates know nothing");
  }
  return {};
}

// `property` is that of a breakdown that the selector's events are told apart by; may be empty.
Status check_selector(const Selector& selector, const std::vector<PropertyCondition>& where,
                      const std::string& property, const NaiveData& data) {
  for (const std::string& name : selector.names) {
    if (!data.event_names.empty() && !data.event_names.contains(name)) {
      return Status::invalid_argument("unknown event: " + name);
    }
  }
  std::set<std::string> properties;
  for (const auto* const conditions : {&selector.where, &where}) {
    if (std::any_of(conditions->begin(), conditions->end(), is_on_amount)) {
      return Status::invalid_argument("a condition on amounts, of which aggregates know nothing");
    }
  }
  if (!property.empty()) properties.insert(property);
  for (const PropertyCondition& condition : selector.where) properties.insert(condition.property);
  for (const PropertyCondition& condition : where) properties.insert(condition.property);
  const std::vector<std::string>& declared = data.settings.dimensions;
  for (const std::string& name : properties) {
    if (std::find(declared.begin(), declared.end(), name) == declared.end() &&
        !is_kept(name, data)) {
      return Status::invalid_argument("undeclared property: " + name);
    }
  }
  if (properties.size() > 1) return Status::invalid_argument("conditions on two properties");
  return {};
}

// The events themselves may be asked for several properties, and for amounts.
Status check_event(const Selector& selector, const std::vector<PropertyCondition>& where,
                   const NaiveData& data) {
  Selector names = selector;
  names.where.clear();
  ROLLCALL_RETURN_IF_ERROR(check_selector(names, {}, "", data));
  for (const auto* const conditions : {&selector.where, &where}) {
    for (const PropertyCondition& condition : *conditions) {
      if (is_on_amount(condition)) continue;
      ROLLCALL_RETURN_IF_ERROR(check_selector({}, {}, condition.property, data));
    }
  }
  return {};
}

Status check_funnel(const FunnelQuery& ask, const QueryCommon& common, const NaiveData& data);
Status check_compare(const CompareQuery& ask, const QueryCommon& common, const NaiveData& data,
                     int questions);

// `funnels` says how many it is within.
Status check_segment(const Segment& segment, const std::vector<PropertyCondition>& where,
                     const NaiveData& data, int funnels = 0) {
  using Kind = Segment::Kind;
  if (segment.kind == Kind::kConverted || segment.kind == Kind::kDropped) {
    QueryCommon common = segment.funnel->common;
    common.where.insert(common.where.end(), where.begin(), where.end());
    ROLLCALL_RETURN_IF_ERROR(
        check_funnel(std::get<FunnelQuery>(segment.funnel->ask), common, data));
    if (funnels == 10) return Status::invalid_argument("funnels nested too deep");
    return common.among ? check_segment(*common.among, {}, data, funnels + 1) : Status();
  }
  if (segment.kind == Kind::kVariant) {
    QueryCommon common = segment.comparison->common;
    common.where.insert(common.where.end(), where.begin(), where.end());
    if (funnels == 10) return Status::invalid_argument("questions nested too deep");
    ROLLCALL_RETURN_IF_ERROR(
        check_compare(std::get<CompareQuery>(segment.comparison->ask), common, data, funnels + 1));
    return common.among ? check_segment(*common.among, {}, data, funnels + 1) : Status();
  }
  const bool takes_history = segment.kind == Kind::kDeclined || segment.kind == Kind::kFavourite ||
                             segment.times || segment.sum;
  if (takes_history && !data.settings.history) return Status::invalid_argument("no history");
  if (segment.kind == Kind::kFavourite) {
    ROLLCALL_RETURN_IF_ERROR(check_selector({}, {}, segment.favourite.property, data));
  }
  if (takes_history || segment.kind == Kind::kDid || segment.kind == Kind::kFirst) {
    ROLLCALL_RETURN_IF_ERROR(data.settings.history
                                 ? check_event(segment.event, where, data)
                                 : check_selector(segment.event, where, "", data));
  }
  for (const Segment& part : segment.parts) {
    ROLLCALL_RETURN_IF_ERROR(check_segment(part, where, data, funnels));
  }
  return {};
}

bool needs_history(const RetentionQuery& ask) {
  return ask.windows == RetentionQuery::Windows::kRolling ||
         (ask.first_of == RetentionQuery::FirstOf::kName && !ask.cohort_event.where.empty()) ||
         ask.min_return_count > 1 || ask.value_from == RetentionQuery::ValueFrom::kCohortEvent;
}

Status check_funnel(const FunnelQuery& ask, const QueryCommon& common, const NaiveData& data) {
  if (!data.settings.history) return Status::invalid_argument("no history");
  for (const Selector& step : ask.steps) {
    ROLLCALL_RETURN_IF_ERROR(check_event(step, common.where, data));
  }
  for (const auto& exclusion : ask.exclusions) {
    ROLLCALL_RETURN_IF_ERROR(check_event(exclusion.event, common.where, data));
  }
  ROLLCALL_RETURN_IF_ERROR(check_selector({}, {}, common.breakdown, data));
  return check_selector({}, {}, ask.hold, data);
}

Status check_of_history(const std::vector<Selector>& selectors, const QueryCommon& common,
                        const NaiveData& data) {
  if (!common.breakdown.empty()) {
    ROLLCALL_RETURN_IF_ERROR(check_selector({}, {}, common.breakdown, data));
  }
  FunnelQuery together;
  together.steps = selectors;
  QueryCommon others = common;
  others.breakdown.clear();
  return check_funnel(together, others, data);
}

// A cost of a user is an amount of the store: it has no more decimals, and is not larger.
Status check_costs(const LtvQuery& ask, const StoreSettings& settings) {
  std::vector<std::string> costs;
  if (!ask.cost) return {};
  if (const auto* one = std::get_if<LtvQuery::CostPerUser>(&*ask.cost)) costs = {one->amount};
  if (const auto* several = std::get_if<LtvQuery::CostByValue>(&*ask.cost)) {
    for (const auto& [value, amount] : several->amounts) costs.push_back(amount);
  }
  const std::string largest =
      decimal_text(std::numeric_limits<Amount>::max(), settings.value_decimals);
  for (const std::string& cost : costs) {
    const std::size_t point = std::min(cost.find('.'), cost.size());
    std::string fraction = cost.substr(std::min(point + 1, cost.size()));
    while (fraction.ends_with('0')) fraction.pop_back();
    if (fraction.size() > settings.value_decimals) return Status::invalid_argument("decimals");
    if (std::stold(cost) > std::stold(largest)) return Status::invalid_argument("too much");
  }
  return {};
}

// Returns whether an event may have a name that passes both.
bool names_meet(const Selector& a, const Selector& b) {
  const auto passes = [](const Selector& selector, const std::string& name) {
    const bool is_named = std::ranges::find(selector.names, name) != selector.names.end();
    return selector.match == Selector::Names::kAny ||
           is_named == (selector.match == Selector::Names::kAnyOf);
  };
  for (const auto& [list, other] : {std::pair(&a, &b), std::pair(&b, &a)}) {
    if (list->match != Selector::Names::kAnyOf) continue;
    return std::ranges::any_of(list->names,
                               [&](const std::string& name) { return passes(*other, name); });
  }
  return true;
}

Status check_variants(const CompareQuery& ask, const QueryCommon& common, const NaiveData& data) {
  if (!ask.variants.empty()) {
    const bool is_from_alone = common.from && !common.to && !common.last;
    return is_from_alone ? Status() : Status::invalid_argument("segments before which day");
  }
  if (ask.variant.empty()) return Status::invalid_argument("no property of variants");
  ROLLCALL_RETURN_IF_ERROR(check_selector({}, {}, ask.variant, data));
  const std::vector<std::string>& declared = data.settings.dimensions;
  const bool is_declared =
      std::find(declared.begin(), declared.end(), ask.variant) != declared.end();
  const bool is_known =
      ask.control.empty() || !ask.values.empty() || !is_declared ||
      std::any_of(data.events.begin(), data.events.end(), [&](const NaiveEvent& event) {
        return property_of(event, ask.variant) == ask.control;
      });
  return is_known ? Status() : Status::invalid_argument("a control that no event has");
}

Status check_compare(const CompareQuery& ask, const QueryCommon& common, const NaiveData& data,
                     int questions) {
  for (const CompareQuery::Arm& arm : ask.variants) {
    ROLLCALL_RETURN_IF_ERROR(check_segment(arm.segment, common.where, data, questions));
  }
  ROLLCALL_RETURN_IF_ERROR(check_variants(ask, common, data));
  return check_of_history({ask.exposure, ask.event, ask.metric.outcome}, common, data);
}

// Without history, the values of a breakdown are ranked by the users of whole days.
bool has_times_broken_down(const QueryCommon& common) {
  const auto is_time = [](const std::optional<RangeEnd>& end) {
    return end && std::holds_alternative<LocalTime>(*end);
  };
  return !common.breakdown.empty() && (is_time(common.from) || is_time(common.to));
}

}  // namespace

Status check_names(const Query& query, const NaiveData& data) {
  const QueryCommon& common = query.common;
  if (common.among) ROLLCALL_RETURN_IF_ERROR(check_segment(*common.among, {}, data));
  if (const std::optional<Period> period = row_period(query); period && is_by_hours(*period)) {
    const bool is_known = std::holds_alternative<CountsQuery>(query.ask) &&
                          *period == Period::kHour && !has_times_broken_down(common);
    if (!data.settings.history && !is_known) return Status::invalid_argument("hours, of history");
  }
  const auto check = [&](const Selector& selector, const std::string& property) -> Status {
    // The history tells all properties of an event.
    if (!data.settings.history) {
      ROLLCALL_RETURN_IF_ERROR(check_no_kept(selector, common.where, property, data));
      return check_selector(selector, common.where, property, data);
    }
    ROLLCALL_RETURN_IF_ERROR(check_event(selector, common.where, data));
    return check_selector({}, {}, property, data);
  };
  if (const auto* ask = std::get_if<RetentionQuery>(&query.ask)) {
    if (needs_history(*ask) && !data.settings.history) {
      return Status::invalid_argument("a question of history");
    }
    // By default, a breakdown tells only cohort events apart.
    const bool both = ask->breakdown_match == RetentionQuery::BreakdownMatch::kBoth;
    ROLLCALL_RETURN_IF_ERROR(check(ask->cohort_event, common.breakdown));
    return check(ask->return_event, both ? common.breakdown : "");
  }
  if (const auto* ask = std::get_if<LtvQuery>(&query.ask)) {
    ROLLCALL_RETURN_IF_ERROR(check(ask->cohort_event, common.breakdown));
    ROLLCALL_RETURN_IF_ERROR(check(ask->value_event, ""));
    const bool by_value = ask->cost && std::holds_alternative<LtvQuery::CostByValue>(*ask->cost);
    if (by_value && common.breakdown.empty()) return Status::invalid_argument("no breakdown");
    ROLLCALL_RETURN_IF_ERROR(check_costs(*ask, data.settings));
    const auto* cost = ask->cost ? std::get_if<LtvQuery::CostOfEvents>(&*ask->cost) : nullptr;
    if (cost == nullptr) return {};
    ROLLCALL_RETURN_IF_ERROR(check(cost->event, ""));
    if (!names_meet(ask->value_event, cost->event)) return {};
    // Events that are both are taken off the value.
    Selector both = cost->event;
    both.where.insert(both.where.end(), ask->value_event.where.begin(),
                      ask->value_event.where.end());
    return check(both, "");
  }
  if (const auto* ask = std::get_if<StickinessQuery>(&query.ask)) {
    const bool is_presence =
        !ask->per_period || *ask->per_period == Segment::TimesTest{Segment::Compare::kAtLeast, 1};
    if (!is_presence && !data.settings.history) {
      return Status::invalid_argument("a question of history");
    }
  }
  if (const auto* ask = std::get_if<FunnelQuery>(&query.ask)) {
    return check_funnel(*ask, common, data);
  }
  if (const auto* ask = std::get_if<ClockQuery>(&query.ask)) {
    std::vector<Selector> selectors = {ask->event};
    if (ask->then) selectors.push_back(*ask->then);
    return check_of_history(selectors, common, data);
  }
  if (const auto* ask = std::get_if<PathsQuery>(&query.ask)) {
    return check_of_history({ask->event, ask->steps}, common, data);
  }
  const bool has_range = common.from || common.to || common.last;
  if (const auto* ask = std::get_if<ProfileQuery>(&query.ask)) {
    if (ask->year && has_range) return Status::invalid_argument("a year and a range");
    if (!common.breakdown.empty() || common.members) {
      return Status::invalid_argument("a question of one user");
    }
    return check_of_history({Selector()}, common, data);
  }
  if (const auto* ask = std::get_if<MilestonesQuery>(&query.ask)) {
    const bool of_events = std::ranges::find(ask->of, MilestonesQuery::Of::kEvent) != ask->of.end();
    if (ask->date && has_range) return Status::invalid_argument("a date and a range");
    if (of_events && !data.settings.history) return Status::invalid_argument("no history");
  }
  if (const auto* ask = std::get_if<CompareQuery>(&query.ask)) {
    return check_compare(*ask, common, data, 0);
  }
  if (const auto* ask = std::get_if<AdoptionQuery>(&query.ask)) {
    for (const Selector& feature : ask->features) {
      ROLLCALL_RETURN_IF_ERROR(check(feature, common.breakdown));
    }
    return check({}, common.breakdown);
  }
  if (const auto* ask = std::get_if<AhaQuery>(&query.ask)) {
    std::vector<Selector> selectors = {ask->cohort_event, ask->return_event};
    selectors.insert(selectors.end(), ask->candidates.begin(), ask->candidates.end());
    return check_of_history(selectors, common, data);
  }
  if (const auto* ask = std::get_if<NpsQuery>(&query.ask)) {
    return check_of_history({ask->event}, common, data);
  }
  if (const auto* ask = std::get_if<AtRiskQuery>(&query.ask)) {
    // The events of a breakdown's value are those that segments look at.
    std::vector<PropertyCondition> where = common.where;
    if (!common.breakdown.empty()) {
      where.push_back({common.breakdown, PropertyCondition::Test::kNoneOf, {}});
    }
    ROLLCALL_RETURN_IF_ERROR(check_segment(ask->base, where, data));
    for (const AtRiskQuery::Rule& rule : ask->rules) {
      ROLLCALL_RETURN_IF_ERROR(check_segment(rule.segment, where, data));
    }
    return check({}, common.breakdown);
  }
  const RfmRules* rules = std::get_if<RfmQuery>(&query.ask);
  if (rules == nullptr) rules = std::get_if<RfmUsersQuery>(&query.ask);
  const bool counts_events =
      rules != nullptr && (rules->frequency == RfmRules::Frequency::kEvents ||
                           rules->monetary == RfmRules::Monetary::kMean);
  if (counts_events && !data.settings.history) {
    return Status::invalid_argument("a question of history");
  }
  if (const auto* ask = std::get_if<SegmentQuery>(&query.ask)) {
    ROLLCALL_RETURN_IF_ERROR(check_segment(ask->segment, common.where, data));
    return common.breakdown.empty() ? Status() : check({}, common.breakdown);
  }
  return std::visit(
      [&](const auto& ask) -> Status {
        if constexpr (requires { ask.event; }) return check(ask.event, common.breakdown);
        return {};
      },
      query.ask);
}

}  // namespace rollcall::testing
