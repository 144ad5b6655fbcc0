// JSON to Query. Every field is read by a function of its own, which a table of the kind names.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/calendar.h"
#include "core/query/instant_text.h"
#include "core/query/json_document.h"
#include "core/query/name_suggestion.h"
#include "core/query/query_names.h"
#include "core/query/query_validation.h"
#include "core/time_zone.h"
#include "rollcall/query.h"

namespace rollcall {
namespace {

// A value as an error shows it.
std::string show(const Json& value) {
  constexpr std::size_t kShownBytesMax = 60;
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > kShownBytesMax) text = text.substr(0, kShownBytesMax) + "...";
  return text;
}

Status unexpected(const std::string& path, std::string_view expected, const Json& found) {
  return Status::invalid_argument(
      fmt::format("{}: must be {}, found {}", path, expected, show(found)));
}

struct Field {
  std::string_view name;
  // Reads the field's value; `path` leads to it, for errors.
  std::function<Status(const Json& value, const std::string& path)> read;
};
using Fields = std::vector<Field>;

// Reads every field that `object` has.
Status read_fields(const Json& object, const std::string& path, const Fields& fields) {
  for (const auto& [name, value] : object.items()) {
    const auto field = std::find_if(fields.begin(), fields.end(),
                                    [&name = name](const Field& f) { return f.name == name; });
    if (field == fields.end()) {
      std::vector<std::string> allowed;
      for (const Field& f : fields) allowed.emplace_back(f.name);
      return Status::invalid_argument(
          fmt::format("{}: {}", path, unknown_name("field", name, allowed)));
    }
    ROLLCALL_RETURN_IF_ERROR(field->read(value, fmt::format("{}: {}", path, name)));
  }
  return {};
}

Status read_integer(const Json& value, const std::string& path, std::int32_t& out) {
  constexpr std::int64_t kMin = std::numeric_limits<std::int32_t>::min();
  constexpr std::int64_t kMax = std::numeric_limits<std::int32_t>::max();
  if (!value.is_number_integer()) return unexpected(path, "a whole number", value);
  const bool too_large = value.is_number_unsigned() && value.get<std::uint64_t>() > kMax;
  if (too_large || value.get<std::int64_t>() < kMin || value.get<std::int64_t>() > kMax) {
    return unexpected(path, fmt::format("a whole number up to {}", kMax), value);
  }
  out = value.get<std::int32_t>();
  return {};
}

Status read_integers(const Json& value, const std::string& path, std::vector<std::int32_t>& out) {
  if (!value.is_array()) return unexpected(path, "a list of whole numbers", value);
  out.clear();
  for (const Json& element : value) {
    ROLLCALL_RETURN_IF_ERROR(read_integer(element, path, out.emplace_back()));
  }
  return {};
}

// One string, or a list of them.
Status read_strings(const Json& value, const std::string& path, std::vector<std::string>& out) {
  if (value.is_string()) {
    out.push_back(value.get<std::string>());
    return {};
  }
  if (!value.is_array()) return unexpected(path, "a string or a list of strings", value);
  if (value.empty()) return unexpected(path, "a list of at least one string", value);
  for (const Json& element : value) {
    if (!element.is_string()) return unexpected(path, "a list of strings", value);
    out.push_back(element.get<std::string>());
  }
  return {};
}

template <class T, std::size_t n>
Status read_word(const Json& value, const std::string& path, std::string_view what,
                 const std::array<Spelling<T>, n>& spellings, T& out) {
  std::vector<std::string> allowed;
  for (const Spelling<T>& spelling : spellings) {
    if (value.is_string() && value.get_ref<const std::string&>() == spelling.name) {
      out = spelling.value;
      return {};
    }
    allowed.emplace_back(spelling.name);
  }
  if (!value.is_string()) {
    return unexpected(path, fmt::format("one of {}", fmt::join(allowed, ", ")), value);
  }
  return Status::invalid_argument(
      fmt::format("{}: {}", path, unknown_name(what, value.get<std::string>(), allowed)));
}

Status read_date(const Json& value, const std::string& path, std::optional<Day>& out) {
  if (value.is_string()) out = parse_date(value.get_ref<const std::string&>());
  return out ? Status() : unexpected(path, "an existing date such as \"2026-01-31\"", value);
}

Status read_last(const Json& value, const std::string& path, std::optional<LastSpan>& out) {
  const std::string text = value.is_string() ? value.get<std::string>() : "";
  LastSpan span;
  const char* const end = text.data() + text.size();
  const auto [unit, error] = std::from_chars(text.data(), end, span.count);
  if (error != std::errc() || end - unit != 1 ||
      std::string_view("dwmqy").find(*unit) == std::string::npos) {
    return unexpected(path,
                      "a number of days, weeks, months, quarters or years such as \"30d\", "
                      "\"4w\", \"6m\", \"2q\", \"1y\"",
                      value);
  }
  span.unit = *unit;
  out = span;
  return {};
}

Status read_as_of(const Json& value, const std::string& path, std::string_view time_zone,
                  std::optional<AsOf>& out) {
  const std::string text = value.is_string() ? value.get<std::string>() : "";
  if (const auto day = parse_date(text)) {
    out = *day;
    return {};
  }
  const auto instant = parse_instant(text);
  if (!instant) {
    return unexpected(path,
                      "a date or an instant such as \"2026-01-31\", \"2026-01-31T23:59:59Z\" "
                      "or \"2026-01-31 23:59:59\"",
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

// Adds a condition; what a property must not equal may be said in two fields ("ne", "not_in").
void add_condition(PropertyCondition condition, std::vector<PropertyCondition>& where) {
  const auto same = std::find_if(where.begin(), where.end(), [&](const PropertyCondition& other) {
    return condition.test == PropertyCondition::Test::kNoneOf && other.test == condition.test &&
           other.property == condition.property;
  });
  if (same == where.end()) {
    where.push_back(std::move(condition));
  } else {
    same->values.insert(same->values.end(), condition.values.begin(), condition.values.end());
  }
}

Status read_condition(const Json& value, const std::string& path, const std::string& property,
                      std::vector<PropertyCondition>& where) {
  using Test = PropertyCondition::Test;
  const auto read_values = [&](Test test) {
    return [&where, &property, test](const Json& json, const std::string& at) -> Status {
      PropertyCondition condition{property, test, {}};
      ROLLCALL_RETURN_IF_ERROR(read_strings(json, at, condition.values));
      add_condition(std::move(condition), where);
      return {};
    };
  };
  const auto read_value = [&](Test test) {
    return [read = read_values(test)](const Json& json, const std::string& at) -> Status {
      return json.is_string() ? read(json, at) : unexpected(at, "a string", json);
    };
  };
  if (value.is_string() || value.is_array()) return read_values(Test::kAnyOf)(value, path);
  if (!value.is_object() || value.empty()) {
    return unexpected(path, "a string, a list of strings, or an object such as {\"ne\": \"ads\"}",
                      value);
  }
  return read_fields(
      value, path,
      {{"in", read_values(Test::kAnyOf)},
       {"ne", read_value(Test::kNoneOf)},
       {"not_in", read_values(Test::kNoneOf)},
       {"contains", read_value(Test::kContains)},
       {"set", [&](const Json& json, const std::string& at) -> Status {
          if (!json.is_boolean()) return unexpected(at, "true or false", json);
          add_condition({property, json.get<bool>() ? Test::kIsSet : Test::kIsNotSet, {}}, where);
          return {};
        }}});
}

Status read_where(const Json& value, const std::string& path, std::vector<PropertyCondition>& out) {
  if (!value.is_object())
    return unexpected(path, "an object such as {\"channel\": \"ads\"}", value);
  for (const auto& [property, condition] : value.items()) {
    ROLLCALL_RETURN_IF_ERROR(
        read_condition(condition, fmt::format("{}: {}", path, property), property, out));
  }
  return {};
}

// Null, "*", a name, or a list of names.
Status read_event_names(const Json& value, const std::string& path, Selector& out) {
  if (value.is_null() || value == "*") return {};
  out.match = Selector::Names::kAnyOf;
  return read_strings(value, path, out.names);
}

Status read_selector(const Json& value, const std::string& path, Selector& out) {
  out = {};
  if (value.is_null() || value.is_string() || value.is_array()) {
    return read_event_names(value, path, out);
  }
  if (!value.is_object()) {
    return unexpected(path, "an event name, \"*\", or an object such as {\"event\": \"login\"}",
                      value);
  }
  if (value.contains("event") && value.contains("not_event")) {
    return unexpected(path, "an object with either event or not_event", value);
  }
  return read_fields(
      value, path,
      {{"event",
        [&](const Json& json, const std::string& at) { return read_event_names(json, at, out); }},
       {"not_event",
        [&](const Json& json, const std::string& at) {
          out.match = Selector::Names::kNoneOf;
          return read_strings(json, at, out.names);
        }},
       {"where",
        [&](const Json& json, const std::string& at) { return read_where(json, at, out.where); }}});
}

Field selector_field(std::string_view name, Selector& out) {
  return {name, [&out](const Json& value, const std::string& path) {
            return read_selector(value, path, out);
          }};
}

Field optional_integer_field(std::string_view name, std::optional<std::int32_t>& out) {
  return {name, [&out](const Json& value, const std::string& path) {
            return read_integer(value, path, out.emplace());
          }};
}

template <class T, std::size_t n>
Field word_field(std::string_view name, const std::array<Spelling<T>, n>& spellings, T& out) {
  return {name, [name, &spellings, &out](const Json& value, const std::string& path) {
            return read_word(value, path, name, spellings, out);
          }};
}

Field kind_field() {
  return {"kind",
          [](const Json&, const std::string&) { return Status(); }};  // read before all others
}

Field as_of_field(QueryCommon& common, std::string_view time_zone) {
  return {"as_of", [&common, time_zone](const Json& value, const std::string& path) {
            return read_as_of(value, path, time_zone, common.as_of);
          }};
}

Field where_field(QueryCommon& common) {
  return {"where", [&common](const Json& value, const std::string& path) {
            return read_where(value, path, common.where);
          }};
}

// The kind's own fields, between those that every kind with a range of dates has.
Fields with_common_fields(Fields own, QueryCommon& common, std::string_view time_zone) {
  Fields fields = {kind_field()};
  fields.insert(fields.end(), std::make_move_iterator(own.begin()),
                std::make_move_iterator(own.end()));
  fields.push_back({"from", [&common](const Json& value, const std::string& path) {
                      return read_date(value, path, common.from);
                    }});
  fields.push_back({"to", [&common](const Json& value, const std::string& path) {
                      return read_date(value, path, common.to);
                    }});
  fields.push_back({"last", [&common](const Json& value, const std::string& path) {
                      return read_last(value, path, common.last);
                    }});
  fields.push_back(as_of_field(common, time_zone));
  fields.push_back(where_field(common));
  return fields;
}

Status read_active(const Json& object, std::string_view time_zone, Query& query) {
  auto& ask = query.ask.emplace<ActiveQuery>();
  return read_fields(
      object, "active",
      with_common_fields(
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
  const Field event = {"event", [&ask](const Json& value, const std::string& path) -> Status {
                         ROLLCALL_RETURN_IF_ERROR(read_selector(value, path, ask.cohort_event));
                         ask.return_event = ask.cohort_event;
                         return {};
                       }};
  const Field brackets = {"brackets", [&ask](const Json& value, const std::string& path) {
                            return value.empty()
                                       ? unexpected(path, "a list of whole numbers", value)
                                       : read_integers(value, path, ask.brackets);
                          }};
  return read_fields(object, "retention",
                     with_common_fields({event, selector_field("cohort_event", ask.cohort_event),
                                         selector_field("return_event", ask.return_event),
                                         word_field("cohort", kCohortNames, ask.cohort),
                                         word_field("period", kPeriodNames, ask.period),
                                         optional_integer_field("periods", ask.periods),
                                         word_field("mode", kModeNames, ask.mode), brackets,
                                         word_field("summary", kSummaryNames, ask.summary)},
                                        query.common, time_zone));
}

Status read_rule(const Json& value, const std::string& path, ChurnQuery& ask) {
  if (!value.is_object() || value.size() != 1) {
    return unexpected(path, "{\"gap_days\": N} or {\"period\": \"week\"}", value);
  }
  return read_fields(value, path,
                     {{"gap_days",
                       [&ask](const Json& json, const std::string& at) -> Status {
                         ChurnQuery::GapDays gap;
                         ROLLCALL_RETURN_IF_ERROR(read_integer(json, at, gap.days));
                         ask.rule = gap;
                         return {};
                       }},
                      {"period", [&ask](const Json& json, const std::string& at) {
                         return read_word(json, at, "period", kPeriodNames,
                                          ask.rule.emplace<Period>());
                       }}});
}

Status read_churn(const Json& object, std::string_view time_zone, Query& query) {
  auto& ask = query.ask.emplace<ChurnQuery>();
  const Field rule = {"rule", [&ask](const Json& value, const std::string& path) {
                        return read_rule(value, path, ask);
                      }};
  return read_fields(object, "churn",
                     with_common_fields({selector_field("event", ask.event),
                                         word_field("base", kBaseNames, ask.base), rule},
                                        query.common, time_zone));
}

Status read_idle(const Json& object, std::string_view time_zone, Query& query) {
  auto& ask = query.ask.emplace<IdleQuery>();
  const Field edges = {
      "edges", [&ask](const Json& value, const std::string& path) {
        ask.each_day = value == "each";
        if (ask.each_day) return Status();
        return value.is_array() ? read_integers(value, path, ask.edges)
                                : unexpected(path, "a list of whole numbers, or \"each\"", value);
      }};
  return read_fields(object, "idle",
                     {kind_field(), selector_field("event", ask.event), edges,
                      as_of_field(query.common, time_zone), where_field(query.common)});
}

Status read_query(const Json& document, std::string_view time_zone, Query& query) {
  if (!document.is_object()) return unexpected("query", "an object", document);
  const std::vector<std::string> kinds(kKindNames.begin(), kKindNames.end());
  if (!document.contains("kind")) {
    return Status::invalid_argument(
        fmt::format("query: missing field \"kind\", allowed: {}", fmt::join(kinds, ", ")));
  }
  const Json& kind = document["kind"];
  if (kind == "active") return read_active(document, time_zone, query);
  if (kind == "retention") return read_retention(document, time_zone, query);
  if (kind == "churn") return read_churn(document, time_zone, query);
  if (kind == "idle") return read_idle(document, time_zone, query);
  if (!kind.is_string()) {
    return unexpected("query: kind", fmt::format("one of {}", fmt::join(kinds, ", ")), kind);
  }
  return Status::invalid_argument(
      fmt::format("query: {}", unknown_name("kind", kind.get<std::string>(), kinds)));
}

}  // namespace

Result<Query> parse_query(std::string_view json, std::string_view time_zone) {
  Result<Json> document = parse_json(json);
  if (!document.ok()) {
    return Status::invalid_argument(fmt::format("query: {}", document.status().message()));
  }
  Query query;
  ROLLCALL_RETURN_IF_ERROR(read_query(*document, time_zone, query));
  ROLLCALL_RETURN_IF_ERROR(validate(query));
  return query;
}

}  // namespace rollcall
