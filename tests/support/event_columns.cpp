#include "tests/support/event_columns.h"

#include <algorithm>
#include <set>

#include "tests/support/naive_time.h"

namespace rollcall::testing {

void EventColumns::Dictionary::push(std::string_view value) {
  const auto [number, is_new] =
      numbers.try_emplace(value, static_cast<std::uint32_t>(values.size()));
  if (is_new) values.push_back(value);
  codes.push_back(number->second);
}

EventColumns::EventColumns(std::span<const NaiveEvent> events, const StoreSettings& settings) {
  const NaiveZone zone(settings.time_zone);
  std::set<std::string_view> property_names;
  bool any_value = false;
  for (const NaiveEvent& event : events) {
    any_value = any_value || event.value.has_value();
    for (const auto& [name, value] : event.properties) property_names.insert(name);
  }
  for (const NaiveEvent& event : events) {
    if (settings.user_kind == UserKind::kInteger) {
      user_integers_.push_back(std::get<std::uint64_t>(event.user));
    } else {
      user_strings_.push_back(std::get<std::string>(event.user));
    }
    event_.push(event.event);
    time_.push_back(event.time);
    if (any_value) value_.push_back(event.value.value_or(0));
    const TimeUs known =
        event.whole_day ? zone.last_second_of(zone.day_of(event.time)) : event.time;
    known_until_ = std::max(known_until_.value_or(known), known);
  }
  for (const std::string_view name : property_names) {
    Dictionary& dictionary = properties_.emplace_back();
    for (const NaiveEvent& event : events) {
      const auto property = event.properties.find(std::string(name));
      dictionary.push(property == event.properties.end() ? "" : std::string_view(property->second));
    }
    property_columns_.push_back({name, dictionary.column()});
  }
}

EventBatch EventColumns::batch() const {
  return {.user_integers = user_integers_,
          .user_strings = user_strings_,
          .event = event_.column(),
          .time = time_,
          .value = value_,
          .properties = property_columns_,
          .known_until = known_until_};
}

}  // namespace rollcall::testing
