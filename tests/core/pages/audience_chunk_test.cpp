#include "core/pages/audience_chunk.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace rollcall {
namespace {

std::string written(const AudienceChunk& chunk) {
  std::string bytes;
  chunk.serialize(bytes);
  return bytes;
}

AudienceChunk full_chunk() {
  AudienceChunk chunk(4);
  std::vector<std::uint32_t> many;
  for (std::uint32_t i = 1'000; i < 40'000; i += 2) many.push_back(i);
  chunk.add(0, std::vector<std::uint32_t>{5, 3, 65'535});
  chunk.add(3, many);
  return chunk;
}

TEST(AudienceChunkTest, IsReadAsItWasWritten) {
  const std::string bytes = written(full_chunk());
  const Result<AudienceChunk> read = AudienceChunk::deserialize(bytes, 4);
  ASSERT_TRUE(read.ok()) << read.status().to_string();
  EXPECT_EQ(written(*read), bytes);
  ASSERT_EQ(read->sets().size(), 4u);
  EXPECT_EQ(read->sets()[0].cardinality(), 3u);
  EXPECT_TRUE(read->sets()[0].contains(65'535));
  EXPECT_EQ(read->sets()[1].cardinality(), 0u);
  EXPECT_EQ(read->sets()[3].cardinality(), 19'500u);
}

TEST(AudienceChunkTest, UsersLeaveIt) {
  AudienceChunk chunk = *AudienceChunk::deserialize(written(full_chunk()), 4);
  EXPECT_EQ(chunk.remove(1'000), 3u);
  EXPECT_EQ(chunk.remove(1'000), 4u);
  EXPECT_EQ(chunk.remove(1'001), 4u);
  EXPECT_FALSE(chunk.empty());
  EXPECT_EQ(chunk.remove(3), 0u);
  EXPECT_EQ(chunk.sets()[0].cardinality(), 2u);
  for (std::uint32_t i = 0; i < 65'536; ++i) chunk.remove(i);
  EXPECT_TRUE(chunk.empty());
  EXPECT_EQ(written(chunk), "");
}

TEST(AudienceChunkTest, DamageIsAnError) {
  const auto damage = [](const std::string& bytes) {
    return AudienceChunk::deserialize(bytes, 4).status().message();
  };
  AudienceChunk one(4);
  one.add(1, std::vector<std::uint32_t>{7});
  const std::string bytes = written(one);
  EXPECT_EQ(damage(bytes), "");
  EXPECT_EQ(damage(bytes + bytes), "its sets do not ascend");
  std::string other = bytes;
  other[0] = 2;
  EXPECT_EQ(damage(bytes + other), "a user is in two sets");
  other[0] = 4;
  EXPECT_EQ(damage(other), "its sets do not ascend");
  EXPECT_EQ(damage(bytes.substr(0, bytes.size() - 1)), "its sets do not ascend");
  AudienceChunk empty(4);
  std::string none;
  empty.sets()[0].serialize(none);
  EXPECT_EQ(damage(std::string("\x01") + static_cast<char>(none.size()) + none), "a set is empty");
}

}  // namespace
}  // namespace rollcall
