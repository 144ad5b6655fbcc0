#include "core/source/source_identity.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace rollcall {
namespace {

TEST(KnownSource, PositionsAreReadBack) {
  KnownSource source;
  source.id = "file:1";
  source.name = "d\xFF.csv";
  source.mapping = ~std::uint64_t{0};
  source.mark = {12, {1, ~std::uint64_t{0}}, 12, {3, 4}};
  source.rows = 5;
  source.lines = 6;
  source.tail = true;
  source.earlier_ends = {{10, {5, 6}, 4, 5, true}};
  const auto read = KnownSource::from_position(source.to_position());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->mapping, source.mapping);
  EXPECT_EQ(read->mark.offset, 12u);
  EXPECT_TRUE(XXH128_isEqual(read->mark.hash, source.mark.hash));
  EXPECT_TRUE(XXH128_isEqual(read->mark.head_hash, source.mark.head_hash));
  EXPECT_EQ(read->rows, 5u);
  EXPECT_EQ(read->lines, 6u);
  EXPECT_TRUE(read->tail);
  ASSERT_EQ(read->earlier_ends.size(), 1u);
  EXPECT_EQ(read->earlier_ends[0].offset, 10u);
  EXPECT_TRUE(XXH128_isEqual(read->earlier_ends[0].hash, {5, 6}));
  EXPECT_EQ(read->earlier_ends[0].rows, 4u);
  EXPECT_EQ(read->earlier_ends[0].lines, 5u);
  EXPECT_TRUE(read->earlier_ends[0].tail);
  EXPECT_FALSE(KnownSource::from_position({"kafka:1", "12"}));
  EXPECT_FALSE(KnownSource::from_position({"file:1", "12"}));
  EXPECT_FALSE(KnownSource::from_position({"file:1", "{\"format\":1}"}));
  EXPECT_FALSE(KnownSource::from_position({"file:1", "{\"format\":\"x\",\"hash\":3}"}));
}

}  // namespace
}  // namespace rollcall
