// The oracle answers the kinds of questions with a table each, straight from its definition.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "rollcall/query.h"
#include "rollcall/status.h"
#include "tests/support/naive_scope.h"
#include "tests/support/naive_table.h"

namespace rollcall::testing {

NaiveTable active_table(const ActiveQuery& ask, const NaiveScope& scope, const NaiveRange& range);
NaiveTable counts_table(const CountsQuery& ask, const NaiveScope& scope, const NaiveRange& range);
// With `cohort_value`, a cohort's users are only those with a cohort event that passes it in the
// cohort's period.
NaiveTable retention_table(const RetentionQuery& ask, const NaiveScope& scope,
                           const NaiveRange& range,
                           const std::optional<PropertyCondition>& cohort_value);
NaiveTable churn_table(const ChurnQuery& ask, const NaiveScope& scope, const NaiveRange& range);
NaiveTable idle_table(const IdleQuery& ask, const NaiveScope& scope);
NaiveTable lifecycle_table(const LifecycleQuery& ask, const NaiveScope& scope,
                           const NaiveRange& range);
NaiveTable stickiness_table(const StickinessQuery& ask, const NaiveScope& scope,
                            const NaiveRange& range);
// With `value`, only attempts whose value of the breakdown's property passes it.
Result<NaiveTable> funnel_table(const FunnelQuery& ask, const QueryCommon& common,
                                const NaiveScope& scope,
                                const std::optional<PropertyCondition>& value);
// Returns the users with attempts of each value of the breakdown's property.
Result<std::map<std::string, std::set<NaiveUser>>> funnel_values(const FunnelQuery& ask,
                                                                 const QueryCommon& common,
                                                                 const NaiveScope& scope);
Result<NaiveTable> clock_table(const ClockQuery& ask, const QueryCommon& common,
                               const NaiveScope& scope);
Result<NaiveTable> paths_table(const PathsQuery& ask, const QueryCommon& common,
                               const NaiveScope& scope);
// With `value`, only events that pass it are there, and only users with one.
Result<NaiveTable> at_risk_table(const AtRiskQuery& ask, const NaiveScope& scope,
                                 const NaiveRange& range,
                                 const std::optional<PropertyCondition>& value);
NaiveTable nps_table(const NpsQuery& ask, const NaiveScope& scope, const NaiveRange& range);
Result<NaiveTable> rfm_table(const RfmQuery& ask, const QueryCommon& common,
                             const NaiveScope& scope);
Result<NaiveTable> rfm_users_table(const RfmUsersQuery& ask, const QueryCommon& common,
                                   const NaiveScope& scope);
NaiveTable adoption_table(const AdoptionQuery& ask, const NaiveScope& scope,
                          const NaiveRange& range);
Result<NaiveTable> aha_table(const AhaQuery& ask, const QueryCommon& common,
                             const NaiveScope& scope);
// With `value`, a cohort's users are only those with a cohort event that passes it in the cohort's
// period.
NaiveTable ltv_table(const LtvQuery& ask, const NaiveScope& scope, const NaiveRange& range,
                     const std::optional<PropertyCondition>& value);
Result<NaiveTable> compare_table(const CompareQuery& ask, const QueryCommon& common,
                                 const NaiveScope& scope);
// With `value`, only users with an event that passes it count.
Result<NaiveTable> segment_table(const SegmentQuery& ask, const NaiveScope& scope,
                                 const std::optional<PropertyCondition>& value);

NaiveTable streaks_table(const StreaksQuery& ask, const NaiveScope& scope, const NaiveRange& range);
Result<NaiveTable> milestones_table(const MilestonesQuery& ask, const QueryCommon& common,
                                    const NaiveScope& scope);
//   kNotFound  the scope has no event of the user
Result<NaiveTable> profile_table(const ProfileQuery& ask, const QueryCommon& common,
                                 const NaiveScope& scope);

// Returns the length of the periods of a question's rows, or nothing for kinds that take no range
// of dates.
std::optional<Period> row_period(const Query& query);

// Returns the table of any kind. With `value`, it is that of one part of a breakdown: the events
// that pass it, in the place that the kind gives them.
Result<NaiveTable> table_of(const Query& query, const NaiveScope& scope, const NaiveRange& range,
                            const std::optional<PropertyCondition>& value);

}  // namespace rollcall::testing
