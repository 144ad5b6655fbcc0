// Partial answers put together as machines might: in any order, and in groups of any size.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "core/query/plan/partial.h"
#include "tests/support/random.h"

namespace rollcall::testing {

inline Partial read_partial(const std::string& bytes, const PlanTask& task) {
  Result<Partial> partial = Partial::deserialize(bytes, task);
  EXPECT_TRUE(partial.ok()) << partial.status().to_string();
  if (!partial.ok()) return Partial::of_nobody(task);
  EXPECT_EQ(partial->serialize(task), bytes);
  return *std::move(partial);
}

// Returns what serialized answers come to that are merged two by two, and go through bytes again.
inline Partial merge_once_at_random(const std::vector<std::string>& answers, const PlanTask& task,
                                    Random& random) {
  std::vector<Partial> parts;
  for (const std::string& bytes : answers) parts.push_back(read_partial(bytes, task));
  if (random.chance(20)) parts.push_back(Partial::of_nobody(task));
  while (parts.size() > 1) {
    random.shuffle(parts);
    const Status status = parts.front().merge(std::move(parts.back()));
    EXPECT_TRUE(status.ok()) << status.to_string();
    parts.pop_back();
    if (random.chance(30)) parts.front() = read_partial(parts.front().serialize(task), task);
  }
  return std::move(parts.front());
}

// Does the same for one answer at least; it must not matter how they are merged.
inline Partial merge_at_random(const std::vector<std::string>& answers, const PlanTask& task,
                               Random& random) {
  Partial merged = merge_once_at_random(answers, task, random);
  const Partial otherwise = merge_once_at_random(answers, task, random);
  EXPECT_EQ(merged.serialize(task), otherwise.serialize(task));
  return merged;
}

}  // namespace rollcall::testing
