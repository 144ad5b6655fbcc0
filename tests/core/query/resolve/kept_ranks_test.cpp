#include "core/query/resolve/kept_ranks.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>

namespace rollcall {
namespace {

TEST(KeptRanks, AreFoundUntilSomethingChanges) {
  KeptRanks ranks;
  const KeptRanks::Moment before = ranks.now();
  EXPECT_EQ(before.find(7), std::nullopt);
  before.keep(7, "seven");
  EXPECT_EQ(before.find(7), "seven");
  EXPECT_EQ(ranks.now().find(7), "seven");
  EXPECT_EQ(ranks.now().find(8), std::nullopt);
  ranks.change();
  EXPECT_EQ(ranks.now().find(7), std::nullopt);
}

// A question that began before a change ends after it.
TEST(KeptRanks, OfAnEarlierMomentAreNotKept) {
  KeptRanks ranks;
  const KeptRanks::Moment before = ranks.now();
  ranks.change();
  before.keep(7, "old");
  EXPECT_EQ(ranks.now().find(7), std::nullopt);
  ranks.now().keep(7, "new");
  EXPECT_EQ(before.find(7), std::nullopt);
  EXPECT_EQ(ranks.now().find(7), "new");
}

TEST(KeptRanks, TakeBoundedMemory) {
  KeptRanks ranks;
  const KeptRanks::Moment moment = ranks.now();
  std::size_t most = 0;
  for (std::uint64_t digest = 0; digest < 10'000; ++digest) {
    moment.keep(digest, std::string(100, 'x'));
    most = std::max(most, ranks.memory_bytes());
  }
  EXPECT_GT(most, 0U);
  EXPECT_LT(most, std::size_t{1} << 20);
  EXPECT_EQ(moment.find(9'999), std::string(100, 'x'));
}

}  // namespace
}  // namespace rollcall
