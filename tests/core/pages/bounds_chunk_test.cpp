#include "core/pages/bounds_chunk.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/byte_codec.h"

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
  chunk.fold({one.data(), one.size()}, Day{4});
  std::string bytes;
  chunk.serialize(bytes);
  // These are two bytes of length, the earliest day, the width, and the first user's first day
  // among all days.
  ASSERT_EQ(bytes[4], 1);
  bytes[4] = 3;
  EXPECT_EQ(BoundsChunk::deserialize(bytes).status().message(),
            "bounds: ordinal 0 has first day 5 and last day 4");
}

// Days are stored as numbers from the earliest one on, in as few bytes as the latest needs.
TEST(BoundsChunk, ReadsBackDaysHoweverFarApart) {
  std::array<std::uint64_t, 8> one{1}, other{};
  other[7] = std::uint64_t{1} << 63;
  const std::pair<Day, Day> ranges[] = {{Day{0}, Day{0}},    {Day{-1}, Day{253}},
                                        {Day{-1}, Day{254}}, {Day{-70'000}, Day{-1}},
                                        {kDayMin, kDayMax},  {kDayMax, kDayMax}};
  for (const auto& [first, last] : ranges) {
    BoundsChunk chunk;
    chunk.fold({one.data(), one.size()}, first);
    chunk.fold({other.data(), other.size()}, last);
    std::string bytes;
    chunk.serialize(bytes);
    const Result<BoundsChunk> read = BoundsChunk::deserialize(bytes);
    ASSERT_TRUE(read.ok()) << read.status().to_string();
    ASSERT_EQ(read->size(), 512u);
    EXPECT_TRUE(std::equal(chunk.first(), chunk.first() + chunk.size(), read->first()));
    EXPECT_TRUE(std::equal(chunk.last(), chunk.last() + chunk.size(), read->last()));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      ASSERT_FALSE(BoundsChunk::deserialize(std::string_view(bytes).substr(0, size)).ok()) << size;
    }
    EXPECT_FALSE(BoundsChunk::deserialize(bytes + '\0').ok());
  }
}

TEST(BoundsChunk, ReadsBackNobody) {
  BoundsChunk chunk;
  std::array<std::uint64_t, 8> one{1};
  std::string bytes;
  chunk.serialize(bytes);
  EXPECT_EQ(BoundsChunk::deserialize(bytes)->size(), 0u);
  chunk.fold({one.data(), one.size()}, Day{3});
  chunk.remove(0);
  bytes.clear();
  chunk.serialize(bytes);
  const Result<BoundsChunk> read = BoundsChunk::deserialize(bytes);
  ASSERT_TRUE(read.ok()) << read.status().to_string();
  EXPECT_FALSE(read->contains(0));
  EXPECT_EQ(read->size(), 512u);
}

TEST(BoundsChunk, DeserializeRefusesAnEarliestDayOutsideTheCalendar) {
  std::string bytes;
  ByteWriter writer(bytes);
  writer.varint(0);
  writer.zigzag(kDayMax.value + 1);
  EXPECT_EQ(BoundsChunk::deserialize(bytes).status().message(),
            "bounds: the earliest day is 2932897");
}

}  // namespace
}  // namespace rollcall
