#include "tests/support/risk_generator.h"
#include "tests/support/query_generator.h"

#include <algorithm>
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

bool is_long(const Stream& stream) {
  constexpr TimeUs kLongUs = TimeUs{60} * 86'400'000'000;
  const auto [first, last] = std::ranges::minmax_element(stream.events, {}, &NaiveEvent::time);
  return first != stream.events.end() && last->time - first->time > kLongUs;
}

// Draws whatever else there is to ask.
Query at_risk_of(Random& random, const Stream& stream, AtRiskQuery ask) {
  Query query{.common = random_common(random, stream), .ask = {}};
  if (random.chance(50)) ask.base = random_segment(random, stream, 2);
  if (random.chance(60)) {
    ask.period = random_period(random);
    // The oracle goes through all events for each period, and the engine keeps rules for each.
    if (ask.period == Period::kDay && is_long(stream)) ask.period = Period::kMonth;
    if (ask.period == Period::kDay) {
      query.common.from = query.common.to = std::nullopt;
      query.common.last = LastSpan{random.between(1, 60)};
    }
  } else {
    query.common.from = query.common.to = std::nullopt;
    query.common.last = std::nullopt;
  }
  query.ask = std::move(ask);
  return query;
}

}  // namespace

Query random_rules(Random& random, const Stream& stream) {
  AtRiskQuery ask;
  ask.rules.clear();
  const std::int32_t count = random.between(1, 3);
  for (std::int32_t i = 0; i < count; ++i) {
    ask.rules.push_back({"rule " + std::to_string(i), random_segment(random, stream, 2)});
  }
  return at_risk_of(random, stream, std::move(ask));
}

Query random_at_risk(Random& random, const Stream& stream) {
  AtRiskQuery ask;
  ask.rules = AtRiskQuery::usual_rules(random_names(random, stream));
  while (random.chance(30)) {
    const std::size_t place = random.below(ask.rules.size() + 1);
    ask.rules.insert(
        ask.rules.begin() + static_cast<std::ptrdiff_t>(place),
        {"rule " + std::to_string(ask.rules.size()), random_segment(random, stream, 2)});
  }
  return at_risk_of(random, stream, std::move(ask));
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
