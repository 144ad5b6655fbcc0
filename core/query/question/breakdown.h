// An answer is broken down by these values of a property: those with the most users, and the rest
// together.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/query/plan/plan.h"
#include "rollcall/question.h"
#include "rollcall/status.h"

namespace rollcall {

struct BreakdownValue {
  std::string label;  // the value, or "$other"
  PropertyCondition condition;
};

class Breakdown {
 public:
  // `context` is the one for all values.
  //   kInvalidArgument  as resolve_selector
  static Result<Breakdown> make(const Query& query, const PlanContext& context);

  // Counts the users of each value.
  const Plan& ranking() const { return *ranking_; }
  // Returns the values to show, in the order of their rows, which is that of their bytes with
  // "$other" last.
  std::vector<BreakdownValue> values(const Partial& ranked) const;

 private:
  std::string property_;
  std::size_t limit_ = 0;
  std::vector<std::string> values_;  // by cell of the ranking; none if it has texts
  std::unique_ptr<Plan> ranking_;
};

}  // namespace rollcall
