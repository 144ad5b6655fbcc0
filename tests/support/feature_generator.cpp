#include "tests/support/feature_generator.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "tests/support/funnel_generator.h"
#include "tests/support/history_generator.h"
#include "tests/support/naive_table.h"

namespace rollcall::testing {
namespace {

// Up to `most` events, no two of which read the same.
std::vector<Selector> random_events(Random& random, const Stream& stream, std::size_t most) {
  std::vector<Selector> events;
  for (std::size_t i = 1 + random.below(most); i > 0; --i) {
    Selector event = random_event(random, stream);
    const bool is_new = std::ranges::none_of(
        events, [&](const Selector& other) { return event_text(other) == event_text(event); });
    if (is_new) events.push_back(std::move(event));
  }
  return events;
}

}  // namespace

Query random_adoption(Random& random, const Stream& stream) {
  Query query{.common = random_common(random, stream), .ask = {}};
  AdoptionQuery ask;
  ask.features = random_events(random, stream, 4);
  if (random.chance(70)) ask.period = static_cast<Period>(random.below(5));
  query.ask = std::move(ask);
  return query;
}

Query random_aha(Random& random, const Stream& stream) {
  Query query{.common = random_common(random, stream), .ask = {}};
  AhaQuery ask;
  if (random.chance(70)) ask.cohort_event = random_event(random, stream);
  if (random.chance(50)) ask.return_event = random_event(random, stream);
  const std::vector<std::int32_t> hours = {1, 23, 24, 25, 48, 24 * 7, 24 * 20};
  const std::int32_t within = random.pick(hours);
  ask.within = Length{std::int64_t{within} * 3'600 * kUsOfSecond};
  // Events within that time may lie on the day that its whole days lead to, and on no later one.
  ask.from_day = (within + 23) / 24 + 1 + static_cast<std::int32_t>(random.below(4));
  ask.to_day = ask.from_day + static_cast<std::int32_t>(random.below(random.chance(50) ? 3 : 30));
  if (random.chance(60)) ask.candidates = random_events(random, stream, 5);
  if (random.chance(70)) {
    ask.at_least.clear();
    std::int32_t number = 0;
    for (std::size_t i = 1 + random.below(4); i > 0; --i) {
      ask.at_least.push_back(number += random.between(1, 3));
    }
  }
  query.ask = std::move(ask);
  return query;
}

}  // namespace rollcall::testing
