#include "tests/support/naive_data.h"

#include <algorithm>
#include <utility>

namespace rollcall::testing {

bool passes(const PropertyCondition& condition, const std::string& value) {
  const bool listed =
      std::find(condition.values.begin(), condition.values.end(), value) != condition.values.end();
  switch (condition.test) {
    case PropertyCondition::Test::kAnyOf:
      return listed;
    case PropertyCondition::Test::kNoneOf:
      return !listed;
    case PropertyCondition::Test::kContains:
      return value.find(condition.values.at(0)) != std::string::npos;
    case PropertyCondition::Test::kIsSet:
      return !value.empty();
    case PropertyCondition::Test::kIsNotSet:
      return value.empty();
  }
  return false;
}

std::string property_of(const NaiveEvent& event, const std::string& property) {
  const auto value = event.properties.find(property);
  return value == event.properties.end() ? "" : value->second;
}

bool matches(const NaiveEvent& event, const std::vector<PropertyCondition>& where) {
  return std::all_of(where.begin(), where.end(), [&](const PropertyCondition& condition) {
    return passes(condition, property_of(event, condition.property));
  });
}

bool matches(const NaiveEvent& event, const Selector& selector) {
  const bool named =
      std::find(selector.names.begin(), selector.names.end(), event.event) != selector.names.end();
  if (selector.match == Selector::Names::kAnyOf && !named) return false;
  if (selector.match == Selector::Names::kNoneOf && named) return false;
  return matches(event, selector.where);
}

NaiveData::NaiveData(StoreSettings store_settings)
    : settings(std::move(store_settings)),
      zone(settings.time_zone),
      calendar(settings.week_start) {}

void NaiveData::add(const NaiveEvent& event) {
  const Day day = zone.day_of(event.time);
  const TimeUs known = event.whole_day ? zone.last_second_of(day) : event.time;
  known_until = std::max(known_until.value_or(known), known);
  const auto [number, is_new] = numbers.try_emplace(event.user, users.size());
  if (is_new) users.push_back(event.user);
  events.push_back(event);
  days.push_back(day);
  user_of.push_back(number->second);
  event_names.insert(event.event);
}

}  // namespace rollcall::testing
