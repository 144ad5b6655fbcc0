#include "tests/support/funnel_generator.h"
#include "tests/support/query_generator.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/condition_generator.h"

namespace rollcall::testing {
namespace {

std::vector<std::string> names_of(const Stream& stream) {
  std::set<std::string> names;
  for (const NaiveEvent& event : stream.events) names.insert(event.event);
  return {names.begin(), names.end()};
}

}  // namespace

Selector random_event(Random& random, const Stream& stream) {
  const std::vector<std::string> names = names_of(stream);
  Selector selector;
  if (random.chance(90)) {
    selector.match = random.chance(90) ? Selector::Names::kAnyOf : Selector::Names::kNoneOf;
    selector.names.push_back(random.pick(names));
    if (random.chance(20)) selector.names.push_back(random.pick(names));
    std::ranges::sort(selector.names);
    const auto repeated = std::unique(selector.names.begin(), selector.names.end());
    selector.names.erase(repeated, selector.names.end());
  }
  const std::vector<std::string> properties = stream.settings.properties();
  for (const std::string& property : properties) {
    if (random.chance(10)) selector.where.push_back(random_number_condition(random, property));
    if (!random.chance(15)) continue;
    selector.where.push_back(
        {property,
         random.chance(50) ? PropertyCondition::Test::kIsSet : PropertyCondition::Test::kIsNotSet,
         {}});
  }
  if (random.chance(20)) selector.where.push_back(random_number_condition(random, "value"));
  return selector;
}

Query random_funnel(Random& random, const Stream& stream) {
  Query query = random_query(random, stream);  // for the fields of every kind
  const std::vector<std::string> properties = stream.settings.properties();
  query.common.breakdown = random.chance(40) && !properties.empty() ? random.pick(properties) : "";
  query.common.members.reset();
  // Kept properties have many values, each with all the rows of a trend.
  if (!query.common.breakdown.empty()) query.common.breakdown_limit = random.between(1, 8);
  FunnelQuery ask;
  const std::size_t steps = 2 + random.below(3);
  for (std::size_t i = 0; i < steps; ++i) {
    ask.steps.push_back(random_event(random, stream));
  }
  const std::vector<std::int64_t> windows = {1, 60, 3'600, 86'400, 5 * 86'400, 40 * 86'400};
  ask.window = Length{random.pick(windows) * kUsOfSecond};
  ask.order = static_cast<FunnelQuery::Order>(random.below(3));
  if (random.chance(30)) ask.ties = FunnelQuery::Ties::kStrictlyIncreasing;
  if (ask.order == FunnelQuery::Order::kStrict) ask.collapse_repeats = random.chance(50);
  if (ask.order == FunnelQuery::Order::kOrdered) ask.stop_on_repeat = random.chance(30);
  if (ask.order != FunnelQuery::Order::kAny) {
    for (std::size_t i = random.below(3); i > 0; --i) {
      const auto from = random.between(1, static_cast<std::int32_t>(steps) - 1);
      ask.exclusions.push_back({random_event(random, stream), from,
                                random.between(from + 1, static_cast<std::int32_t>(steps))});
    }
  }
  ask.steps_after_to = random.chance(40);
  if (random.chance(50)) ask.period = static_cast<Period>(random.below(5));
  ask.total_seconds = random.chance(50);
  if (random.chance(20) && !properties.empty()) ask.hold = random.pick(properties);
  if (!query.common.breakdown.empty()) {
    ask.breakdown_step = random.between(1, static_cast<std::int32_t>(steps));
  }
  query.ask = std::move(ask);
  return query;
}

}  // namespace rollcall::testing
