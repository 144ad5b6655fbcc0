// This is all that the oracle has been told, kept as it came.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "rollcall/options.h"
#include "rollcall/query.h"
#include "rollcall/types.h"
#include "tests/support/naive_audience.h"
#include "tests/support/naive_calendar.h"
#include "tests/support/naive_time.h"

namespace rollcall::testing {

struct NaiveEvent {
  UserId user;
  std::string event;
  TimeUs time = 0;
  std::optional<Amount> value;
  std::map<std::string, std::string> properties;
  bool whole_day = false;            // given as a bare date: the data are known to the end of it
  std::uint32_t value_decimals = 6;  // of the store; NaiveData sets it
};

// Returns the value of a property; an absent one equals the empty string.
std::string property_of(const NaiveEvent& event, const std::string& property);

bool passes(const PropertyCondition& condition, const std::string& value);
// Returns a number below 0, 0 or above 0, as a is less than b, the same or more.
int compare_decimals(const std::string& a, const std::string& b);

// Returns whether a condition compares the event's amount with a number.
bool is_on_amount(const PropertyCondition& condition);

bool matches(const NaiveEvent& event, const Selector& selector);
bool matches(const NaiveEvent& event, const std::vector<PropertyCondition>& where);

// Holds users by number, in order of appearance.
using NaiveUser = std::size_t;

struct NaiveData {
  explicit NaiveData(StoreSettings store_settings);

  void add(const NaiveEvent& event);
  // Returns the first instant of a day, or of the period that a day stands for.
  TimeUs start_of(Day day) const;

  StoreSettings settings;
  NaiveZone zone;
  NaiveCalendar calendar;
  std::vector<NaiveEvent> events;
  std::vector<Day> days;  // of the events, by index
  // In a question by hours, days are numbers of periods, which begin at these instants.
  std::vector<TimeUs> period_starts;
  std::vector<NaiveUser> user_of;  // of the events, by index
  std::vector<UserId> users;
  std::map<UserId, NaiveUser> numbers;  // in `users`
  std::set<std::string> event_names;
  std::optional<TimeUs> known_until;
  NaiveAudiences audiences;
};

}  // namespace rollcall::testing
