#include "tests/support/naive_kinds.h"

#include <type_traits>
#include <variant>

namespace rollcall::testing {

std::optional<Period> row_period(const Query& query) {
  if (const auto* churn = std::get_if<ChurnQuery>(&query.ask)) {
    const auto* next = std::get_if<ChurnQuery::NextPeriods>(&churn->rule);
    return next ? next->period : Period::kDay;
  }
  if (std::holds_alternative<FunnelQuery>(query.ask)) return std::nullopt;  // has its own range
  if (std::holds_alternative<ClockQuery>(query.ask) ||
      std::holds_alternative<PathsQuery>(query.ask) ||
      std::holds_alternative<RfmQuery>(query.ask) ||
      std::holds_alternative<RfmUsersQuery>(query.ask) ||
      std::holds_alternative<AhaQuery>(query.ask) ||
      std::holds_alternative<CompareQuery>(query.ask) ||
      std::holds_alternative<StreaksQuery>(query.ask)) {
    return Period::kDay;  // their ranges consist of days
  }
  return std::visit(
      [](const auto& ask) -> std::optional<Period> {
        if constexpr (requires { ask.period; }) return ask.period;
        return std::nullopt;
      },
      query.ask);
}

Result<NaiveTable> table_of(const Query& query, const NaiveScope& scope, const NaiveRange& range,
                            const std::optional<PropertyCondition>& value) {
  if (const auto* ask = std::get_if<SegmentQuery>(&query.ask)) {
    return segment_table(*ask, scope, value);
  }
  if (const auto* ask = std::get_if<RetentionQuery>(&query.ask);
      ask && ask->breakdown_match == RetentionQuery::BreakdownMatch::kCohort) {
    return retention_table(*ask, scope, range, value);
  }
  if (const auto* ask = std::get_if<LtvQuery>(&query.ask)) {
    return ltv_table(*ask, scope, range, value);
  }
  if (const auto* ask = std::get_if<FunnelQuery>(&query.ask)) {
    return funnel_table(*ask, query.common, scope, value);
  }
  if (const auto* ask = std::get_if<AtRiskQuery>(&query.ask)) {
    return at_risk_table(*ask, scope, range, value);
  }
  const NaiveScope part = value ? scope.with(*value) : scope;
  if (const auto* ask = std::get_if<ClockQuery>(&query.ask)) {
    return clock_table(*ask, query.common, part);
  }
  if (const auto* ask = std::get_if<PathsQuery>(&query.ask)) {
    return paths_table(*ask, query.common, part);
  }
  if (const auto* ask = std::get_if<RfmQuery>(&query.ask)) {
    return rfm_table(*ask, query.common, part);
  }
  if (const auto* ask = std::get_if<RfmUsersQuery>(&query.ask)) {
    return rfm_users_table(*ask, query.common, part);
  }
  if (const auto* ask = std::get_if<AhaQuery>(&query.ask)) {
    return aha_table(*ask, query.common, part);
  }
  if (const auto* ask = std::get_if<CompareQuery>(&query.ask)) {
    return compare_table(*ask, query.common, part);
  }
  if (const auto* ask = std::get_if<ProfileQuery>(&query.ask)) {
    return profile_table(*ask, query.common, part);
  }
  if (const auto* ask = std::get_if<MilestonesQuery>(&query.ask)) {
    return milestones_table(*ask, query.common, part);
  }
  return std::visit(
      [&](const auto& ask) -> NaiveTable {
        using Ask = std::decay_t<decltype(ask)>;
        if constexpr (std::is_same_v<Ask, ActiveQuery>) return active_table(ask, part, range);
        if constexpr (std::is_same_v<Ask, CountsQuery>) return counts_table(ask, part, range);
        if constexpr (std::is_same_v<Ask, RetentionQuery>) {
          return retention_table(ask, part, range, std::nullopt);
        }
        if constexpr (std::is_same_v<Ask, ChurnQuery>) return churn_table(ask, part, range);
        if constexpr (std::is_same_v<Ask, IdleQuery>) return idle_table(ask, part);
        if constexpr (std::is_same_v<Ask, LifecycleQuery>) return lifecycle_table(ask, part, range);
        if constexpr (std::is_same_v<Ask, StickinessQuery>) {
          return stickiness_table(ask, part, range);
        }
        if constexpr (std::is_same_v<Ask, NpsQuery>) return nps_table(ask, part, range);
        if constexpr (std::is_same_v<Ask, AdoptionQuery>) return adoption_table(ask, part, range);
        if constexpr (std::is_same_v<Ask, StreaksQuery>) return streaks_table(ask, part, range);
        return {};
      },
      query.ask);
}

}  // namespace rollcall::testing
