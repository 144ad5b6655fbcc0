#include "tests/support/naive_check.h"

#include <algorithm>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace rollcall::testing {

namespace {

// `property` is that of a breakdown that the selector's events are told apart by; may be empty.
Status check_selector(const Selector& selector, const std::vector<PropertyCondition>& where,
                      const std::string& property, const NaiveData& data) {
  for (const std::string& name : selector.names) {
    if (!data.event_names.empty() && !data.event_names.contains(name)) {
      return Status::invalid_argument("unknown event: " + name);
    }
  }
  std::set<std::string> properties;
  if (!property.empty()) properties.insert(property);
  for (const PropertyCondition& condition : selector.where) properties.insert(condition.property);
  for (const PropertyCondition& condition : where) properties.insert(condition.property);
  const std::vector<std::string>& declared = data.settings.dimensions;
  for (const std::string& name : properties) {
    if (std::find(declared.begin(), declared.end(), name) == declared.end()) {
      return Status::invalid_argument("undeclared property: " + name);
    }
  }
  if (properties.size() > 1) return Status::invalid_argument("conditions on two properties");
  return {};
}

Status check_segment(const Segment& segment, const std::vector<PropertyCondition>& where,
                     const NaiveData& data) {
  if (segment.kind == Segment::Kind::kDid || segment.kind == Segment::Kind::kFirst) {
    ROLLCALL_RETURN_IF_ERROR(check_selector(segment.event, where, "", data));
  }
  for (const Segment& part : segment.parts) {
    ROLLCALL_RETURN_IF_ERROR(check_segment(part, where, data));
  }
  return {};
}

bool needs_history(const RetentionQuery& ask) {
  return ask.windows == RetentionQuery::Windows::kRolling ||
         (ask.first_of == RetentionQuery::FirstOf::kName && !ask.cohort_event.where.empty()) ||
         ask.min_return_count > 1 || ask.value_from == RetentionQuery::ValueFrom::kCohortEvent;
}

Status check_retention(const RetentionQuery& ask, const QueryCommon& common,
                       const NaiveData& data) {
  // By default a breakdown tells only cohort events apart.
  const bool both = ask.breakdown_match == RetentionQuery::BreakdownMatch::kBoth;
  if (!needs_history(ask)) {
    ROLLCALL_RETURN_IF_ERROR(
        check_selector(ask.cohort_event, common.where, common.breakdown, data));
    return check_selector(ask.return_event, common.where, both ? common.breakdown : "", data);
  }
  if (!data.settings.history) return Status::invalid_argument("a question of history");
  // The values of a breakdown are ranked by aggregates.
  if (!common.breakdown.empty()) {
    ROLLCALL_RETURN_IF_ERROR(
        check_selector(ask.cohort_event, common.where, common.breakdown, data));
  }
  for (const Selector* selector : {&ask.cohort_event, &ask.return_event}) {
    Selector names = *selector;
    names.where.clear();
    ROLLCALL_RETURN_IF_ERROR(check_selector(names, {}, "", data));
    for (const std::vector<PropertyCondition>* where : {&selector->where, &common.where}) {
      for (const PropertyCondition& condition : *where) {
        ROLLCALL_RETURN_IF_ERROR(check_selector({}, {condition}, "", data));
      }
    }
  }
  return {};
}

// Of the events themselves several properties may be asked for.
Status check_funnel(const FunnelQuery& ask, const QueryCommon& common, const NaiveData& data) {
  if (!common.breakdown.empty()) return Status::invalid_argument("a breakdown of a funnel");
  std::vector<std::string> properties;
  const auto check = [&](const Selector& selector) {
    Selector names = selector;
    for (const PropertyCondition& condition : selector.where) {
      properties.push_back(condition.property);
    }
    names.where.clear();
    return check_selector(names, {}, "", data);
  };
  for (const Selector& step : ask.steps) ROLLCALL_RETURN_IF_ERROR(check(step));
  for (const auto& exclusion : ask.exclusions) ROLLCALL_RETURN_IF_ERROR(check(exclusion.event));
  for (const PropertyCondition& condition : common.where) properties.push_back(condition.property);
  if (!ask.hold.empty()) properties.push_back(ask.hold);
  if (!common.breakdown.empty()) properties.push_back(common.breakdown);
  for (const std::string& name : properties) {
    ROLLCALL_RETURN_IF_ERROR(check_selector({}, {}, name, data));
  }
  return {};
}

}  // namespace

Status check_names(const Query& query, const NaiveData& data) {
  const QueryCommon& common = query.common;
  if (common.among) ROLLCALL_RETURN_IF_ERROR(check_segment(*common.among, {}, data));
  const auto check = [&](const Selector& selector, const std::string& property) {
    return check_selector(selector, common.where, property, data);
  };
  if (const auto* ask = std::get_if<RetentionQuery>(&query.ask)) {
    return check_retention(*ask, common, data);
  }
  if (const auto* ask = std::get_if<FunnelQuery>(&query.ask)) {
    return check_funnel(*ask, common, data);
  }
  if (const auto* ask = std::get_if<SegmentQuery>(&query.ask)) {
    ROLLCALL_RETURN_IF_ERROR(check_segment(ask->segment, common.where, data));
    return check({}, common.breakdown);
  }
  return std::visit(
      [&](const auto& ask) -> Status {
        if constexpr (requires { ask.event; }) return check(ask.event, common.breakdown);
        return {};
      },
      query.ask);
}

}  // namespace rollcall::testing
