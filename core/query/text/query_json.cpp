#include "core/query/text/query_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/query/text/date_text.h"
#include "core/query/text/instant_text.h"
#include "core/query/text/query_names.h"
#include "core/query/text/range_json.h"
#include "core/query/text/segment_json.h"
#include "core/query/text/selector_json.h"

namespace rollcall {
namespace {

std::string integer_list(const std::vector<std::int32_t>& numbers) {
  return fmt::format("[{}]", fmt::join(numbers, ", "));
}

template <class T, std::size_t n>
std::string word(const std::array<Spelling<T>, n>& spellings, T value) {
  return quote(name_of(spellings, value));
}

JsonFields own_fields(const ActiveQuery& query) {
  JsonFields fields = {{"event", selector_json(query.event)},
                       {"period", word(kPeriodNames, query.period)}};
  if (query.window_days) fields.emplace_back("window_days", std::to_string(*query.window_days));
  if (query.ratio_to_window) {
    fields.emplace_back("ratio_to_window", std::to_string(*query.ratio_to_window));
  }
  return fields;
}

JsonFields own_fields(const RetentionQuery& query) {
  JsonFields fields = {{"cohort_event", selector_json(query.cohort_event)},
                       {"return_event", selector_json(query.return_event)},
                       {"cohort", word(kCohortNames, query.cohort)},
                       {"period", word(kPeriodNames, query.period)}};
  if (query.periods) fields.emplace_back("periods", std::to_string(*query.periods));
  fields.emplace_back("mode", word(kModeNames, query.mode));
  if (!query.brackets.empty()) fields.emplace_back("brackets", integer_list(query.brackets));
  fields.emplace_back("summary", word(kSummaryNames, query.summary));
  fields.emplace_back("measure", word(kMeasureNames, query.measure));
  return fields;
}

JsonFields own_fields(const ChurnQuery& query) {
  JsonFields rule;
  if (const auto* gap = std::get_if<ChurnQuery::GapDays>(&query.rule)) {
    rule = {{"gap_days", std::to_string(gap->days)}};
  } else {
    const auto& next = std::get<ChurnQuery::NextPeriods>(query.rule);
    rule = {{"period", word(kPeriodNames, next.period)}, {"count", std::to_string(next.count)}};
  }
  return {{"event", selector_json(query.event)},
          {"base", word(kBaseNames, query.base)},
          {"rule", to_object(rule)}};
}

JsonFields own_fields(const IdleQuery& query) {
  return {{"event", selector_json(query.event)},
          {"edges", query.each_day ? quote("each") : integer_list(query.edges)}};
}

JsonFields own_fields(const CountsQuery& query) {
  return {{"event", selector_json(query.event)},
          {"period", query.by_hour ? quote("hour") : word(kPeriodNames, query.period)}};
}

JsonFields own_fields(const LifecycleQuery& query) {
  return {{"event", selector_json(query.event)}, {"period", word(kPeriodNames, query.period)}};
}

JsonFields own_fields(const StickinessQuery& query) {
  JsonFields fields = {{"event", selector_json(query.event)},
                       {"period", word(kPeriodNames, query.period)}};
  if (query.window_days) {
    fields.emplace_back("window_days", std::to_string(*query.window_days));
    fields.emplace_back("per", quote("day"));
  }
  return fields;
}

JsonFields own_fields(const SegmentQuery& query) {
  return {{"segment", segment_json(query.segment)}};
}

std::string members_json(const Members& members) {
  JsonFields where;
  for (const auto& [column, value] : members.where) where.emplace_back(column, quote(value));
  JsonFields fields = {{"where", to_object(where)}};
  if (!members.of.empty()) fields.emplace_back("of", quote(members.of));
  if (members.limit) fields.emplace_back("limit", std::to_string(*members.limit));
  if (!members.after.empty()) fields.emplace_back("after", quote(members.after));
  return to_object(fields);
}

std::string as_of_text(const AsOf& as_of) {
  if (const auto* time = std::get_if<TimeUs>(&as_of)) return format_instant(*time);
  if (const auto* day = std::get_if<Day>(&as_of)) return to_string(*day);
  return to_string(DateText(std::get<RelativeDate>(as_of)));
}

}  // namespace

JsonFields fields_of(const Query& query) {
  JsonFields fields = std::visit([](const auto& ask) { return own_fields(ask); }, query.ask);
  const QueryCommon& common = query.common;
  if (!common.where.empty()) fields.emplace_back("where", where_json(common.where));
  if (common.among) fields.emplace_back("among", segment_json(*common.among));
  if (!common.breakdown.empty()) {
    fields.emplace_back("breakdown", quote(common.breakdown));
    fields.emplace_back("breakdown_limit", std::to_string(common.breakdown_limit));
    if (const auto* retention = std::get_if<RetentionQuery>(&query.ask)) {
      fields.emplace_back("breakdown_match",
                          word(kBreakdownMatchNames, retention->breakdown_match));
    }
  }
  if (common.members) fields.emplace_back("members", members_json(*common.members));
  return fields;
}

std::string quote(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string to_object(const JsonFields& fields) {
  std::string object;
  for (const auto& [name, value] : fields) {
    object += (object.empty() ? "" : ", ") + quote(name) + ": " + value;
  }
  return "{" + object + "}";
}

std::string to_string(Period period) { return std::string(name_of(kPeriodNames, period)); }

std::string to_json(const Query& query) {
  const QueryCommon& common = query.common;
  JsonFields fields = fields_of(query);
  fields.emplace(fields.begin(), "kind", quote(kind_of(query)));
  add_range(common.from, common.to, common.last, fields);
  if (common.as_of) fields.emplace_back("as_of", quote(as_of_text(*common.as_of)));
  return to_object(fields);
}

}  // namespace rollcall
