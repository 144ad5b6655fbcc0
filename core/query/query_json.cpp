#include "core/query/query_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/query/instant_text.h"
#include "core/query/json_document.h"
#include "core/query/query_names.h"

namespace rollcall {
namespace {

std::string quote_list(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) list += (list.empty() ? "" : ", ") + quote(text);
  return "[" + list + "]";
}

// One string as itself, several as a list.
std::string quote_all(const std::vector<std::string>& texts) {
  return texts.size() == 1 ? quote(texts[0]) : quote_list(texts);
}

std::string integer_list(const std::vector<std::int32_t>& numbers) {
  return fmt::format("[{}]", fmt::join(numbers, ", "));
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
  return fields;
}

JsonFields own_fields(const ChurnQuery& query) {
  const auto* gap = std::get_if<ChurnQuery::GapDays>(&query.rule);
  return {
      {"event", selector_json(query.event)},
      {"base", word(kBaseNames, query.base)},
      {"rule", gap != nullptr
                   ? to_object({{"gap_days", std::to_string(gap->days)}})
                   : to_object({{"period", word(kPeriodNames, std::get<Period>(query.rule))}})}};
}

JsonFields own_fields(const IdleQuery& query) {
  return {{"event", selector_json(query.event)},
          {"edges", query.each_day ? quote("each") : integer_list(query.edges)}};
}

}  // namespace

JsonFields fields_of(const Query& query) {
  JsonFields fields = std::visit([](const auto& ask) { return own_fields(ask); }, query.ask);
  if (!query.common.where.empty()) fields.emplace_back("where", where_json(query.common.where));
  return fields;
}

std::string quote(std::string_view text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
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
  if (common.from) fields.emplace_back("from", quote(to_string(*common.from)));
  if (common.to) fields.emplace_back("to", quote(to_string(*common.to)));
  if (common.last) {
    fields.emplace_back("last", quote(fmt::format("{}{}", common.last->count, common.last->unit)));
  }
  if (common.as_of) {
    const Day* day = std::get_if<Day>(&*common.as_of);
    fields.emplace_back(
        "as_of",
        quote(day != nullptr ? to_string(*day) : format_instant(std::get<TimeUs>(*common.as_of))));
  }
  return to_object(fields);
}

}  // namespace rollcall
