#include "core/base/huge_array.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace rollcall {
namespace {

TEST(HugeArray, IsZeroWhateverItsSize) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{100}, std::size_t{3} << 20}) {
    const HugeArray<std::uint32_t> array(size);
    EXPECT_EQ(array.size(), size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(array.data()) % 64, 0u);
    EXPECT_TRUE(std::all_of(array.data(), array.data() + size, [](auto x) { return x == 0; }));
  }
}

TEST(HugeArray, CopiesAndMoves) {
  HugeArray<std::uint64_t> array(10);
  array[3] = 7;
  const HugeArray<std::uint64_t> copy = array;
  array[3] = 8;
  EXPECT_EQ(copy[3], 7u);
  const HugeArray<std::uint64_t> moved = std::move(array);
  EXPECT_EQ(moved[3], 8u);
  const HugeArray<std::uint64_t> nothing;
  const HugeArray<std::uint64_t> copy_of_nothing = nothing;
  EXPECT_EQ(copy_of_nothing.size(), 0u);
}

}  // namespace
}  // namespace rollcall
