// Questions with much in them, of every kind, for tests that must leave no kind out: what fails,
// what takes memory, and what is stopped. They need a store with history.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/audience.h"
#include "rollcall/dates.h"
#include "rollcall/engine.h"
#include "rollcall/options.h"
#include "tests/support/naive_data.h"

namespace rollcall::testing {

struct RichQuestion {
  std::string kind;
  std::string json;
};

// Returns several for each kind. They are about the events below, or any others of the same names
// and properties, and `last` is the day of the latest event.
std::vector<RichQuestion> rich_questions(UserKind user_kind, Day last);

// Freezes the audiences that some of them are about, of users who are in the store by then, and
// returns what they are.
Result<std::vector<AudienceInfo>> freeze_rich_audiences(Engine& engine);

// Returns the kinds of the table that have fewer than two.
std::vector<std::string_view> kinds_without_rich_questions();

// Returns the settings of a store for these events: one partition, and UTC.
StoreSettings rich_settings(UserKind user_kind);

// Returns events of `users` users on each of the `days` days that end with `last`: visits, and
// purchases with an amount some minutes later. They do not come in the order of time.
std::vector<NaiveEvent> rich_events(UserKind user_kind, std::uint64_t users, std::int32_t days,
                                    Day last);

}  // namespace rollcall::testing
