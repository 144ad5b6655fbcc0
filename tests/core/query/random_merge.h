// Partial answers put together as machines might: in any order, and in groups of any size.
#pragma once

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "core/query/plan/partial.h"
#include "tests/support/random.h"

namespace rollcall::testing {

// Returns what one part at least comes to, merged two by two.
inline Partial merge_at_random(std::vector<Partial> parts, Random& random) {
  while (parts.size() > 1) {
    random.shuffle(parts);
    const Status status = parts.front().merge(std::move(parts.back()));
    EXPECT_TRUE(status.ok()) << status.to_string();
    parts.pop_back();
  }
  return std::move(parts.front());
}

}  // namespace rollcall::testing
