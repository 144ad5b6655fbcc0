// Decimal numbers: what is one, which is the larger, and what is left of them at so many decimals.
#include "core/query/text/decimal_text.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rollcall::testing {
namespace {

DecimalText number(std::string_view text) {
  const auto read = parse_decimal_text(text);
  EXPECT_TRUE(read) << text;
  return read.value_or(DecimalText{});
}

TEST(DecimalText, IsDigitsWithASignAndAPoint) {
  for (const std::string_view text : {"0", "10", "-2.50", "+3", ".5", "5.", "-.0", "007", "-0"}) {
    EXPECT_TRUE(parse_decimal_text(text)) << text;
  }
  for (const std::string_view text :
       {"", ".", "-", "+.", "1e3", "1.2.3", "1,5", " 1", "1 ", "--1", "0x1", "inf", "ten", "1-"}) {
    EXPECT_FALSE(parse_decimal_text(text)) << text;
  }
}

TEST(DecimalText, ComparesAnyLengthExactly) {
  // Each list of one number ascends over the one before.
  const std::vector<std::vector<std::string>> ascending = {
      {"-123456789012345678901234567890.5", "-0123456789012345678901234567890.50"},
      {"-123456789012345678901234567890.4"},
      {"-10", "-10.0"},
      {"-9.51"},
      {"-9.5", "-09.500"},
      {"-.0000000000000000000000000000001"},
      {"0", "-0", "+0.00", "-.0", "0."},
      {".0000000000000000000000000000001"},
      {"0.1", ".10"},
      {"0.11"},
      {"0.2"},
      {"9.5"},
      {"10", "+10.", "0010"},
      {"100"},
      {"123456789012345678901234567890.4"},
      {"123456789012345678901234567890.5"}};
  for (std::size_t a = 0; a < ascending.size(); ++a) {
    for (std::size_t b = 0; b < ascending.size(); ++b) {
      for (const std::string& first : ascending[a]) {
        for (const std::string& second : ascending[b]) {
          EXPECT_EQ(number(first) <=> number(second), a <=> b) << first << " and " << second;
        }
      }
    }
  }
}

TEST(DecimalText, ScalesToWholeNumbersAroundIt) {
  const auto around = [](std::string_view text, std::uint32_t decimals) {
    const ScaledDecimal found = scaled(number(text), decimals);
    return std::pair(static_cast<std::int64_t>(found.floor),
                     static_cast<std::int64_t>(found.ceiling));
  };
  using Around = std::pair<std::int64_t, std::int64_t>;
  EXPECT_EQ(around("2.5", 0), (Around{2, 3}));
  EXPECT_EQ(around("-2.5", 0), (Around{-3, -2}));
  EXPECT_EQ(around("2.5", 1), (Around{25, 25}));
  EXPECT_EQ(around("-2.5", 3), (Around{-2500, -2500}));
  EXPECT_EQ(around("0.0009", 3), (Around{0, 1}));
  EXPECT_EQ(around("-.0009", 3), (Around{-1, 0}));
  const std::string digits(1000, '9');
  EXPECT_TRUE(scaled(number(digits), 6).floor == kScaledMax);
  EXPECT_TRUE(scaled(number("-" + digits + ".5"), 6).ceiling == -kScaledMax);
}

}  // namespace
}  // namespace rollcall::testing
