// This tests the plain answers that benchmarks are compared with, by hand, on six users.
#include "bench/truth.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>

namespace rollcall::bench {
namespace {

// Bit u of day d: user u was active.
const DaySets kSets = {{0b000111}, {0b001001}, {0b000110}, {0b100001}};

TEST(Truth, ActiveCountsUnions) {
  EXPECT_EQ(active_truth(kSets, 1, 0, 3), (Counts{3, 2, 2, 2}));
  EXPECT_EQ(active_truth(kSets, 2, 1, 3), (Counts{4, 4, 4}));
  EXPECT_EQ(active_truth(kSets, 9, 3, 3), (Counts{5}));
}

TEST(Truth, RetentionOfThoseWhoJoinOnce) {
  // Users 0, 1 and 2 come on day 0, user 3 on day 1, and nobody on day 2.
  EXPECT_EQ(retention_truth(kSets, 3, 3, false),
            (Counts{3, 3, 3, 1, 3, 2, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0}));
}

TEST(Truth, RetentionOfThoseWhoJoinEachDay) {
  EXPECT_EQ(retention_truth(kSets, 2, 2, true), (Counts{3, 3, 3, 1, 2, 2, 2, 0}));
}

TEST(Truth, ChurnSplitsTheBase) {
  EXPECT_EQ(churn_truth(kSets, 1), (Counts{3, 1, 2, 2, 2, 0, 2, 1, 2, 0, 2, 0, 2, 0, 2, 0}));
}

TEST(Truth, LifecycleSplitsUsersAndThoseOfTheDayBefore) {
  EXPECT_EQ(lifecycle_truth(kSets, 1, 1), (Counts{1, 1, 0, 2, 2}));
  EXPECT_EQ(lifecycle_truth(kSets, 3, 3), (Counts{1, 0, 1, 2, 2}));
}

TEST(Truth, StickinessCountsDays) {
  EXPECT_EQ(stickiness_truth(kSets, 0, 3), (Counts{2, 2, 1, 0}));
}

// Users 1 and 2 may still come on the last day; user 0 came on it, and on two days in a row before.
TEST(Truth, StreaksOfDays) { EXPECT_EQ(streaks_truth(kSets), (Counts{4, 4, 0, 1})); }

TEST(Truth, SegmentOfUsersWhoCameOftenAndStopped) {
  EXPECT_EQ(segment_truth(kSets, 4, 2, 1), (Counts{2}));
}

TEST(Truth, IdleCountsEveryUserOnce) {
  constexpr std::array<std::int32_t, 3> kEdges = {0, 1, 2};
  EXPECT_EQ(idle_truth(kSets, kEdges), (Counts{2, 2, 1}));
}

}  // namespace
}  // namespace rollcall::bench
