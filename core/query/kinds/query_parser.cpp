// JSON to Query. Every field is read by a function of its own, which a table of the kind names.
#include <fmt/format.h>

#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/guard.h"
#include "core/query/text/date_text.h"
#include "core/query/text/instant_text.h"
#include "core/query/text/json_document.h"
#include "core/query/text/json_reader.h"
#include "core/query/text/query_validation.h"
#include "core/query/text/range_json.h"
#include "core/query/text/segment_json.h"
#include "core/query/text/selector_json.h"
#include "core/time/time_zone.h"
#include "rollcall/query.h"

namespace rollcall {
namespace {

Status read_as_of(const Json& value, const std::string& path, std::string_view time_zone,
                  std::optional<AsOf>& out) {
  const std::string text = value.is_string() ? value.get<std::string>() : "";
  if (const auto date = parse_date_text(text)) {
    std::visit([&](auto alternative) { out = alternative; }, *date);
    return {};
  }
  const auto instant = parse_instant(text);
  if (!instant) {
    return unexpected(path,
                      "a date or an instant such as \"2026-01-31\", \"yesterday\", "
                      "\"2026-01-31T23:59:59Z\" or \"2026-01-31 23:59:59\"",
                      value);
  }
  if (instant->offset_us) {
    out = instant->day.value * kUsPerDay + instant->us_of_day - *instant->offset_us;
    return {};
  }
  ROLLCALL_ASSIGN_OR_RETURN(const TimeZone zone, TimeZone::find(time_zone));
  out = zone.from_local(instant->day, instant->us_of_day);
  return {};
}

FieldReader kind_field() {
  return {"kind",
          [](const Json&, const std::string&) { return Status(); }};  // read before all others
}

// {"date": "2026-01-03"}: numbers, true and false are taken as they are written.
Status read_cell(const Json& value, const std::string& path, Members& out) {
  if (!value.is_object()) {
    return unexpected(path, "an object such as {\"date\": \"2026-01-03\"}", value);
  }
  for (const auto& [column, key] : value.get<Json::Object>()) {
    if (key.is_structured()) {
      return unexpected(fmt::format("{}: {}", path, excerpt(column)), "a value of that column",
                        key);
    }
    out.where.emplace_back(column,
                           key.is_string() ? key.get<std::string>() : key.text(kJsonBytesMax));
  }
  return {};
}

Status read_string(const Json& value, const std::string& path, std::string& out) {
  if (!value.is_string()) return unexpected(path, "a string", value);
  out = value.get<std::string>();
  return {};
}

FieldReader string_field(std::string_view name, std::string& out) {
  return {name, [&out](const Json& value, const std::string& path) {
            return read_string(value, path, out);
          }};
}

Status read_members(const Json& value, const std::string& path, std::optional<Members>& out) {
  if (!value.is_object()) {
    return unexpected(path,
                      "an object such as {\"where\": {\"date\": \"2026-01-03\"}, \"of\": "
                      "\"churned\"}",
                      value);
  }
  Members& members = out.emplace();
  return read_fields(
      value, path,
      {{"where",
        [&](const Json& json, const std::string& at) { return read_cell(json, at, members); }},
       string_field("of", members.of),
       {"limit",
        [&](const Json& json, const std::string& at) -> Status {
          if (!json.is_number_unsigned()) return unexpected(at, "a whole number", json);
          members.limit = json.get<std::uint64_t>();
          return {};
        }},
       string_field("after", members.after)});
}

// The fields that every kind has.
FieldReaders with_common_fields(FieldReaders own, QueryCommon& common, std::string_view time_zone) {
  FieldReaders fields = {kind_field()};
  fields.insert(fields.end(), std::make_move_iterator(own.begin()),
                std::make_move_iterator(own.end()));
  fields.push_back({"as_of", [&common, time_zone](const Json& value, const std::string& path) {
                      return read_as_of(value, path, time_zone, common.as_of);
                    }});
  fields.push_back({"where", [&common](const Json& value, const std::string& path) {
                      return read_where(value, path, common.where);
                    }});
  fields.push_back({"among", [&common](const Json& value, const std::string& path) -> Status {
                      if (value.is_null()) return {};
                      return read_segment(value, path, common.among.emplace());
                    }});
  fields.push_back(string_field("breakdown", common.breakdown));
  fields.push_back({"breakdown_limit", [&common](const Json& value, const std::string& path) {
                      return read_integer(value, path, common.breakdown_limit);
                    }});
  fields.push_back({"members", [&common](const Json& value, const std::string& path) {
                      return read_members(value, path, common.members);
                    }});
  return fields;
}

// The same, with a range of dates.
FieldReaders with_range_fields(FieldReaders own, QueryCommon& common, std::string_view time_zone) {
  own.push_back(date_field("from", common.from));
  own.push_back(date_field("to", common.to));
  own.push_back(last_field(common.last));
  return with_common_fields(std::move(own), common, time_zone);
}

Status read_active(const Json& object, std::string_view time_zone, Query& query) {
  auto& ask = query.ask.emplace<ActiveQuery>();
  return read_fields(
      object, "active",
      with_range_fields(
          {selector_field("event", ask.event), word_field("period", kPeriodNames, ask.period),
           optional_integer_field("window_days", ask.window_days),
           optional_integer_field("ratio_to_window", ask.ratio_to_window)},
          query.common, time_zone));
}

Status read_retention(const Json& object, std::string_view time_zone, Query& query) {
  auto& ask = query.ask.emplace<RetentionQuery>();
  if (object.contains("event") &&
      (object.contains("cohort_event") || object.contains("return_event"))) {
    return Status::invalid_argument(
        "retention: event: stands for cohort_event and return_event: give either, found both");
  }
  const FieldReader event = {
      "event", [&ask](const Json& value, const std::string& path) -> Status {
        ROLLCALL_RETURN_IF_ERROR(read_selector(value, path, ask.cohort_event));
        ask.return_event = ask.cohort_event;
        return {};
      }};
  const FieldReader brackets = {"brackets", [&ask](const Json& value, const std::string& path) {
                                  return value.empty()
                                             ? unexpected(path, "a list of whole numbers", value)
                                             : read_integers(value, path, ask.brackets);
                                }};
  return read_fields(
      object, "retention",
      with_range_fields(
          {event, selector_field("cohort_event", ask.cohort_event),
           selector_field("return_event", ask.return_event),
           word_field("cohort", kCohortNames, ask.cohort),
           word_field("period", kPeriodNames, ask.period),
           optional_integer_field("periods", ask.periods), word_field("mode", kModeNames, ask.mode),
           brackets, word_field("summary", kSummaryNames, ask.summary),
           word_field("measure", kMeasureNames, ask.measure),
           word_field("breakdown_match", kBreakdownMatchNames, ask.breakdown_match)},
          query.common, time_zone));
}

Status read_rule(const Json& value, const std::string& path, ChurnQuery& ask) {
  if (!value.is_object() || value.contains("gap_days") == value.contains("period")) {
    return unexpected(
        path, R"({"gap_days": N}, {"period": "week"} or {"period": "month", "count": 3})", value);
  }
  if (value.contains("gap_days")) {
    ChurnQuery::GapDays gap;
    const FieldReader days = {"gap_days", [&gap](const Json& json, const std::string& at) {
                                return read_integer(json, at, gap.days);
                              }};
    ROLLCALL_RETURN_IF_ERROR(read_fields(value, path, {days}));
    ask.rule = gap;
    return {};
  }
  ChurnQuery::NextPeriods next;
  const FieldReader count = {"count", [&next](const Json& json, const std::string& at) {
                               return read_integer(json, at, next.count);
                             }};
  ROLLCALL_RETURN_IF_ERROR(
      read_fields(value, path, {word_field("period", kPeriodNames, next.period), count}));
  ask.rule = next;
  return {};
}

Status read_churn(const Json& object, std::string_view time_zone, Query& query) {
  auto& ask = query.ask.emplace<ChurnQuery>();
  const FieldReader rule = {"rule", [&ask](const Json& value, const std::string& path) {
                              return read_rule(value, path, ask);
                            }};
  return read_fields(object, "churn",
                     with_range_fields({selector_field("event", ask.event),
                                        word_field("base", kBaseNames, ask.base), rule},
                                       query.common, time_zone));
}

Status read_idle(const Json& object, std::string_view time_zone, Query& query) {
  auto& ask = query.ask.emplace<IdleQuery>();
  const FieldReader edges = {
      "edges", [&ask](const Json& value, const std::string& path) {
        ask.each_day = is_text(value, "each");
        if (ask.each_day) return Status();
        return value.is_array() ? read_integers(value, path, ask.edges)
                                : unexpected(path, "a list of whole numbers, or \"each\"", value);
      }};
  return read_fields(
      object, "idle",
      with_common_fields({selector_field("event", ask.event), edges}, query.common, time_zone));
}

Status read_counts(const Json& object, std::string_view time_zone, Query& query) {
  auto& ask = query.ask.emplace<CountsQuery>();
  const FieldReader period = {
      "period", [&ask](const Json& value, const std::string& path) {
        ask.by_hour = is_text(value, "hour");
        return ask.by_hour ? Status() : read_word(value, path, "period", kPeriodNames, ask.period);
      }};
  return read_fields(
      object, "counts",
      with_range_fields({selector_field("event", ask.event), period}, query.common, time_zone));
}

Status read_lifecycle(const Json& object, std::string_view time_zone, Query& query) {
  auto& ask = query.ask.emplace<LifecycleQuery>();
  return read_fields(object, "lifecycle",
                     with_range_fields({selector_field("event", ask.event),
                                        word_field("period", kPeriodNames, ask.period)},
                                       query.common, time_zone));
}

Status read_stickiness(const Json& object, std::string_view time_zone, Query& query) {
  auto& ask = query.ask.emplace<StickinessQuery>();
  const FieldReader per = {"per", [](const Json& value, const std::string& path) {
                             return is_text(value, "day") ? Status()
                                                          : unexpected(path, "\"day\"", value);
                           }};
  if (object.contains("per") && !object.contains("window_days")) {
    return Status::invalid_argument("stickiness: per: goes with window_days only");
  }
  return read_fields(
      object, "stickiness",
      with_range_fields(
          {selector_field("event", ask.event), word_field("period", kPeriodNames, ask.period),
           optional_integer_field("window_days", ask.window_days), per},
          query.common, time_zone));
}

Status read_segment_query(const Json& object, std::string_view time_zone, Query& query) {
  auto& ask = query.ask.emplace<SegmentQuery>();
  if (!object.contains("segment")) {
    return Status::invalid_argument("segment: missing field \"segment\"");
  }
  const FieldReader segment = {"segment", [&ask](const Json& value, const std::string& path) {
                                 return read_segment(value, path, ask.segment);
                               }};
  return read_fields(object, "segment", with_common_fields({segment}, query.common, time_zone));
}

Status read_query(const Json& document, std::string_view time_zone, Query& query) {
  if (!document.is_object()) return unexpected("query", "an object", document);
  const std::vector<std::string> kinds(kKindNames.begin(), kKindNames.end());
  if (!document.contains("kind")) {
    return Status::invalid_argument(
        fmt::format("query: missing field \"kind\", allowed: {}", fmt::join(kinds, ", ")));
  }
  const Json& kind = *document.find("kind");
  if (is_text(kind, "active")) return read_active(document, time_zone, query);
  if (is_text(kind, "retention")) return read_retention(document, time_zone, query);
  if (is_text(kind, "churn")) return read_churn(document, time_zone, query);
  if (is_text(kind, "idle")) return read_idle(document, time_zone, query);
  if (is_text(kind, "counts")) return read_counts(document, time_zone, query);
  if (is_text(kind, "lifecycle")) return read_lifecycle(document, time_zone, query);
  if (is_text(kind, "stickiness")) return read_stickiness(document, time_zone, query);
  if (is_text(kind, "segment")) return read_segment_query(document, time_zone, query);
  if (!kind.is_string()) {
    return unexpected("query: kind", fmt::format("one of {}", fmt::join(kinds, ", ")), kind);
  }
  return Status::invalid_argument(
      fmt::format("query: {}", unknown_name("kind", kind.get<std::string>(), kinds)));
}

Result<Query> to_query(const Json& document, std::string_view time_zone) {
  Query query;
  ROLLCALL_RETURN_IF_ERROR(read_query(document, time_zone, query));
  ROLLCALL_RETURN_IF_ERROR(validate(query));
  return query;
}

Result<Json> read_document(std::string_view json) {
  Result<Json> document = parse_json(json);
  if (document.ok()) return document;
  return Status::invalid_argument(fmt::format("query: {}", document.status().message()));
}

Result<std::vector<Query>> to_queries(std::string_view json, std::string_view time_zone) {
  ROLLCALL_ASSIGN_OR_RETURN(const Json document, read_document(json));
  if (!document.is_array()) {
    ROLLCALL_ASSIGN_OR_RETURN(Query query, to_query(document, time_zone));
    return std::vector<Query>{std::move(query)};
  }
  std::vector<Query> queries;
  const auto& list = document.get<Json::Array>();
  for (std::size_t i = 0; i < list.size(); ++i) {
    Result<Query> query = to_query(list[i], time_zone);
    if (!query.ok()) {
      return Status::invalid_argument(fmt::format("[{}]: {}", i, query.status().message()));
    }
    queries.push_back(*std::move(query));
  }
  return queries;
}

}  // namespace

Result<Query> parse_query(std::string_view json, std::string_view time_zone) {
  return guarded("query", [&]() -> Result<Query> {
    ROLLCALL_ASSIGN_OR_RETURN(const Json document, read_document(json));
    return to_query(document, time_zone);
  });
}

Result<std::vector<Query>> parse_queries(std::string_view json, std::string_view time_zone) {
  return guarded("query", [&] { return to_queries(json, time_zone); });
}

}  // namespace rollcall
