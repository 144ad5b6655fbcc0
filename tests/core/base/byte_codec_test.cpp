#include "core/base/byte_codec.h"

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

// Every width is tried, with the largest number that it holds and with the first that it does not.
TEST(ByteCodec, ReadsBackColumnsOfEveryWidth) {
  for (std::size_t width = 1; width <= 8; ++width) {
    const std::uint64_t most = ~std::uint64_t{0} >> (64 - 8 * width);
    for (const std::size_t count : {0u, 1u, 2u, 7u, 8u, 9u, 100u}) {
      std::vector<std::uint64_t> numbers(count);
      for (std::size_t i = 0; i < count; ++i) numbers[i] = i % 3 == 0 ? most : i;
      std::string bytes = "before";
      {
        ColumnWriter<std::uint64_t> column(bytes, most, count);
        column.add(count / 2, [&](std::size_t i) { return numbers[i]; });
        column.add(count - count / 2, [&](std::size_t i) { return numbers[count / 2 + i]; });
      }
      EXPECT_EQ(bytes.size(), 6 + 1 + width * count);
      const std::string_view column_bytes = std::string_view(bytes).substr(6);
      EXPECT_EQ(static_cast<std::size_t>(column_bytes[0]), width);
      ByteReader reader(column_bytes);
      EXPECT_EQ(reader.column<std::uint64_t>(count), numbers);
      EXPECT_TRUE(reader.done());
      if (count == 0) continue;
      ByteReader cut(column_bytes.substr(0, column_bytes.size() - 1));
      EXPECT_TRUE(cut.column<std::uint64_t>(count).empty());
      EXPECT_FALSE(cut.ok());
    }
    if (width == 8) continue;
    std::string wider;
    ColumnWriter<std::uint64_t>(wider, most + 1, 0);
    EXPECT_EQ(static_cast<std::size_t>(wider[0]), width + 1);
  }
}

TEST(ByteCodec, RefusesColumnsOfNoWidthAndOfMoreThanTheNumbersHave) {
  for (const char width : {'\0', '\5', '\xff'}) {
    const std::string bytes = width + std::string(20, '\1');
    ByteReader reader(bytes);
    EXPECT_TRUE(reader.column<std::uint32_t>(4).empty());
    EXPECT_FALSE(reader.ok());
    ByteReader none(bytes);
    EXPECT_TRUE(none.column<std::uint32_t>(0).empty());
    EXPECT_FALSE(none.ok()) << "damage that no number shows";
  }
}

TEST(ByteCodec, ReadsBackAmounts) {
  constexpr Amount kLeast = std::numeric_limits<Amount>::min();
  constexpr Amount kMost = std::numeric_limits<Amount>::max();
  const std::vector<std::vector<Amount>> lists = {
      {}, {0}, {kLeast}, {kMost}, {kLeast, kMost, 0}, {-1, 254}, {1'000'000, 1'000'255, 1'000'003}};
  for (const std::vector<Amount>& amounts : lists) {
    std::string bytes;
    ByteWriter(bytes).amounts(amounts);
    ByteReader reader(bytes);
    EXPECT_EQ(reader.amounts(amounts.size()), amounts);
    EXPECT_TRUE(reader.done());
  }
  std::string near;
  ByteWriter(near).amounts(lists.back());
  EXPECT_EQ(near.size(), 3u + 1 + 3) << "the least, the width, and a byte for each";
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
