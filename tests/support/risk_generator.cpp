#include "tests/support/risk_generator.h"

#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/funnel_generator.h"
#include "tests/support/history_generator.h"

namespace rollcall::testing {
namespace {

Period random_period(Random& random) {
  return random.chance(40) ? Period::kDay : static_cast<Period>(random.below(5));
}

std::vector<std::string> random_names(Random& random, const Stream& stream) {
  std::set<std::string> names;
  const std::int32_t count = random.between(0, 2);
  for (std::int32_t i = 0; i < count; ++i) names.insert(random.pick(stream.events).event);
  return {names.begin(), names.end()};
}

}  // namespace

Query random_at_risk(Random& random, const Stream& stream) {
  Query query{.common = random_common(random, stream), .ask = {}};
  AtRiskQuery ask;
  ask.rules = AtRiskQuery::usual_rules(random_names(random, stream));
  while (random.chance(30)) {
    const std::size_t place = random.below(ask.rules.size() + 1);
    ask.rules.insert(
        ask.rules.begin() + static_cast<std::ptrdiff_t>(place),
        {"rule " + std::to_string(ask.rules.size()), random_segment(random, stream, 2)});
  }
  if (random.chance(50)) ask.base = random_segment(random, stream, 2);
  if (random.chance(60)) {
    ask.period = random_period(random);
  } else {
    query.common.from = query.common.to = std::nullopt;
    query.common.last = std::nullopt;
  }
  query.ask = std::move(ask);
  return query;
}

Query random_nps(Random& random, const Stream& stream) {
  Query query{.common = random_common(random, stream), .ask = {}};
  NpsQuery ask;
  if (!random.chance(40)) ask.event = random_event(random, stream);
  ask.period = random_period(random);
  if (random.chance(70)) {
    std::set<std::int32_t> days;
    const std::int32_t count = random.between(1, 3);
    for (std::int32_t i = 0; i < count; ++i) {
      days.insert(random.between(1, random.chance(70) ? 10 : 100));
    }
    ask.window_days.assign(days.begin(), days.end());
  }
  query.ask = std::move(ask);
  return query;
}

}  // namespace rollcall::testing
