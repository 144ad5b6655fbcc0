#include "tests/support/history_generator.h"

#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "tests/support/funnel_generator.h"
#include "tests/support/profile_generator.h"

namespace rollcall::testing {

QueryCommon random_common(Random& random, const Stream& stream) {
  QueryCommon common = random_query(random, stream).common;
  common.members.reset();
  // The range of a question by hours has times of day.
  for (std::optional<RangeEnd>* const end : {&common.from, &common.to}) {
    const auto* const time = *end ? std::get_if<LocalTime>(&**end) : nullptr;
    if (time != nullptr) *end = time->day;
  }
  if (random.chance(50)) common.breakdown.clear();
  return common;
}

namespace {

Selector random_selector(Random& random, const Stream& stream) {
  return random.chance(30) ? Selector() : random_event(random, stream);
}

Length random_length(Random& random) {
  const std::vector<std::int64_t> seconds = {1, 60, 3'600, 86'400, 5 * 86'400, 40 * 86'400};
  return {random.pick(seconds) * 1'000'000};
}

}  // namespace

Query random_clock(Random& random, const Stream& stream) {
  Query query{.common = random_common(random, stream), .ask = {}};
  ClockQuery ask;
  ask.event = random_selector(random, stream);
  if (random.chance(70)) {
    ask.then = random.chance(30) ? ask.event : random_selector(random, stream);
    if (random.chance(80)) ask.within = random_length(random);
  }
  query.ask = std::move(ask);
  return query;
}

Query random_paths(Random& random, const Stream& stream) {
  Query query{.common = random_common(random, stream), .ask = {}};
  PathsQuery ask;
  ask.event = random_selector(random, stream);
  ask.direction = static_cast<PathsQuery::Direction>(random.below(2));
  ask.steps = random_selector(random, stream);
  ask.depth = random.between(1, 6);
  ask.limit = random.between(1, 4);
  if (random.chance(80)) ask.window = random_length(random);
  query.ask = std::move(ask);
  return query;
}

Query random_history_question(Random& random, const Stream& stream) {
  switch (random.below(4)) {
    case 0:
      return random_clock(random, stream);
    case 1:
      return random_paths(random, stream);
    case 2:
      return random_profile(random, stream);
    default:
      return random_funnel(random, stream);
  }
}

}  // namespace rollcall::testing
