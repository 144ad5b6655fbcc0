#include "tests/support/naive_engine.h"

#include <set>
#include <utility>
#include <variant>

#include "tests/support/naive_breakdown.h"
#include "tests/support/naive_check.h"
#include "tests/support/naive_hours.h"
#include "tests/support/naive_kinds.h"
#include "tests/support/naive_members.h"
#include "tests/support/naive_table.h"

namespace rollcall::testing {

namespace {

std::string kind_name(const Query& query) {
  constexpr const char* kNames[] = {"active",    "retention",  "churn",   "idle",    "counts",
                                    "lifecycle", "stickiness", "segment", "funnel",  "clock",
                                    "paths",     "at_risk",    "nps",     "rfm",     "rfm_users",
                                    "adoption",  "aha",        "ltv",     "compare", "profile",
                                    "streaks",   "milestones", "response"};
  return kNames[query.ask.index()];
}

}  // namespace

NaiveEngine::NaiveEngine(StoreSettings settings) : data_(std::move(settings)) {}

void NaiveEngine::ingest(const std::vector<NaiveEvent>& events) {
  for (const NaiveEvent& event : events) data_.add(event);
}

void NaiveEngine::save_segment(const std::string& name, const Segment& segment) {
  saved_.insert_or_assign(name, segment);
}

void NaiveEngine::freeze(const AudienceName& name, NaiveAudience audience) {
  data_.audiences.insert_or_assign(name, std::move(audience));
}

Result<QueryResult> NaiveEngine::query(std::string_view json) const {
  ROLLCALL_ASSIGN_OR_RETURN(const Query parsed, parse_query(json, data_.settings.time_zone));
  return query(parsed);
}

Result<QueryResult> NaiveEngine::query(const Query& question) const {
  Query query = question;
  if (query.common.among) {
    ROLLCALL_ASSIGN_OR_RETURN(*query.common.among, written_out(*query.common.among, saved_));
  }
  if (auto* ask = std::get_if<SegmentQuery>(&query.ask)) {
    ROLLCALL_ASSIGN_OR_RETURN(ask->segment, written_out(ask->segment, saved_));
  }
  if (auto* ask = std::get_if<CompareQuery>(&query.ask)) {
    for (CompareQuery::Arm& arm : ask->variants) {
      ROLLCALL_ASSIGN_OR_RETURN(arm.segment, written_out(arm.segment, saved_));
    }
  }
  if (auto* ask = std::get_if<AtRiskQuery>(&query.ask)) {
    ROLLCALL_ASSIGN_OR_RETURN(ask->base, written_out(ask->base, saved_));
    for (AtRiskQuery::Rule& rule : ask->rules) {
      ROLLCALL_ASSIGN_OR_RETURN(rule.segment, written_out(rule.segment, saved_));
    }
  }
  ROLLCALL_RETURN_IF_ERROR(check_names(query, data_));
  ROLLCALL_ASSIGN_OR_RETURN(const NaiveNow now, resolve_now(data_, query.common.as_of));
  ROLLCALL_ASSIGN_OR_RETURN(QueryResult result, answer(query, now));
  result.kind = kind_name(query);
  if (now.is_known) result.as_of = data_.zone.format(now.time);
  return result;
}

Result<QueryResult> NaiveEngine::answer(const Query& query, const NaiveNow& now) const {
  NaiveScope scope{.data = data_, .now = now, .where = {}, .among = {}};
  if (query.common.among) {
    ROLLCALL_ASSIGN_OR_RETURN(const std::set<NaiveUser> among,
                              users_of(*query.common.among, scope));
    scope.among = among;
  }
  scope.where = query.common.where;
  const std::optional<Period> period = row_period(query);
  NaiveTable table;
  if (const auto* const ask = std::get_if<ResponseQuery>(&query.ask)) {
    ROLLCALL_ASSIGN_OR_RETURN(table, response_table(*ask, scope));
  } else if (period && is_by_hours(*period)) {
    ROLLCALL_ASSIGN_OR_RETURN(const NaiveHours hours, in_hours(data_, now, query.common, *period));
    const NaiveScope in_numbers{
        .data = hours.data, .now = hours.now, .where = scope.where, .among = scope.among};
    ROLLCALL_ASSIGN_OR_RETURN(table, broken_down_table(query, in_numbers, hours.range));
    name_hours(hours.data, table);
  } else {
    NaiveRange range;
    if (period) {
      ROLLCALL_ASSIGN_OR_RETURN(range, resolve_range(data_, now, query.common, *period));
    }
    ROLLCALL_ASSIGN_OR_RETURN(table, broken_down_table(query, scope, range));
  }
  if (query.common.members) return members_of(table, *query.common.members, data_);
  return counted(table);
}

}  // namespace rollcall::testing
