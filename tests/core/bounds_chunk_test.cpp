#include "core/bounds_chunk.h"

#include <gtest/gtest.h>

#include <array>
#include <random>

namespace rollcall {
namespace {

TEST(BoundsChunk, KeepsFirstAndLastInWhateverOrderDaysCome) {
  BoundsChunk chunk;
  std::array<std::uint64_t, 8> both{};
  both[0] = 0b11;
  std::array<std::uint64_t, 16> second{};
  second[0] = 0b10;
  second[15] = 1;
  chunk.fold({both.data(), both.size()}, Day{100});
  chunk.fold({second.data(), second.size()}, Day{50});
  chunk.fold({second.data(), second.size()}, Day{70});
  chunk.fold({second.data(), second.size()}, Day{50});  // twice changes nothing
  ASSERT_EQ(chunk.size(), 1024u);
  EXPECT_EQ(chunk.first()[0], 100);
  EXPECT_EQ(chunk.last()[0], 100);
  EXPECT_EQ(chunk.first()[1], 50);
  EXPECT_EQ(chunk.last()[1], 100);
  EXPECT_EQ(chunk.first()[960], 50);
  EXPECT_EQ(chunk.last()[960], 70);
  EXPECT_EQ(chunk.first()[2], kNeverFirst);
  EXPECT_EQ(chunk.last()[2], kNeverLast);
  EXPECT_TRUE(chunk.validate().ok());

  std::string bytes;
  chunk.serialize(bytes);
  const Result<BoundsChunk> read = BoundsChunk::deserialize(bytes);
  ASSERT_TRUE(read.ok());
  EXPECT_TRUE(std::equal(chunk.first(), chunk.first() + chunk.size(), read->first()));
  EXPECT_TRUE(std::equal(chunk.last(), chunk.last() + chunk.size(), read->last()));
}

TEST(BoundsChunk, DeserializeRefusesAFirstDayAfterTheLast) {
  BoundsChunk chunk;
  std::array<std::uint64_t, 8> one{1};
  chunk.fold({one.data(), one.size()}, Day{3});
  std::string bytes;
  chunk.serialize(bytes);
  ASSERT_EQ(static_cast<unsigned char>(bytes[2]), 3);  // two bytes of length, then first days
  bytes[2] = 4;
  EXPECT_EQ(BoundsChunk::deserialize(bytes).status().message(),
            "bounds: ordinal 0 has first day 4 and last day 3");
}

}  // namespace
}  // namespace rollcall
