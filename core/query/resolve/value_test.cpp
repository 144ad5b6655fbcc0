#include "core/query/resolve/value_test.h"

#include <algorithm>

#include "core/query/text/decimal_text.h"

namespace rollcall {

using Test = PropertyCondition::Test;

bool holds(const PropertyCondition& condition, std::string_view value) {
  const bool listed =
      std::find(condition.values.begin(), condition.values.end(), value) != condition.values.end();
  switch (condition.test) {
    case Test::kAnyOf:
      return listed;
    case Test::kNoneOf:
      return !listed;
    case Test::kContains:
      return value.find(condition.values[0]) != std::string_view::npos;
    case Test::kIsSet:
      return !value.empty();
    case Test::kIsNotSet:
      return value.empty();
    case Test::kMore:
    case Test::kAtLeast:
    case Test::kLess:
    case Test::kAtMost:
    case Test::kEquals:
      break;
  }
  const auto number = parse_decimal_text(value);
  return number && holds(condition.test, *number, *parse_decimal_text(condition.values[0]));
}

ValueTest::ValueTest(std::span<const PropertyCondition> conditions) {
  parts_.reserve(conditions.size());
  for (const PropertyCondition& condition : conditions) {
    Part& part = parts_.emplace_back(Part{.condition = &condition, .listed = {}});
    if (condition.test == Test::kAnyOf || condition.test == Test::kNoneOf) {
      part.listed.insert(condition.values.begin(), condition.values.end());
    }
    if (condition.test == Test::kAnyOf) named_ = &part.listed;
  }
}

bool ValueTest::holds(std::string_view value) const {
  return std::ranges::all_of(parts_, [&](const Part& part) {
    const Test test = part.condition->test;
    if (test == Test::kAnyOf) return part.listed.contains(value);
    if (test == Test::kNoneOf) return !part.listed.contains(value);
    return rollcall::holds(*part.condition, value);
  });
}

}  // namespace rollcall
