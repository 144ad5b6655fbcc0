#include "tests/support/event_generator.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "tests/support/naive_time.h"
#include "tests/support/query_generator.h"
#include "tests/support/value_generator.h"

namespace rollcall::testing {

namespace {

constexpr TimeUs kSecond = 1'000'000;
constexpr TimeUs kMinute = 60 * kSecond;
constexpr TimeUs kDay = 24 * 60 * kMinute;

// A zone, and a day on or near which its clocks change (or, for UTC, the calendar is of interest).
struct Place {
  const char* zone;
  const char* day;
};
constexpr Place kPlaces[] = {
    {"UTC", "2026-01-01"},            // a new year
    {"UTC", "2024-02-29"},            // a leap day
    {"UTC", "1970-01-01"},            // days before and after day 0
    {"Europe/London", "2026-03-29"},  // 23 hours
    {"Europe/London", "2025-10-26"},  // 25 hours
    {"America/New_York", "2026-03-08"},
    {"America/New_York", "2025-11-02"},
    {"Asia/Kolkata", "2025-12-31"},         // half an hour off
    {"Australia/Lord_Howe", "2026-04-05"},  // clocks move by half an hour
    {"America/Sao_Paulo", "2018-11-04"},    // the day begins at 01:00
    {"America/Havana", "2025-11-02"},       // its first hour comes twice
    {"Pacific/Apia", "2011-12-30"},         // a date that never was
};

std::vector<UserId> users_of(Random& random, const StreamKnobs& knobs) {
  std::vector<UserId> users;
  if (knobs.settings.user_kind == UserKind::kInteger) {
    constexpr std::uint64_t kLargest = std::numeric_limits<std::uint64_t>::max();
    for (const std::uint64_t id : {std::uint64_t{0}, kLargest, std::uint64_t{1}, kLargest - 1,
                                   std::uint64_t{1} << 63, std::uint64_t{1} << 32}) {
      users.emplace_back(id);
    }
    while (users.size() < knobs.users) {
      users.emplace_back(random.chance(50) ? users.size() : random.bits());
    }
  } else {
    // Long ones share all but their last byte.
    for (const char* id : {"a", "b", "\xF0\x9F\xA6\x8A", "0", " ", "na\xC3\xAFve", "A"}) {
      users.emplace_back(std::string(id));
    }
    users.emplace_back(std::string(1000, 'x') + "1");
    users.emplace_back(std::string(1000, 'x') + "2");
    while (users.size() < knobs.users) users.emplace_back("user" + std::to_string(users.size()));
  }
  random.shuffle(users);
  users.resize(knobs.users);
  return users;
}

std::string event_name(std::size_t i) {
  constexpr const char* kNames[] = {"login", "purchase", "view", "\xE2\x9C\x93 done"};
  return i < std::size(kNames) ? kNames[i] : "event" + std::to_string(i);
}

// Returns an instant of `day`, which is often one at which something could go wrong. Returns the
// next day that exists, for a date that never was.
TimeUs time_in(Random& random, const NaiveZone& zone, Day day) {
  while (zone.start_of(day) == zone.start_of(day + 1)) day = day + 1;
  const TimeUs begin = zone.start_of(day);
  const TimeUs end = zone.start_of(day + 1);
  switch (random.below(8)) {
    case 0:
      return begin;
    case 1:
      return end - 1;
    case 2:
      return end - kSecond;
    default:
      return begin + static_cast<TimeUs>(random.below(static_cast<std::size_t>(end - begin)));
  }
}

// Returns events in order of arrival.
std::vector<NaiveEvent> random_events(Random& random, const StreamKnobs& knobs) {
  const NaiveZone zone(knobs.settings.time_zone);
  const std::vector<UserId> users = users_of(random, knobs);
  std::vector<Day> open_days;
  for (std::int32_t d = 0; d < knobs.days; ++d) {
    if (!random.chance(knobs.closed_days_percent)) open_days.push_back(knobs.first_day + d);
  }
  if (open_days.empty()) open_days.push_back(knobs.first_day);

  std::vector<NaiveEvent> events;
  for (std::size_t i = 0; i < knobs.events; ++i) {
    NaiveEvent event;
    // The smaller of two draws: some users are seen far more often than others.
    event.user = users[std::min(random.below(users.size()), random.below(users.size()))];
    event.event =
        event_name(std::min(random.below(knobs.event_names), random.below(knobs.event_names)));
    event.time = time_in(random, zone, random.pick(open_days));
    if (random.chance(knobs.whole_day_percent)) {
      event.whole_day = true;
      event.time = zone.start_of(zone.day_of(event.time));
    }
    if (random.chance(30)) event.value = random_amount(random, knobs.extreme_amounts);
    if (random.chance(knobs.scores_percent)) event.value = 1'000'000 * random.between(-1, 12);
    for (const std::string& dimension : knobs.settings.dimensions) {
      const std::string value = property_value(random.below(knobs.values + 1));
      if (!value.empty() || random.chance(50)) event.properties[dimension] = value;
    }
    for (const std::string& kept : knobs.settings.kept_properties) {
      // Some values come often, and others with a few events only.
      std::string value = property_value(random.below(knobs.values + 1));
      if (random.chance(40)) value = "s" + std::to_string(random.below(1 + knobs.events / 2));
      if (!value.empty() || random.chance(50)) event.properties[kept] = value;
    }
    events.push_back(event);
    if (random.chance(knobs.repeated_percent)) events.push_back(event);
  }
  if (knobs.shuffled) {
    random.shuffle(events);
    return events;
  }
  std::stable_sort(events.begin(), events.end(),
                   [](const NaiveEvent& a, const NaiveEvent& b) { return a.time < b.time; });
  for (NaiveEvent& event : events) {
    if (random.chance(knobs.late_percent)) std::swap(event, events[random.below(events.size())]);
  }
  return events;
}

}  // namespace

std::string property_value(std::size_t i) {
  constexpr const char* kValues[] = {"",
                                     "ads",
                                     "10",
                                     "seo",
                                     "9.5",
                                     "readme, \"ads\"",
                                     "\xF0\x9F\xA6\x8A",
                                     "$other",
                                     "-2",
                                     "10.00",
                                     "+010",
                                     "-2.000",
                                     "1e1",
                                     "123456789012345678901234567890.5"};
  return i < std::size(kValues) ? kValues[i] : "value" + std::to_string(i);
}

StreamKnobs random_knobs(Random& random) {
  StreamKnobs knobs;
  const Place& place = kPlaces[random.below(std::size(kPlaces))];
  knobs.settings.user_kind = random.chance(50) ? UserKind::kInteger : UserKind::kString;
  knobs.settings.time_zone = place.zone;
  knobs.settings.week_start = random.chance(50) ? WeekStart::kMonday : WeekStart::kSunday;
  if (random.chance(60)) knobs.settings.dimensions.emplace_back("channel");
  if (random.chance(30)) knobs.settings.dimensions.emplace_back("plan");
  knobs.settings.history = random.chance(50);
  if (knobs.settings.history) {
    if (random.chance(40)) knobs.settings.kept_properties.emplace_back("session");
    if (random.chance(20)) knobs.settings.kept_properties.emplace_back("page");
  }
  knobs.days = random.chance(70) ? random.between(1, 40) : random.between(41, 400);
  knobs.first_day = *read_date(place.day) - random.between(0, knobs.days);
  knobs.users = static_cast<std::size_t>(random.chance(10) ? 1 : random.between(2, 30));
  knobs.events =
      static_cast<std::size_t>(random.chance(10) ? random.between(0, 3) : random.between(4, 400));
  knobs.event_names = static_cast<std::size_t>(random.between(1, 5));
  knobs.values = static_cast<std::size_t>(random.between(1, random.chance(60) ? 5 : 13));
  knobs.closed_days_percent = random.chance(30) ? 0 : random.between(0, 80);
  knobs.whole_day_percent = random.chance(70) ? 0 : random.between(1, 100);
  knobs.late_percent = random.between(0, 30);
  knobs.scores_percent = random.chance(70) ? 0 : random.between(1, 80);
  knobs.extreme_amounts = random.chance(20);
  knobs.shuffled = random.chance(20);
  return knobs;
}

namespace {

// Segments that questions can name; a later one may name an earlier one.
void save_segments(Random& random, Stream& stream) {
  const std::int32_t count = random.between(0, 2);
  for (std::int32_t i = 0; i < count; ++i) {
    const Segment segment = random_segment(random, stream, 2);
    stream.saved.emplace("saved " + std::to_string(i), segment);
  }
}

}  // namespace

Stream random_stream(Random& random, const StreamKnobs& knobs) {
  Stream stream{.settings = knobs.settings, .events = random_events(random, knobs), .saved = {}};
  save_segments(random, stream);
  return stream;
}

}  // namespace rollcall::testing
