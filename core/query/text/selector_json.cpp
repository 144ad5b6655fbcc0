#include "core/query/text/selector_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/query/text/query_json.h"

namespace rollcall {
namespace {

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
  using ConditionTest = PropertyCondition::Test;
  const auto read_values = [&](ConditionTest test) {
    return [&where, &property, test](const Json& json, const std::string& at) -> Status {
      PropertyCondition condition{property, test, {}};
      ROLLCALL_RETURN_IF_ERROR(read_strings(json, at, condition.values));
      add_condition(std::move(condition), where);
      return {};
    };
  };
  const auto read_value = [&](ConditionTest test) {
    return [read = read_values(test)](const Json& json, const std::string& at) -> Status {
      return json.is_string() ? read(json, at) : unexpected(at, "a string", json);
    };
  };
  if (value.is_string() || value.is_array()) return read_values(ConditionTest::kAnyOf)(value, path);
  if (!value.is_object() || value.empty()) {
    return unexpected(path, "a string, a list of strings, or an object such as {\"ne\": \"ads\"}",
                      value);
  }
  return read_fields(
      value, path,
      {{"in", read_values(ConditionTest::kAnyOf)},
       {"ne", read_value(ConditionTest::kNoneOf)},
       {"not_in", read_values(ConditionTest::kNoneOf)},
       {"contains", read_value(ConditionTest::kContains)},
       {"set", [&](const Json& json, const std::string& at) -> Status {
          if (!json.is_boolean()) return unexpected(at, "true or false", json);
          add_condition(
              {property, json.get<bool>() ? ConditionTest::kIsSet : ConditionTest::kIsNotSet, {}},
              where);
          return {};
        }}});
}

// Reads null, "*", a name, or a list of names.
Status read_event_names(const Json& value, const std::string& path, Selector& out) {
  if (value.is_null() || is_text(value, "*")) return {};
  out.match = Selector::Names::kAnyOf;
  return read_strings(value, path, out.names);
}

std::string quote_list(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) list += (list.empty() ? "" : ", ") + quote(text);
  return "[" + list + "]";
}

// Writes one string as itself, and several as a list.
std::string quote_all(const std::vector<std::string>& texts) {
  return texts.size() == 1 ? quote(texts[0]) : quote_list(texts);
}

std::pair<std::string, std::string> test_field(const PropertyCondition& condition) {
  switch (condition.test) {
    case PropertyCondition::Test::kAnyOf:
      return {"in", quote_all(condition.values)};
    case PropertyCondition::Test::kNoneOf:
      return {condition.values.size() == 1 ? "ne" : "not_in", quote_all(condition.values)};
    case PropertyCondition::Test::kContains:
      return {"contains", quote(condition.values[0])};
    case PropertyCondition::Test::kIsSet:
      return {"set", "true"};
    case PropertyCondition::Test::kIsNotSet:
      break;
  }
  return {"set", "false"};
}

}  // namespace

Status read_where(const Json& value, const std::string& path, std::vector<PropertyCondition>& out) {
  if (!value.is_object())
    return unexpected(path, "an object such as {\"channel\": \"ads\"}", value);
  for (const auto& [property, condition] : value.get<Json::Object>()) {
    ROLLCALL_RETURN_IF_ERROR(
        read_condition(condition, fmt::format("{}: {}", path, excerpt(property)), property, out));
  }
  return {};
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

FieldReader selector_field(std::string_view name, Selector& out) {
  return {name, [&out](const Json& value, const std::string& path) {
            return read_selector(value, path, out);
          }};
}

FieldReader selectors_field(std::string_view name, std::vector<Selector>& out) {
  return {name, [&out](const Json& value, const std::string& path) -> Status {
            if (!value.is_array()) return unexpected(path, "a list of events", value);
            for (const Json& element : value.get<Json::Array>()) {
              const std::string at = fmt::format("{}[{}]", path, out.size());
              ROLLCALL_RETURN_IF_ERROR(read_selector(element, at, out.emplace_back()));
            }
            return {};
          }};
}

// Conditions on one property share an object; a lone "any of" is written without one.
std::string where_json(const std::vector<PropertyCondition>& where) {
  JsonFields properties;
  for (auto condition = where.begin(); condition != where.end(); ++condition) {
    const auto is_same = [&](const PropertyCondition& c) {
      return c.property == condition->property;
    };
    if (std::any_of(where.begin(), condition, is_same)) continue;
    JsonFields tests;
    for (const PropertyCondition& same : where) {
      if (is_same(same)) tests.push_back(test_field(same));
    }
    const bool lone = tests.size() == 1 && tests[0].first == "in";
    properties.emplace_back(condition->property, lone ? tests[0].second : to_object(tests));
  }
  return to_object(properties);
}

std::string selector_json(const Selector& selector) {
  const bool none_of = selector.match == Selector::Names::kNoneOf;
  const std::string names =
      selector.match == Selector::Names::kAny ? quote("*") : quote_all(selector.names);
  if (!none_of && selector.where.empty()) return names;
  JsonFields fields = {{none_of ? "not_event" : "event", names}};
  if (!selector.where.empty()) fields.emplace_back("where", where_json(selector.where));
  return to_object(fields);
}

}  // namespace rollcall
