// Tests which values of a property meet some conditions.
#pragma once

#include <span>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "rollcall/segment.h"

namespace rollcall {

class ValueTest {
 public:
  // `conditions` are on one property and outlive the test.
  explicit ValueTest(std::span<const PropertyCondition> conditions);
  ValueTest(ValueTest&&) = default;
  ValueTest(const ValueTest&) = delete;

  // Returns whether all conditions hold for a value; an absent one is empty.
  bool holds(std::string_view value) const;
  // Returns the values of which each that passes is one, or null if the conditions name none.
  const std::unordered_set<std::string_view>* named() const { return named_; }

 private:
  struct Part {
    const PropertyCondition* condition;
    // These are the values of conditions that name some, which may be many: those for the rest of a
    // breakdown do.
    std::unordered_set<std::string_view> listed;
  };
  std::vector<Part> parts_;
  const std::unordered_set<std::string_view>* named_ = nullptr;
};

// Returns whether a condition holds for a value.
bool holds(const PropertyCondition& condition, std::string_view value);

}  // namespace rollcall
