#include "tests/support/history_generator.h"
#include "tests/support/query_generator.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tests/support/feature_generator.h"
#include "tests/support/funnel_generator.h"
#include "tests/support/profile_generator.h"
#include "tests/support/rfm_generator.h"
#include "tests/support/risk_generator.h"

namespace rollcall::testing {
namespace {

Selector random_selector(Random& random, const Stream& stream) {
  return random.chance(30) ? Selector() : random_event(random, stream);
}

Length random_length(Random& random) {
  const std::vector<std::int64_t> seconds = {1, 60, 3'600, 86'400, 5 * 86'400, 40 * 86'400};
  return {random.pick(seconds) * 1'000'000};
}

}  // namespace

QueryCommon random_common(Random& random, const Stream& stream) {
  QueryCommon common = random_query(random, stream).common;
  common.members.reset();
  // The range of a question by hours has times of day.
  for (std::optional<RangeEnd>* const end : {&common.from, &common.to}) {
    const auto* const time = *end ? std::get_if<LocalTime>(&**end) : nullptr;
    if (time != nullptr) *end = time->day;
  }
  if (random.chance(50)) {
    common.breakdown.clear();
    common.breakdown_limit = QueryCommon().breakdown_limit;
  }
  return common;
}

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

Query random_compare(Random& random, const Stream& stream) {
  Query query{.common = random_common(random, stream), .ask = {}};
  CompareQuery ask;
  ask.metric.kind = static_cast<CompareQuery::Metric::Kind>(random.below(4));
  if (ask.metric.kind == CompareQuery::Metric::Kind::kActive) {
    ask.metric.from_day = random.between(0, 3);
    ask.metric.to_day = ask.metric.from_day + random.between(0, 3);
    ask.event = random_selector(random, stream);
  } else {
    ask.metric.outcome = random_selector(random, stream);
    ask.metric.within = random_length(random);
  }
  std::vector<std::string> properties = stream.settings.dimensions;
  properties.insert(properties.end(), stream.settings.kept_properties.begin(),
                    stream.settings.kept_properties.end());
  if (properties.empty() || random.chance(20)) {
    for (const char* const name : {"b", "a", "c"}) {
      std::optional<Segment> segment;
      while (!segment) segment = random_query(random, stream).common.among;
      ask.variants.push_back({name, *std::move(segment)});
    }
    constexpr std::int64_t kUsOfDay = 86'400'000'000;
    const auto day = random.pick(stream.events).time / kUsOfDay;
    query.common.from = Day{static_cast<std::int32_t>(day) + random.between(0, 1)};
    query.common.to.reset();
    query.common.last.reset();
  } else {
    ask.exposure = random_selector(random, stream);
    ask.variant = random.pick(properties);
    if (random.chance(60)) {
      std::set<std::string> values = {"", "no such value"};
      for (const NaiveEvent& event : stream.events) values.insert(property_of(event, ask.variant));
      ask.values.assign(values.begin(), values.end());
      while (ask.values.size() > 2 && random.chance(60)) {
        ask.values.erase(ask.values.begin() +
                         static_cast<std::ptrdiff_t>(random.below(ask.values.size())));
      }
    }
  }
  std::vector<std::string> names = ask.values;
  for (const CompareQuery::Arm& arm : ask.variants) names.push_back(arm.variant);
  if (!names.empty() && random.chance(50)) {
    // An empty name would be none.
    ask.control = random.pick(names);
    for (const std::string& name : names) {
      ask.split.push_back({name, static_cast<double>(random.between(1, 4)) / 4});
    }
  }
  if (random.chance(40)) {
    ask.aa = random.between(1, 30);
    if (random.chance(50)) ask.seed = random.between(0, 1'000'000);
  }
  query.ask = std::move(ask);
  return query;
}

Query random_history_question(Random& random, const Stream& stream) {
  switch (random.below(11)) {
    case 0:
      return random_clock(random, stream);
    case 1:
      return random_paths(random, stream);
    case 2:
      return random_at_risk(random, stream);
    case 3:
      return random_nps(random, stream);
    case 4:
      return random_rfm(random, stream);
    case 5:
      return random_rfm_users(random, stream);
    case 6:
      return random_adoption(random, stream);
    case 7:
      return random_aha(random, stream);
    case 8:
      return random_compare(random, stream);
    case 9:
      return random_profile(random, stream);
    default:
      return random_funnel(random, stream);
  }
}

}  // namespace rollcall::testing
