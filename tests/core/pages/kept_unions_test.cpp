#include "core/pages/kept_unions.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>

namespace rollcall {
namespace {

DayRange days(std::int32_t first, std::int32_t last) { return {Day{first}, Day{last}}; }

TEST(RunsOfDays, AreTheDaysAndNoOthers) {
  for (std::int32_t size = 1; size <= 200; ++size) {
    const RunsOfDays split(days(10, 9 + size));
    ASSERT_EQ(split.runs().empty(), size < kRunDaysMin) << size;
    std::set<std::int32_t> covered;
    for (const DayRange run : split.runs()) {
      EXPECT_EQ(run.size() & (run.size() - 1), 0) << "a power of two";
      for (std::int32_t day = run.first.value; day <= run.last.value; ++day) covered.insert(day);
    }
    if (size < kRunDaysMin) continue;
    EXPECT_EQ(covered.size(), static_cast<std::size_t>(size));
    EXPECT_EQ(*covered.begin(), 10);
    EXPECT_EQ(*covered.rbegin(), 9 + size);
  }
}

TEST(RunsOfDays, OfTheNextWindowsAreSharedWithThisOne) {
  const RunsOfDays today(days(1, 30)), later(days(15, 44));
  EXPECT_EQ(today.runs()[1], later.runs()[0]);
}

TEST(KeptUnions, KeepUntilOneOfTheDaysChanges) {
  KeptUnions kept;
  const auto sets = std::make_shared<RunSets>(1);
  sets->fill(0, {1, 2, 3});
  kept.keep(7, days(10, 13), sets);
  kept.keep(7, days(12, 19), std::make_shared<RunSets>(1));
  kept.keep(8, days(10, 13), std::make_shared<RunSets>(1));
  EXPECT_EQ(kept.find(7, days(10, 13)), sets);
  EXPECT_EQ(kept.find(7, days(10, 14)), nullptr);
  EXPECT_GT(kept.memory_bytes(), 3 * sizeof(std::uint64_t));

  kept.forget(7, Day{9});
  EXPECT_EQ(kept.find(7, days(10, 13)), sets);
  kept.forget(7, Day{11});
  EXPECT_EQ(kept.find(7, days(10, 13)), nullptr);
  EXPECT_NE(kept.find(7, days(12, 19)), nullptr);
  EXPECT_NE(kept.find(8, days(10, 13)), nullptr);
  kept.forget(7, Day{12});
  kept.forget(8, Day{13});
  EXPECT_EQ(kept.memory_bytes(), 0u);
}

TEST(RunSets, AreCompleteOnceEveryChunkIsFilled) {
  RunSets sets(2);
  sets.fill(0, {});
  EXPECT_FALSE(sets.is_complete());
  sets.fill(1, {5});
  EXPECT_TRUE(sets.is_complete());
  sets.drop(1);
  EXPECT_FALSE(sets.is_complete());
}

}  // namespace
}  // namespace rollcall
