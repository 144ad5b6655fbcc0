#include "core/query/text/query_object.h"

#include <fmt/format.h>

#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>

#include "core/query/text/date_text.h"
#include "core/query/text/instant_text.h"
#include "core/query/text/query_validation.h"
#include "core/query/text/range_json.h"
#include "core/query/text/segment_json.h"
#include "core/query/text/selector_json.h"
#include "core/time/time_zone.h"
#include "rollcall/kinds.h"

namespace rollcall {
namespace {

// In {"date": "2026-01-03"}, numbers, true and false are taken as they are written.
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
       limit_field("limit", members.limit),
       string_field("after", members.after)});
}

FieldReader kind_field() {
  // The kind was read before all other fields.
  return {"kind", [](const Json&, const std::string&) { return Status(); }};
}

void add_range_fields(QueryCommon& common, FieldReaders& fields) {
  fields.push_back(range_end_field("from", common.from));
  fields.push_back(range_end_field("to", common.to));
  fields.push_back(last_field(common.last));
}

void add_common_fields(QueryCommon& common, std::string_view time_zone, int segment_depth,
                       FieldReaders& fields) {
  fields.push_back({"as_of", [&common, time_zone](const Json& value, const std::string& path) {
                      return read_as_of(value, path, time_zone, common.as_of.emplace());
                    }});
  fields.push_back({"where", [&common](const Json& value, const std::string& path) {
                      return read_where(value, path, common.where);
                    }});
  fields.push_back(
      {"among", [&common, segment_depth](const Json& value, const std::string& path) -> Status {
         if (value.is_null()) return {};
         return read_segment(value, path, common.among.emplace(), segment_depth);
       }});
  fields.push_back(string_field("breakdown", common.breakdown));
  fields.push_back({"breakdown_limit", [&common](const Json& value, const std::string& path) {
                      return read_integer(value, path, common.breakdown_limit);
                    }});
  fields.push_back({"members", [&common](const Json& value, const std::string& path) {
                      return read_members(value, path, common.members);
                    }});
}

}  // namespace

Status read_as_of(const Json& value, const std::string& path, std::string_view time_zone,
                  AsOf& out) {
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

std::span<const QueryField> common_fields() {
  static constexpr QueryField kFields[] = {
      {.name = "as_of",
       .type = FieldType::kInstant,
       .meaning = "Instant or date up to which the data are known"},
      {.name = "where",
       .type = FieldType::kConditions,
       .meaning = "Conditions on properties that events must meet"},
      {.name = "among",
       .type = FieldType::kSegment,
       .meaning = "Only users of a segment, such as 'did(purchase, 30d) and not did(login, 7d)'"},
      {.name = "breakdown",
       .type = FieldType::kProperty,
       .meaning = "The answer for each value of a property"},
      {.name = "breakdown_limit",
       .type = FieldType::kInteger,
       .meaning = "Values with the most users; the rest is $other",
       .default_json = "20",
       .min = 1,
       .max = kBreakdownLimitMax,
       .needs = "breakdown"},
      {.name = "members",
       .type = FieldType::kMembers,
       .meaning = "The users behind a cell, instead of counts"}};
  return kFields;
}

std::span<const QueryField> range_fields() {
  static constexpr std::string_view kEnds[] = {"from", "to"};
  static constexpr QueryField kFields[] = {
      {.name = "from", .type = FieldType::kDate, .meaning = "First date"},
      {.name = "to", .type = FieldType::kDate, .meaning = "Last date, included"},
      {.name = "last",
       .type = FieldType::kSpan,
       .meaning = "Span back from as_of, such as 30d, 4w, 6m",
       .excludes = kEnds}};
  return kFields;
}

Status QueryObject::fault(std::string_view text) const {
  return Status::invalid_argument(fmt::format("{}: {}", kind_.name, text));
}

Status QueryObject::read(FieldReaders own) const {
  FieldReaders fields = {kind_field()};
  fields.insert(fields.end(), std::make_move_iterator(own.begin()),
                std::make_move_iterator(own.end()));
  if (kind_.takes_range) add_range_fields(common_, fields);
  add_common_fields(common_, time_zone_, kind_.segment_depth, fields);
  return read_fields(json_, std::string(kind_.name), fields);
}

}  // namespace rollcall
