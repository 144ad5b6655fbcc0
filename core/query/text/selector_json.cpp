#include "core/query/text/selector_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/query/text/decimal_text.h"
#include "core/query/text/query_json.h"

namespace rollcall {
namespace {

// Adds a condition to those of the same property; what it must not equal may be said in two fields
// ("ne", "not_in").
void add_condition(PropertyCondition condition, std::vector<PropertyCondition>& conditions) {
  const auto same = std::ranges::find_if(conditions, [&](const PropertyCondition& other) {
    return condition.test == PropertyCondition::Test::kNoneOf && other.test == condition.test;
  });
  if (same == conditions.end()) {
    conditions.push_back(std::move(condition));
  } else {
    same->values.insert(same->values.end(), condition.values.begin(), condition.values.end());
  }
}

// Reads the conditions of one property.
Status read_conditions(const Json& value, const std::string& path, const std::string& property,
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
  FieldReaders fields = {
      {"in", read_values(ConditionTest::kAnyOf)},
      {"ne", read_value(ConditionTest::kNoneOf)},
      {"not_in", read_values(ConditionTest::kNoneOf)},
      {"contains", read_value(ConditionTest::kContains)},
      {"set", [&](const Json& json, const std::string& at) -> Status {
         if (!json.is_boolean()) return unexpected(at, "true or false", json);
         add_condition(
             {property, json.get<bool>() ? ConditionTest::kIsSet : ConditionTest::kIsNotSet, {}},
             where);
         return {};
       }}};
  for (const auto& [name, test] : kNumberTestNames) {
    fields.push_back(
        {name, [&where, &property, test = test](const Json& json, const std::string& at) -> Status {
           PropertyCondition condition{property, test, {}};
           ROLLCALL_RETURN_IF_ERROR(read_decimal(json, at, condition.values.emplace_back()));
           add_condition(std::move(condition), where);
           return {};
         }});
  }
  return read_fields(value, path, fields);
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
      return {"set", "false"};
    case PropertyCondition::Test::kMore:
    case PropertyCondition::Test::kAtLeast:
    case PropertyCondition::Test::kLess:
    case PropertyCondition::Test::kAtMost:
    case PropertyCondition::Test::kEquals:
      break;
  }
  return {std::string(name_of(kNumberTestNames, condition.test)), quote(condition.values[0])};
}

Status read_where_object(const Json& value, const std::string& path,
                         std::vector<PropertyCondition>& out) {
  if (!value.is_object()) {
    return unexpected(path, "an object such as {\"channel\": \"ads\"}, or a list of them", value);
  }
  for (const auto& [property, conditions] : value.get<Json::Object>()) {
    const std::string at = fmt::format("{}: {}", path, excerpt(property));
    std::vector<PropertyCondition> read;
    ROLLCALL_RETURN_IF_ERROR(read_conditions(conditions, at, property, read));
    std::ranges::move(read, std::back_inserter(out));
  }
  return {};
}

}  // namespace

Status read_where(const Json& value, const std::string& path, std::vector<PropertyCondition>& out) {
  if (!value.is_array()) return read_where_object(value, path, out);
  std::size_t number = 0;
  for (const Json& element : value.get<Json::Array>()) {
    ROLLCALL_RETURN_IF_ERROR(
        read_where_object(element, fmt::format("{}[{}]", path, number++), out));
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

namespace {

// It has the conditions of one object, in their order: those on one property follow one another,
// and have different fields.
using WhereObject = std::vector<std::pair<std::string, JsonFields>>;

// Returns whether two fields would be read as one condition, or cannot stand in one object.
bool are_one_field(std::string_view a, std::string_view b) {
  const auto excludes = [](std::string_view field) { return field == "ne" || field == "not_in"; };
  return a == b || (excludes(a) && excludes(b));
}

bool has_room(const WhereObject& object, const std::string& property, std::string_view field) {
  const auto same = std::ranges::find(object, property, &WhereObject::value_type::first);
  if (same == object.end()) return true;
  return std::next(same) == object.end() &&
         std::ranges::none_of(same->second,
                              [&](const auto& test) { return are_one_field(test.first, field); });
}

std::string where_object_json(const WhereObject& object) {
  JsonFields properties;
  for (const auto& [property, tests] : object) {
    const bool lone = tests.size() == 1 && tests[0].first == "in";
    properties.emplace_back(property, lone ? tests[0].second : to_object(tests));
  }
  return to_object(properties);
}

}  // namespace

// A lone "any of" is written without an object of its own.
std::string where_json(const std::vector<PropertyCondition>& where) {
  std::vector<WhereObject> objects(1);
  for (const PropertyCondition& condition : where) {
    std::pair<std::string, std::string> test = test_field(condition);
    if (!has_room(objects.back(), condition.property, test.first)) objects.emplace_back();
    WhereObject& object = objects.back();
    if (object.empty() || object.back().first != condition.property) {
      object.emplace_back(condition.property, JsonFields());
    }
    object.back().second.push_back(std::move(test));
  }
  if (objects.size() == 1) return where_object_json(objects.front());
  std::string list;
  for (const WhereObject& object : objects)
    list += (list.empty() ? "" : ", ") + where_object_json(object);
  return "[" + list + "]";
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

std::string selectors_json(const std::vector<Selector>& selectors) {
  std::string text = "[";
  for (const Selector& selector : selectors) {
    text += (text.size() > 1 ? ", " : "") + selector_json(selector);
  }
  return text + "]";
}

}  // namespace rollcall
