#include "tests/support/value_generator.h"

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace rollcall::testing {
namespace {

LtvQuery::CostByValue random_costs(Random& random, const std::vector<std::string>& amounts) {
  LtvQuery::CostByValue costs;
  for (const char* const value : {"", "ads", "10", "seo", "9.5", "$other", "nobody has this"}) {
    const bool is_taken = costs.amounts.empty() || random.chance(50);
    if (is_taken) costs.amounts.emplace_back(value, random.pick(amounts));
  }
  return costs;
}

}  // namespace

Amount random_amount(Random& random, bool extreme) {
  constexpr Amount kOne = 1'000'000;  // with six decimals
  if (extreme && random.chance(10)) {
    return random.chance(50) ? std::numeric_limits<Amount>::max()
                             : std::numeric_limits<Amount>::min();
  }
  switch (random.below(8)) {
    case 0:
      return 0;
    case 1:
      return kOne * random.between(-1'000'000, 1'000'000);
    case 2:
      return random.between(-9, 9);  // the smallest there are
    default:
      return random.between(-1'000'000, 100'000'000);
  }
}

LtvQuery random_ltv(Random& random, const std::function<Selector()>& selector, bool has_breakdown) {
  LtvQuery ask;
  ask.cohort_event = selector();
  ask.value_event = random.chance(50) ? Selector() : selector();
  ask.cohort = static_cast<LtvQuery::Cohort>(random.below(2));
  if (random.chance(50)) ask.period = static_cast<Period>(random.below(5));  // days or longer
  ask.summary = static_cast<LtvQuery::Summary>(random.below(3));
  if (random.chance(60)) {
    ask.horizons.clear();
    std::int32_t day = random.between(0, 5);
    const std::int32_t count = random.between(1, 8);
    for (std::int32_t i = 0; i < count; ++i) {
      ask.horizons.push_back(day);
      day += random.between(1, random.chance(90) ? 8 : 200);
    }
  }
  const std::vector<std::string> amounts = {"0", "1.80", "+.5", "0.000001", "12", "100.5"};
  switch (random.below(has_breakdown || random.chance(5) ? 4 : 3)) {
    case 0:
      break;
    case 1:
      ask.cost = LtvQuery::CostPerUser{random.pick(amounts)};
      break;
    case 2:
      ask.cost = LtvQuery::CostOfEvents{selector()};
      break;
    default:
      ask.cost = random_costs(random, amounts);
  }
  return ask;
}

}  // namespace rollcall::testing
