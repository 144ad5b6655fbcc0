#include "tests/support/naive_data.h"

#include <algorithm>
#include <utility>

#include "tests/support/naive_table.h"

namespace rollcall::testing {

namespace {

// A number in parts of digits, which may be padded.
struct Digits {
  bool negative = false;
  std::string whole;
  std::string fraction;
};

std::optional<Digits> digits_of(std::string text) {
  Digits digits;
  if (text.starts_with('-') || text.starts_with('+')) {
    digits.negative = text[0] == '-';
    text.erase(0, 1);
  }
  const std::size_t point = text.find('.');
  digits.whole = text.substr(0, point);
  if (point != std::string::npos) digits.fraction = text.substr(point + 1);
  const std::string all = digits.whole + digits.fraction;
  if (all.empty() || all.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  if (all.find_first_not_of('0') == std::string::npos) digits.negative = false;
  return digits;
}

// Below 0, 0 or above 0, as a is less than b, the same or more.
int compare_numbers(Digits a, Digits b) {
  if (a.negative != b.negative) return a.negative ? -1 : 1;
  const std::size_t whole = std::max(a.whole.size(), b.whole.size());
  const std::size_t fraction = std::max(a.fraction.size(), b.fraction.size());
  for (Digits* number : {&a, &b}) {
    number->whole.insert(0, whole - number->whole.size(), '0');
    number->fraction.resize(fraction, '0');
  }
  const int order = (a.whole + a.fraction).compare(b.whole + b.fraction);
  return a.negative ? -order : order;
}

bool passes_number(const PropertyCondition& condition, const std::string& value) {
  const std::optional<Digits> found = digits_of(value);
  if (!found) return false;
  const int order = compare_numbers(*found, *digits_of(condition.values.at(0)));
  switch (condition.test) {
    case PropertyCondition::Test::kMore:
      return order > 0;
    case PropertyCondition::Test::kAtLeast:
      return order >= 0;
    case PropertyCondition::Test::kLess:
      return order < 0;
    case PropertyCondition::Test::kAtMost:
      return order <= 0;
    default:
      return order == 0;
  }
}

// What an amount condition looks at: nothing where there is no amount, or one of 0.
std::string amount_of(const NaiveEvent& event) {
  const Amount amount = event.value.value_or(0);
  return amount == 0 ? "" : decimal_text(amount, event.value_decimals);
}

}  // namespace

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
    default:
      return passes_number(condition, value);
  }
}

int compare_decimals(const std::string& a, const std::string& b) {
  return compare_numbers(digits_of(a).value(), digits_of(b).value());
}

bool is_on_amount(const PropertyCondition& condition) {
  return condition.property == "value" && condition.test >= PropertyCondition::Test::kMore;
}

std::string property_of(const NaiveEvent& event, const std::string& property) {
  const auto value = event.properties.find(property);
  return value == event.properties.end() ? "" : value->second;
}

bool matches(const NaiveEvent& event, const std::vector<PropertyCondition>& where) {
  return std::all_of(where.begin(), where.end(), [&](const PropertyCondition& condition) {
    const bool is_amount = is_on_amount(condition);
    return passes(condition, is_amount ? amount_of(event) : property_of(event, condition.property));
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

TimeUs NaiveData::start_of(Day day) const {
  return period_starts.empty() ? zone.start_of(day)
                               : period_starts.at(static_cast<std::size_t>(day.value));
}

void NaiveData::add(const NaiveEvent& event) {
  const Day day = zone.day_of(event.time);
  const TimeUs known = event.whole_day ? zone.last_second_of(day) : event.time;
  known_until = std::max(known_until.value_or(known), known);
  const auto [number, is_new] = numbers.try_emplace(event.user, users.size());
  if (is_new) users.push_back(event.user);
  events.push_back(event);
  events.back().value_decimals = settings.value_decimals;
  days.push_back(day);
  user_of.push_back(number->second);
  event_names.insert(event.event);
}

}  // namespace rollcall::testing
