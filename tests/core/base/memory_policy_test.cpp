#include "core/base/memory_policy.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

// The numbers are those of docs/architecture.md and rollcall/options.h.
TEST(MemoryPolicy, DividesTheBudget) {
  constexpr std::size_t kBudget = 1024 * kMiB;
  EXPECT_EQ(kBudget * kStoreShare, 128 * kMiB);
  EXPECT_EQ(questions_share(kBudget), 128 * kMiB);
  EXPECT_EQ(kBudget * kPreparedShare, 256 * kMiB);
  EXPECT_EQ(state_share(kBudget, kBudget * kStoreShare), 512 * kMiB);
  EXPECT_EQ(kBudget * kPoolShare, 128 * kMiB);
  EXPECT_EQ(kBudget * kWaitingShare, 64 * kMiB);
  EXPECT_EQ(kBudget * kDecodingShare, 64 * kMiB);
}

TEST(MemoryPolicy, LeavesTheStateAQuarterWhateverTheStoreTakes) {
  EXPECT_EQ(state_share(1024 * kMiB, 0), 640 * kMiB);
  EXPECT_EQ(state_share(1024 * kMiB, 300 * kMiB), 340 * kMiB);
  EXPECT_EQ(state_share(1024 * kMiB, 1000 * kMiB), 256 * kMiB);
}

TEST(MemoryPolicy, GivesQuestionsSixteenMebibytesAtLeast) {
  EXPECT_EQ(questions_share(128 * kMiB), 16 * kMiB);
  EXPECT_EQ(questions_share(64 * kMiB), 16 * kMiB);
  EXPECT_EQ(questions_share(136 * kMiB), 17 * kMiB);
}

// The quotient is rounded before it is multiplied, so that no product overflows.
TEST(MemoryPolicy, RoundsSharesDown) {
  EXPECT_EQ(std::size_t{15} * kEvictionTarget, 9u);  // 15 / 4 * 3
  EXPECT_EQ(~std::size_t{0} * kEvictionTarget, (std::size_t{1} << 62) * 3 - 3);
}

}  // namespace
}  // namespace rollcall
