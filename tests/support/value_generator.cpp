#include "tests/support/value_generator.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tests/support/funnel_generator.h"
#include "tests/support/history_generator.h"

namespace rollcall::testing {
namespace {

std::vector<std::int32_t> ascending(Random& random, std::int32_t most) {
  std::set<std::int32_t> numbers;
  while (numbers.size() < RfmRules::kEdges) numbers.insert(random.between(0, most));
  return {numbers.begin(), numbers.end()};
}

RfmRules::Scores random_scores(Random& random) {
  const std::int32_t first = random.between(1, 5);
  return {first, random.between(first, 5)};
}

// Prefers what pages know if the stream keeps no history.
RfmRules random_rules(Random& random, const Stream& stream) {
  const bool has_history = stream.settings.history;
  RfmRules rules;
  if (random.chance(70)) rules.event = random_event(random, stream);
  if (random.chance(has_history ? 50 : 95)) rules.frequency = RfmRules::Frequency::kDays;
  if (random.chance(has_history ? 40 : 3)) rules.monetary = RfmRules::Monetary::kMean;
  if (random.chance(35)) {
    rules.edges = {.recency = ascending(random, random.chance(50) ? 8 : 200),
                   .frequency = ascending(random, 9),
                   .monetary = random.pick(std::vector<std::vector<std::string>>{
                       {"-2.5", "0", "0.000001", "10"},
                       {"-100", "-0.0000005", "7.333333333", "123456789012345678"},
                       {"1", "2.50", "20", "300"}})};
  }
  if (random.chance(40)) {
    rules.segments.clear();
    const std::int32_t count = random.between(1, 5);
    for (std::int32_t i = 0; i < count; ++i) {
      rules.segments.push_back({"segment " + std::to_string(i), random_scores(random),
                                random_scores(random), random_scores(random)});
    }
  }
  return rules;
}

}  // namespace

Query random_rfm(Random& random, const Stream& stream) {
  Query query{.common = random_common(random, stream), .ask = {}};
  RfmQuery ask{random_rules(random, stream)};
  if (random.chance(30)) {
    ask.by = RfmQuery::By::kCell;
    ask.segments = RfmRules::usual_segments();
  }
  query.ask = std::move(ask);
  return query;
}

Query random_rfm_users(Random& random, const Stream& stream) {
  Query query{.common = random_common(random, stream), .ask = {}};
  RfmUsersQuery ask{random_rules(random, stream), {}, {}};
  if (random.chance(query.common.breakdown.empty() ? 70 : 5)) {
    ask.limit = 1 + random.below(random.chance(80) ? 6 : 60);
  }
  if (random.chance(query.common.breakdown.empty() ? 40 : 5)) {
    const UserId& user = random.pick(stream.events).user;
    const auto* const number = std::get_if<std::uint64_t>(&user);
    ask.after = number == nullptr ? std::get<std::string>(user) : std::to_string(*number);
  }
  query.ask = std::move(ask);
  return query;
}

}  // namespace rollcall::testing
