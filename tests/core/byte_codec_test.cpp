#include "core/byte_codec.h"

#include <gtest/gtest.h>

#include <limits>

namespace rollcall {
namespace {

TEST(ByteCodec, ReadsBackWhatWasWritten) {
  std::string bytes;
  ByteWriter writer(bytes);
  const std::uint64_t numbers[] = {0, 1, 127, 128, 16383, 16384, ~std::uint64_t{0}};
  for (const std::uint64_t number : numbers) writer.varint(number);
  const std::int64_t signed_numbers[] = {0,
                                         -1,
                                         1,
                                         -64,
                                         64,
                                         std::numeric_limits<std::int64_t>::min(),
                                         std::numeric_limits<std::int64_t>::max()};
  for (const std::int64_t number : signed_numbers) writer.zigzag(number);
  const AmountSum one = 1;
  const AmountSum sums[] = {0, -1, one << 64, -(one << 100), (one << 126) - 1};
  for (const AmountSum sum : sums) writer.sum(sum);
  writer.text("");
  writer.text("naïve");
  const std::uint32_t elements[] = {7, 8, 9};
  writer.elements(elements, 3);

  ByteReader reader(bytes);
  for (const std::uint64_t number : numbers) EXPECT_EQ(reader.varint(), number);
  for (const std::int64_t number : signed_numbers) EXPECT_EQ(reader.zigzag(), number);
  for (const AmountSum sum : sums) EXPECT_TRUE(reader.sum() == sum);
  EXPECT_EQ(reader.text(), "");
  EXPECT_EQ(reader.text(), "naïve");
  EXPECT_EQ(reader.elements<std::uint32_t>(3), (std::vector<std::uint32_t>{7, 8, 9}));
  EXPECT_TRUE(reader.done());
}

TEST(ByteCodec, NoticesBytesThatAreMissing) {
  std::string bytes;
  ByteWriter(bytes).text("four");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ByteReader reader(std::string_view(bytes).substr(0, size));
    reader.text();
    EXPECT_FALSE(reader.ok()) << size;
    EXPECT_EQ(reader.varint(), 0u) << "a failed reader stays failed";
  }
}

TEST(ByteCodec, NoticesBytesThatAreLeft) {
  ByteReader reader(std::string_view("\x01\x02", 2));
  reader.byte();
  EXPECT_TRUE(reader.ok());
  EXPECT_FALSE(reader.done());
}

TEST(ByteCodec, RefusesVarintsOfMoreThan64Bits) {
  ByteReader too_long(std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"));
  too_long.varint();
  EXPECT_FALSE(too_long.ok());
  ByteReader too_large(std::string_view("\x05"));
  too_large.varint_up_to(4);
  EXPECT_FALSE(too_large.ok());
}

TEST(ByteCodec, ADamagedCountCannotAskForMoreThanThereIs) {
  std::string bytes;
  ByteWriter(bytes).varint(std::uint64_t{1} << 60);
  ByteReader reader(bytes);
  EXPECT_EQ(reader.count(1), 0u);
  EXPECT_FALSE(reader.ok());
}

}  // namespace
}  // namespace rollcall
