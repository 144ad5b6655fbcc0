#include "tests/support/condition_generator.h"

#include <cstddef>
#include <string>
#include <vector>

namespace rollcall::testing {

PropertyCondition random_number_condition(Random& random, const std::string& property) {
  PropertyCondition condition;
  condition.property = property;
  condition.test = static_cast<PropertyCondition::Test>(
      static_cast<std::size_t>(PropertyCondition::Test::kMore) + random.below(5));
  condition.values = {random.pick(std::vector<std::string>{
      "10", "10.0", "0", "-2", "-.5", "+9.5", "9.4999999999999", "0.000001", "0.0000005",
      "123456789012345678901234567890.50", "-123456789012345678901234567890"})};
  return condition;
}

}  // namespace rollcall::testing
