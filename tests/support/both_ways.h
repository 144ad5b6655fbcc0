// Asks a question in two ways: as it is, which sets of the users of days may answer, and with a
// condition that every event meets and that only the history tells.
#pragma once

#include <string>

#include "rollcall/query.h"
#include "tests/support/event_generator.h"

namespace rollcall::testing {

inline constexpr const char* kPropertyOfAll = "of all";

// Gives every event the same value of a kept property. To be called before the store is made.
inline void give_all_a_property(Stream& stream) {
  stream.settings.kept_properties.emplace_back(kPropertyOfAll);
  for (NaiveEvent& event : stream.events) event.properties[kPropertyOfAll] = "yes";
}

inline Query asked_of_history(Query query) {
  query.common.where.push_back({kPropertyOfAll, PropertyCondition::Test::kAnyOf, {"yes"}});
  return query;
}

}  // namespace rollcall::testing
