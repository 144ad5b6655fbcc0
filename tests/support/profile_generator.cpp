#include "tests/support/profile_generator.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "tests/support/history_generator.h"
#include "tests/support/naive_calendar.h"
#include "tests/support/naive_time.h"

namespace rollcall::testing {

Query random_profile(Random& random, const Stream& stream) {
  Query query{.common = random_common(random, stream), .ask = {}};
  if (random.chance(98)) query.common.breakdown.clear();
  if (random.chance(70)) query.common.among.reset();
  const NaiveEvent& event = random.pick(stream.events);
  ProfileQuery ask;
  const auto* const number = std::get_if<std::uint64_t>(&event.user);
  ask.user = number != nullptr ? std::to_string(*number) : std::get<std::string>(event.user);
  if (random.chance(3)) ask.user = "987654321";
  if (random.chance(80)) ask.events = random.between(0, 30);
  if (random.chance(30)) {
    const Day day = NaiveZone(stream.settings.time_zone).day_of(event.time);
    ask.year = std::stoi(date_text(day).substr(0, 4));
    if (random.chance(95)) {
      query.common.from = query.common.to = std::nullopt;
      query.common.last = std::nullopt;
    }
  }
  ask.rfm = random.chance(50);
  query.ask = std::move(ask);
  return query;
}

}  // namespace rollcall::testing
